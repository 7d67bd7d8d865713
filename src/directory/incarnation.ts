import { asBuffer, concat, hex, sameBytes } from '../base/bytes.js';
import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/log.js';
import type { Random } from '../base/random.js';
import { numberBytes, type Proofs } from '../crypto/proof.js';
import type { Mark } from './mark.js';
import type { IncarnationRow, Tables } from './rows.js';

const KEY = 'self';
const ID_BYTES = 16;
/** Starts that are remembered. */
const RUNS = 64;
const NUMBER_BYTES = 8;

export interface IncarnationInit {
  readonly tables: Tables;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Makes stamps that only this directory can have made. */
  readonly proofs: Proofs;
  /** What is remembered of this store outside of what a backup copies. */
  readonly mark?: Mark | undefined;
  /** Its operator says that the store was put back from a copy. */
  readonly restored?: boolean | undefined;
}

/**
 * Which life of the store this is. Positions and numbers in it never repeat, unless the store is put back from an older
 * copy: then a new life begins, and whoever hears of it compares what it holds with what is here.
 */
export class Incarnation {
  readonly #init: IncarnationInit;
  #row: IncarnationRow;
  /** The same setback shows itself more than once. */
  #renewed: boolean;

  private constructor(init: IncarnationInit, row: IncarnationRow, renewed: boolean) {
    this.#init = init;
    this.#row = row;
    this.#renewed = renewed;
  }

  /**
   * Each start has a number of its own, in the store and outside of it: where they differ, the store is older than the
   * last one that ran. Call before anything else is written.
   */
  static async open(init: IncarnationInit): Promise<Incarnation> {
    const { tables, random, mark, restored = false, log } = init;
    const before = await tables.incarnation.get(KEY);
    const marked = await mark?.read();
    // A store that has come further meanwhile, elsewhere, still knows the start that was marked here.
    const isOlder = marked !== undefined && !before?.runs.some((run) => hex(run) === marked);
    const run = random.bytes(ID_BYTES);
    const life =
      before === undefined || restored || isOlder
        ? { id: random.bytes(ID_BYTES), since: await lastSign(tables) }
        : { id: before.id, since: before.since };
    const row = { ...life, starts: (before?.starts ?? 0) + 1, runs: [...(before?.runs ?? []), run].slice(-RUNS) };
    await tables.incarnation.put(KEY, row);
    await mark?.write(hex(run));
    if (restored || isOlder) log.warn('the store was set back to an earlier state', { since: row.since });
    return new Incarnation(init, row, restored || isOlder);
  }

  get id(): Uint8Array {
    return this.#row.id;
  }

  /** What the store acknowledged after this time may be lost; 0 where that isn't known. */
  get since(): number {
    return this.#row.since;
  }

  /** Whether this start has found the store set back. */
  get wasSetBack(): boolean {
    return this.#renewed;
  }

  /** What a device brings along the next time: that this start has been. */
  get stamp(): Uint8Array {
    const said = concat(numberBytes(this.#row.starts), this.#row.runs.at(-1)!);
    return concat(said, this.#init.proofs.of(said));
  }

  /** Whether it is of a start that this store knows nothing of. */
  isLost(stamp: Uint8Array): boolean {
    const said = stamp.subarray(0, NUMBER_BYTES + ID_BYTES);
    if (!this.#init.proofs.holds(stamp.subarray(NUMBER_BYTES + ID_BYTES), said)) return false;
    const { starts, runs } = this.#row;
    const back = starts - Number(asBuffer(said).readBigUInt64BE());
    const run = said.subarray(NUMBER_BYTES);
    return back < 0 || (back < runs.length && !sameBytes(runs[runs.length - 1 - back]!, run));
  }

  /** Somebody has shown what only a later state of this store can have made. @returns whether a new life begins */
  async proven(): Promise<boolean> {
    if (this.#renewed) return false;
    this.#renewed = true;
    const { tables, random, log } = this.#init;
    const id = random.bytes(ID_BYTES);
    // Since when isn't known: it may have run for a while.
    const row = await tables.incarnation.update(KEY, (before) => ({ ...(before ?? this.#row), id, since: 0 }));
    this.#row = row!;
    log.warn('the store was set back to an earlier state: a device has shown a later one');
    return true;
  }
}

/** When the store last shows that it was in use: a revocation list is made at each start, and hourly. */
const lastSign = async (tables: Tables): Promise<number> => (await tables.crl.get('current'))?.at ?? 0;
