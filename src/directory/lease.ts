import { hex } from '../base/bytes.js';
import type { Cancel, Clock } from '../base/clock.js';
import { Failure, hasCode, toFailure } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import type { Random } from '../base/random.js';
import type { Records, Revision, Store } from '../store/store.js';

export const LEASE_SPACE = 'lease';
const KEY = 'serving';
const RENEW_MS = 2_000;
/** Whoever serves and has not had a renewal confirmed for so long serves no more. */
const GIVE_UP_MS = 6_000;
/** Whoever stands by and has seen the lease unchanged for so long takes it. */
const TAKE_OVER_MS = 10_000;

export interface LeaseInit {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Ends the wait of one that stands by. */
  readonly signal: AbortSignal;
  /** Whether to wait where another serves. */
  readonly standBy: boolean;
  /** Another may serve now: this process must not write any more. */
  onLost(why: Failure): void;
}

/**
 * Which of the processes on one store serves. A directory keeps in memory what it has read, so one serves at a time, and the
 * others stand by:
 *
 * - who serves replaces the lease every two seconds, by its revision, and stops when none was confirmed for six;
 * - who stands by watches it, and takes it when it has not changed for ten seconds of its own clock. No two clocks are
 *   compared, so wrong ones do no harm.
 */
export class Lease {
  readonly #init: LeaseInit;
  readonly #records: Records;
  readonly #holder: Uint8Array;
  #revision: Revision = 0;
  #confirmed = 0;
  #cancel: Cancel = () => {};
  #released = false;
  #lost = false;

  private constructor(init: LeaseInit) {
    this.#init = init;
    this.#records = init.store.records(LEASE_SPACE);
    this.#holder = init.random.bytes(16);
  }

  /**
   * Resolves when this process serves.
   * @throws Failure usage 'directory-running' where another does and this one doesn't stand by; what the signal ends with
   */
  static async take(init: LeaseInit): Promise<Lease> {
    const lease = new Lease(init);
    await lease.#wait();
    lease.#renewLater();
    return lease;
  }

  /**
   * To be asked before each write: a process that stood still for a while, or finishes what is under way, writes nothing
   * where another may serve.
   * @throws Failure storage 'lease-lost'
   */
  assertHeld(): void {
    if (this.#lost || this.#init.clock.monotonic() - this.#confirmed >= GIVE_UP_MS) throw lost();
  }

  /** Lets another serve at once. */
  async release(): Promise<void> {
    this.#released = true;
    this.#cancel();
    await this.#records.delete(KEY, this.#revision).catch(() => {});
  }

  async #wait(): Promise<void> {
    const { clock, log, signal, standBy } = this.#init;
    let seen: Revision | undefined;
    let since = clock.monotonic();
    for (;;) {
      signal.throwIfAborted();
      const row = await this.#records.get(KEY);
      if (row === undefined) {
        if (await this.#claim(() => this.#records.create(KEY, this.#holder))) return;
        continue;
      }
      if (row.revision !== seen) {
        if (seen !== undefined && !standBy) throw new Failure('directory-running');
        if (seen === undefined && standBy)
          log.info('standing by: another process serves this directory', { holder: hex(row.value) });
        seen = row.revision;
        since = clock.monotonic();
      } else if (clock.monotonic() - since >= TAKE_OVER_MS) {
        if (await this.#claim(() => this.#records.replace(KEY, this.#holder, row.revision))) {
          log.warn('took over: whoever served has not been heard', { holder: hex(row.value) });
          return;
        }
      }
      await this.#pause(RENEW_MS);
    }
  }

  async #claim(write: () => Promise<Revision>): Promise<boolean> {
    const began = this.#init.clock.monotonic();
    try {
      this.#revision = await write();
      this.#confirmed = began;
      return true;
    } catch (error) {
      if (hasCode(error, 'store-exists') || hasCode(error, 'store-conflict')) return false;
      throw error;
    }
  }

  #renewLater(): void {
    this.#cancel = this.#init.clock.after(RENEW_MS, () => void this.#renew());
  }

  async #renew(): Promise<void> {
    const { clock } = this.#init;
    const stop = clock.after(GIVE_UP_MS - (clock.monotonic() - this.#confirmed), () => this.#end());
    try {
      const renewed = await this.#claim(() => this.#records.replace(KEY, this.#holder, this.#revision));
      if (this.#released) return;
      if (!renewed) return this.#end();
      this.#renewLater();
    } catch (error) {
      if (this.#released) return;
      // What was asked may have been done: the next look says which revision it has.
      if (clock.monotonic() - this.#confirmed >= GIVE_UP_MS) return this.#end(error);
      await this.#look();
      this.#renewLater();
    } finally {
      stop();
    }
  }

  #end(error?: unknown): void {
    this.#lost = true;
    this.#init.onLost(lost(error));
  }

  /** An answer was lost: the revision is ours where the holder is. */
  async #look(): Promise<void> {
    const row = await this.#records.get(KEY).catch(() => undefined);
    if (row !== undefined && hex(row.value) === hex(this.#holder)) this.#revision = row.revision;
  }

  #pause(ms: number): Promise<void> {
    const { clock, signal } = this.#init;
    return new Promise((resolve, reject) => {
      const cancel = clock.after(ms, () => {
        signal.removeEventListener('abort', aborted);
        resolve();
      });
      const aborted = (): void => {
        cancel();
        reject(signal.reason);
      };
      signal.addEventListener('abort', aborted, { once: true });
    });
  }
}

const lost = (error?: unknown): Failure =>
  new Failure('lease-lost', undefined, error === undefined ? {} : { cause: toFailure(error) });
