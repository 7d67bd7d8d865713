import type { Cancel, Clock } from '../../base/clock.js';
import type { Logger } from '../../base/log.js';
import type { Authority } from '../../crypto/ca.js';
import type { Revocation } from '../../crypto/crl.js';
import { CLOCK_SKEW_MS } from '../../wire/limits.js';
import { CRL_EVERY_MS } from '../limits.js';
import type { CrlRow, Tables } from '../rows.js';

const KEY = 'current';

export interface RevocationsInit {
  readonly tables: Tables;
  readonly authority: Authority;
  readonly clock: Clock;
  readonly log: Logger;
  /** A new list is stored: sessions are told. */
  onPublished(der: Uint8Array): void;
}

interface Revoked extends Revocation {
  readonly notAfter: number;
}

/**
 * The revocation list: published anew with every change and hourly, numbered upwards by its row, so that no restart or
 * race gives out a number twice.
 */
export class Revocations {
  readonly #init: RevocationsInit;
  readonly #revoked = new Map<string, Revoked>();
  #current: CrlRow;
  #publishing: Promise<void> = Promise.resolve();
  #cancel: Cancel = () => {};
  #closed = false;

  private constructor(init: RevocationsInit) {
    this.#init = init;
    this.#current = { number: 0, at: 0, der: new Uint8Array(0) };
  }

  static async open(init: RevocationsInit): Promise<Revocations> {
    const revocations = new Revocations(init);
    for await (const { key, value } of init.tables.revoked.range()) {
      revocations.#revoked.set(key, { serial: key, ...value });
    }
    await revocations.publish();
    revocations.#schedule();
    return revocations;
  }

  get der(): Uint8Array {
    return this.#current.der;
  }

  get number(): number {
    return this.#current.number;
  }

  isRevoked(serial: string): boolean {
    return this.#revoked.has(serial);
  }

  /** Resolves when the list with them is stored. */
  async revoke(serials: readonly { readonly serial: string; readonly notAfter: number }[]): Promise<void> {
    const at = this.#init.clock.now();
    await Promise.all(serials.map(({ serial, notAfter }) => this.#init.tables.revoked.put(serial, { at, notAfter })));
    for (const { serial, notAfter } of serials) this.#revoked.set(serial, { serial, at, notAfter });
    await this.publish();
  }

  /** One list at a time; whoever asks gets one that begins after the asking. */
  publish(): Promise<void> {
    this.#publishing = this.#publishing.catch(() => {}).then(() => this.#publish());
    return this.#publishing;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    await this.#publishing.catch(() => {});
  }

  async #publish(): Promise<void> {
    const { tables, authority, clock, onPublished } = this.#init;
    const now = clock.now();
    await this.#forgetExpired(now);
    const revocations = [...this.#revoked.values()].sort((a, b) => (a.serial < b.serial ? -1 : 1));
    const row = await tables.crl.update(KEY, (before) => {
      const number = (before?.number ?? 0) + 1;
      // A clock set back must not date a list before the one it follows: nobody would accept it.
      const at = Math.max(now, before?.at ?? 0);
      return { number, at, der: authority.issueCrl({ number, now: at, revocations }) };
    });
    this.#current = row!;
    onPublished(this.#current.der);
  }

  /** What has expired is refused for that; twice the skew later its row has no use. */
  async #forgetExpired(now: number): Promise<void> {
    for (const { serial, notAfter } of this.#revoked.values()) {
      if (notAfter + 2 * CLOCK_SKEW_MS > now) continue;
      await this.#init.tables.revoked.delete(serial);
      this.#revoked.delete(serial);
    }
  }

  #schedule(): void {
    if (this.#closed) return;
    this.#cancel = this.#init.clock.after(CRL_EVERY_MS, () => {
      this.publish().catch((error: unknown) =>
        this.#init.log.error('revocation list not published', { error: String(error) }),
      );
      this.#schedule();
    });
  }
}
