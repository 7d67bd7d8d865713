import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import type { Logger } from '../../base/log.js';
import { closed } from '../failures.js';
import { assertKey, assertValue } from '../keys.js';
import type { Bus, BusHandler } from '../store.js';
import { keyOf, subjectOf } from './subjects.js';

/** Publish and subscribe over the cluster. */
export class NatsBus implements Bus {
  readonly #connection: NatsConnection;
  readonly #prefix: string;
  readonly #log: Logger;
  readonly #subscriptions = new Set<Subscription>();
  readonly #onGap = new Set<() => void>();
  #closed = false;

  constructor(connection: NatsConnection, prefix: string, log: Logger) {
    this.#connection = connection;
    this.#prefix = prefix;
    this.#log = log;
  }

  publish(subject: string, message: Uint8Array): void {
    if (this.#closed) throw closed();
    assertKey(subject);
    assertValue(message);
    if (this.#connection.isClosed()) return;
    this.#connection.publish(`${this.#prefix}.${subjectOf(subject)}`, message.slice());
  }

  async subscribe(pattern: string, handler: BusHandler): Promise<() => void> {
    if (this.#closed) throw closed();
    assertKey(pattern);
    const subject = pattern.endsWith('/*') ? `${subjectOf(pattern.slice(0, -2))}.>` : subjectOf(pattern);
    const subscription = this.#connection.subscribe(`${this.#prefix}.${subject}`, {
      callback: (error, message) => {
        if (error !== null) this.#failed(subject, error);
        else this.#deliver(handler, message.data, keyOf(message.subject.slice(this.#prefix.length + 1)));
      },
    });
    this.#subscriptions.add(subscription);
    await this.#connection.flush();
    return () => {
      this.#subscriptions.delete(subscription);
      subscription.unsubscribe();
    };
  }

  onGap(handler: () => void): () => void {
    this.#onGap.add(handler);
    return () => void this.#onGap.delete(handler);
  }

  /** The connection was lost and is back: what was published meanwhile has not come. */
  gap(): void {
    for (const handler of this.#onGap) handler();
  }

  close(): void {
    this.#closed = true;
    if (!this.#connection.isClosed()) for (const subscription of this.#subscriptions) subscription.unsubscribe();
    this.#subscriptions.clear();
    this.#onGap.clear();
  }

  #deliver(handler: BusHandler, message: Uint8Array, subject: string): void {
    try {
      if (!this.#closed) handler(new Uint8Array(message), subject);
    } catch (error) {
      this.#failed(subject, error);
    }
  }

  #failed(subject: string, error: unknown): void {
    this.#log.error('bus handler failed', { subject, error: error instanceof Error ? error.message : String(error) });
  }
}
