import { damaged } from '../failures.js';
import { unordered } from '../keys.js';
import type { LogEnds, LogEntry } from '../store.js';
import type { GroupCommit, Op } from './commit.js';
import type { Database } from './database.js';
import { unseal } from './envelope.js';
import { ids, lastPart } from './ids.js';
import { endsOp, type LogState } from './logstate.js';
import type { Slot, Slots } from './slots.js';

/** Entries deleted in one write. */
const SWEEP = 1024;

const PAGE = 256;

/** Reading, trimming and deleting logs; appending is the ledger's. */
export class LevelLogs {
  readonly #database: Database;
  readonly #commit: GroupCommit;
  readonly #slots: Slots<LogState>;

  constructor(database: Database, commit: GroupCommit, slots: Slots<LogState>) {
    this.#database = database;
    this.#commit = commit;
    this.#slots = slots;
  }

  ends(space: string, log: string): Promise<LogEnds> {
    return this.#with(space, log, async (slot) => ({ first: slot.state!.first, next: slot.state!.stored }));
  }

  async *read(space: string, log: string, from: number, limit: number): AsyncGenerator<LogEntry> {
    const slot = this.#slots.hold(ids.ends(space, log));
    try {
      if (slot.state === undefined) await this.#slots.ready(slot);
      let position = from;
      for (let left = limit; left > 0; ) {
        const state = slot.state!;
        position = Math.max(position, state.first);
        if (position >= state.stored) return;
        for (const entry of await this.#page(space, log, position, Math.min(left, PAGE))) {
          if (entry.position !== position) break;
          yield entry;
          position++;
          left--;
        }
        const missing = slot.state === state && position >= state.first && position < state.stored;
        if (missing) await this.#assertThere(space, log, position, slot);
      }
    } finally {
      this.#slots.release(slot);
    }
  }

  trim(space: string, log: string, before: number): Promise<void> {
    return this.#with(space, log, async (slot) => {
      const state = slot.state!;
      state.first = Math.max(state.first, Math.min(before, state.stored));
      const { first } = state;
      if (state.swept >= first) return;
      if (first - state.swept > SWEEP) await this.#sweep(space, log, state, first);
      const rest = deletions(space, log, state.swept, first);
      state.swept = Math.max(state.swept, first);
      await this.#commit.add([...rest, endsOp(space, log, state)]);
    });
  }

  delete(space: string, log: string): Promise<void> {
    return this.#with(space, log, async (slot) => {
      await this.trim(space, log, Number.POSITIVE_INFINITY);
      const { swept, next, recorded } = slot.state!;
      if (!recorded) return;
      slot.state = { first: 0, next: 0, stored: 0, swept: 0, recorded: false };
      await this.#commit.add([...deletions(space, log, swept, next), { type: 'del', key: ids.ends(space, log) }]);
    });
  }

  /** Deletes all but the last few; first of all it is on the disk that they are trimmed. */
  async #sweep(space: string, log: string, state: LogState, end: number): Promise<void> {
    await this.#commit.add([endsOp(space, log, state)]);
    for (let from = state.swept; end - from > SWEEP; from += SWEEP) {
      await this.#commit.add(deletions(space, log, from, from + SWEEP));
      state.swept = Math.max(state.swept, from + SWEEP);
    }
  }

  async #page(space: string, log: string, from: number, limit: number): Promise<LogEntry[]> {
    const to = ids.afterEntries(space, log);
    const { entries } = await this.#database.page({ from: ids.entry(space, log, from), to, limit });
    return entries.map(([id, sealed]) => ({ position: unordered(lastPart(id)), value: unseal(id, sealed) }));
  }

  /** A gap is damage, unless the entry was only not reached, or was trimmed in the meantime. */
  async #assertThere(space: string, log: string, position: number, slot: Slot<LogState>): Promise<void> {
    const { state } = slot;
    if ((await this.#database.get(ids.entry(space, log, position))) !== undefined) return;
    if (slot.state !== state || slot.state!.first > position) return;
    throw damaged(`entry ${position} of the log '${log}' is missing`);
  }

  async #with<T>(space: string, log: string, work: (slot: Slot<LogState>) => Promise<T>): Promise<T> {
    const slot = this.#slots.hold(ids.ends(space, log));
    try {
      if (slot.state === undefined) await this.#slots.ready(slot);
      return await work(slot);
    } finally {
      this.#slots.release(slot);
    }
  }
}

const deletions = (space: string, log: string, from: number, to: number): Op[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, index) => ({
    type: 'del',
    key: ids.entry(space, log, from + index),
  }));
