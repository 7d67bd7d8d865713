import { sameBytes } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/log.js';
import type { Authority } from '../../crypto/ca.js';
import { type Revocation, readCrl } from '../../crypto/crl.js';
import { inOrder } from '../../crypto/crl-delta.js';
import { CERTIFICATE_LIFETIME_MS, CLOCK_SKEW_MS } from '../../wire/limits.js';
import { foldName } from '../../wire/names.js';
import type { CrlRow, RevokedRow, Tables } from '../rows.js';
import { ListChanges } from './list-changes.js';
import { chooseListed, type Revoked } from './listed.js';

const KEY = 'current';

export interface RevocationsInit {
  readonly tables: Tables;
  readonly authority: Authority;
  readonly clock: Clock;
  readonly log: Logger;
  /** Entries the list has room for. */
  readonly entries: number;
  /** A new list is stored: sessions are told. */
  onPublished(): void;
}

/** What is revoked: the certificate, whose it was, and what decides who goes first where the list is full. */
export interface Revoking extends Pick<RevokedRow, 'notAfter' | 'user' | 'since' | 'by'> {
  readonly serial: string;
}

/**
 * The revocation list: published anew with every change (and hourly, by the core), numbered upwards by its row, so that no restart or
 * race gives out a number twice. It never outgrows what those who read it take: the directory itself refuses whatever was
 * revoked, and where the list is full, what finds no room is listed as soon as there is some.
 */
export class Revocations {
  readonly #init: RevocationsInit;
  readonly #revoked = new Map<string, Revoked>();
  /** Certificates of each account that are revoked and have not expired. */
  readonly #counts = new Map<string, number>();
  readonly changes = new ListChanges();
  #current: CrlRow;
  #listed: ReadonlyMap<string, number> = new Map();
  #publishing: Promise<void> = Promise.resolve();
  /** A list was given out, by a later state of this store, which the next one must follow. */
  #after = { number: 0, at: 0 };
  /** Asked for and not begun. */
  #next: Promise<void> | undefined;
  #unlisted = 0;

  private constructor(init: RevocationsInit) {
    this.#init = init;
    this.#current = { number: 0, at: 0, der: new Uint8Array(0) };
  }

  static async open(init: RevocationsInit): Promise<Revocations> {
    const revocations = new Revocations(init);
    for await (const { key, value } of init.tables.revoked.range()) revocations.#remember({ serial: key, ...value });
    await revocations.publish();
    return revocations;
  }

  get der(): Uint8Array {
    return this.#current.der;
  }

  get number(): number {
    return this.#current.number;
  }

  /** How many are on the list, and how many find no room there. */
  get standing(): { readonly listed: number; readonly unlisted: number } {
    return { listed: this.#listed.size, unlisted: this.#unlisted };
  }

  isRevoked(serial: string): boolean {
    return this.#revoked.has(serial);
  }

  /** Certificates of the account that are revoked and would still be valid. */
  countOf(folded: string): number {
    return this.#counts.get(folded) ?? 0;
  }

  /** When the first of them expires. */
  firstExpiryOf(folded: string): number | undefined {
    const ends = [...this.#revoked.values()].filter(({ user }) => user === folded).map(({ notAfter }) => notAfter);
    return ends.length === 0 ? undefined : Math.min(...ends);
  }

  /** Resolves when the list with them is stored. */
  async revoke(revoking: readonly Revoking[]): Promise<void> {
    const at = this.#init.clock.now();
    const rows = revoking.map(({ serial, ...row }): Revoked => ({ serial, ...row, at }));
    await Promise.all(rows.map(({ serial, ...row }) => this.#init.tables.revoked.put(serial, row)));
    for (const row of rows) this.#remember(row);
    await this.publish();
  }

  /**
   * A list of this directory's own making that a device holds. What it revokes stays revoked, and the next list is
   * numbered beyond it.
   * @returns whether a later state of this store has made it
   * @throws Failure trust 'crl-malformed', 'crl-untrusted'
   */
  async takeBack(der: Uint8Array): Promise<boolean> {
    const { authority, tables } = this.#init;
    const list = readCrl(der, authority.trust);
    const { number, der: ours } = this.#current;
    const isLater = list.number > number || (list.number === number && !sameBytes(der, ours));
    const lost = await this.#lost(list.revocations);
    if (!isLater && lost.length === 0) return false;
    this.#after = {
      number: Math.max(this.#after.number, list.number),
      at: Math.max(this.#after.at, list.thisUpdate),
    };
    await Promise.all(lost.map(({ serial, ...row }) => tables.revoked.put(serial, row)));
    for (const row of lost) this.#remember(row);
    await this.publish();
    return isLater;
  }

  /** What isn't revoked here, and whose it was where that is still known: it counts as if it had been revoked here. */
  async #lost(revocations: readonly Revocation[]): Promise<Revoked[]> {
    const { clock, tables } = this.#init;
    const lost: Revoked[] = [];
    for (const { serial, at } of revocations) {
      if (this.#revoked.has(serial)) continue;
      const issued = await tables.certificates.get(serial);
      const notAfter = issued?.notAfter ?? at + CERTIFICATE_LIFETIME_MS;
      if (notAfter + 2 * CLOCK_SKEW_MS <= clock.now()) continue;
      lost.push({ serial, at, notAfter, ...(issued && { user: foldName(issued.user), since: issued.notBefore }) });
    }
    return lost;
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
    const { tables, authority, clock, entries, onPublished } = this.#init;
    const now = clock.now();
    await this.#forgetExpired(now);
    const { listed, left } = chooseListed(this.#revoked.values(), entries);
    const revocations: Revocation[] = inOrder(listed);
    const row = await tables.crl.update(KEY, (before) => {
      const number = Math.max(before?.number ?? 0, this.#after.number) + 1;
      const at = dateAfter(Math.max(before?.at ?? 0, this.#after.at), now);
      return { number, at, der: authority.issueCrl({ number, now: at, revocations }) };
    });
    const fresh = new Map(revocations.map(({ serial, at }) => [serial, at]));
    this.changes.note(this.#listed, fresh, row!);
    this.#current = row!;
    this.#listed = fresh;
    this.#tellOperator(left);
    onPublished();
  }

  #tellOperator(left: number): void {
    const { log, entries } = this.#init;
    const listed = this.#listed.size;
    if (left > 0) log.error('the revocation list is full', { listed, unlisted: left });
    else if (listed > entries / 2) log.warn('the revocation list is more than half full', { listed, room: entries });
    this.#unlisted = left;
  }

  /** What has expired is refused for that; twice the skew later its row has no use. */
  async #forgetExpired(now: number): Promise<void> {
    for (const { serial, notAfter, user } of this.#revoked.values()) {
      if (notAfter + 2 * CLOCK_SKEW_MS > now) continue;
      await this.#init.tables.revoked.delete(serial);
      this.#revoked.delete(serial);
      if (user !== undefined) this.#count(user, -1);
    }
  }

  #remember(row: Revoked): void {
    if (!this.#revoked.has(row.serial) && row.user !== undefined) this.#count(row.user, 1);
    this.#revoked.set(row.serial, row);
  }

  #count(user: string, by: number): void {
    const count = this.countOf(user) + by;
    if (count > 0) this.#counts.set(user, count);
    else this.#counts.delete(user);
  }
}

/**
 * Lists are dated upwards, or nobody takes the next: so a clock set back a little waits for itself. One that was far
 * ahead has made lists which nobody accepted; to go on from there would lock everybody out.
 */
const dateAfter = (before: number, now: number): number =>
  before > now && before - now <= CLOCK_SKEW_MS ? before : now;
