import { type Logger, silentLogger } from '../base/log.js';
import { closed } from './failures.js';
import { assertKey, assertValue } from './keys.js';
import type { Bus, BusHandler } from './store.js';

interface Subscription {
  readonly prefix: string;
  readonly exact: boolean;
  readonly handler: BusHandler;
}

/** Publish and subscribe inside one process. */
export class LocalBus implements Bus {
  readonly #subscriptions = new Set<Subscription>();
  readonly #log: Logger;
  #closed = false;

  constructor(log: Logger = silentLogger) {
    this.#log = log;
  }

  publish(subject: string, message: Uint8Array): void {
    if (this.#closed) throw closed();
    assertKey(subject);
    assertValue(message);
    const copy = message.slice();
    const receivers = [...this.#subscriptions].filter((subscription) => matches(subscription, subject));
    queueMicrotask(() => {
      for (const subscription of receivers) {
        if (this.#subscriptions.has(subscription)) this.#deliver(subscription, copy, subject);
      }
    });
  }

  async subscribe(pattern: string, handler: BusHandler): Promise<() => void> {
    if (this.#closed) throw closed();
    assertKey(pattern);
    const exact = !pattern.endsWith('/*');
    const subscription = { prefix: exact ? pattern : pattern.slice(0, -1), exact, handler };
    this.#subscriptions.add(subscription);
    return () => void this.#subscriptions.delete(subscription);
  }

  /** Inside one process nothing is missed. */
  onGap(): () => void {
    return () => {};
  }

  close(): void {
    this.#closed = true;
    this.#subscriptions.clear();
  }

  /** One handler's error must not keep the others from hearing. */
  #deliver(subscription: Subscription, message: Uint8Array, subject: string): void {
    try {
      subscription.handler(message, subject);
    } catch (error) {
      this.#log.error('bus handler failed', { subject, error: error instanceof Error ? error.message : String(error) });
    }
  }
}

const matches = ({ prefix, exact }: Subscription, subject: string): boolean =>
  exact ? subject === prefix : subject.length > prefix.length && subject.startsWith(prefix);
