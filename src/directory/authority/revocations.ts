import type { Clock } from '../../base/clock.js';
import type { Authority } from '../../crypto/ca.js';
import type { Revocation } from '../../crypto/crl.js';
import { CLOCK_SKEW_MS } from '../../wire/limits.js';
import type { CrlRow, Tables } from '../rows.js';

const KEY = 'current';

export interface RevocationsInit {
  readonly tables: Tables;
  readonly authority: Authority;
  readonly clock: Clock;
  /** A new list is stored: sessions are told. */
  onPublished(der: Uint8Array): void;
}

interface Revoked extends Revocation {
  readonly notAfter: number;
}

/**
 * The revocation list: published anew with every change (and hourly, by the core), numbered upwards by its row, so that no restart or
 * race gives out a number twice.
 */
export class Revocations {
  readonly #init: RevocationsInit;
  readonly #revoked = new Map<string, Revoked>();
  #current: CrlRow;
  #publishing: Promise<void> = Promise.resolve();
  /** Asked for and not begun. */
  #next: Promise<void> | undefined;

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

  /** One list at a time; whoever asks gets one that begins after the asking, and shares it with those who ask too. */
  publish(): Promise<void> {
    this.#next ??= this.#publishing
      .catch(() => {})
      .then(() => {
        this.#next = undefined;
        return this.#publish();
      });
    this.#publishing = this.#next;
    return this.#next;
  }

  async #publish(): Promise<void> {
    const { tables, authority, clock, onPublished } = this.#init;
    const now = clock.now();
    await this.#forgetExpired(now);
    const revocations = [...this.#revoked.values()].sort((a, b) => (a.serial < b.serial ? -1 : 1));
    const row = await tables.crl.update(KEY, (before) => {
      const number = (before?.number ?? 0) + 1;
      const at = dateAfter(before?.at ?? 0, now);
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
}

/**
 * Lists are dated upwards, or nobody takes the next: so a clock set back a little waits for itself. One that was far
 * ahead has made lists which nobody accepted; to go on from there would lock everybody out.
 */
const dateAfter = (before: number, now: number): number =>
  before > now && before - now <= CLOCK_SKEW_MS ? before : now;
