import { Failure } from '../../base/errors.js';
import { assertStep, type Change, judge, needsRevision, type Standing } from '../judge.js';
import type { Step } from '../local.js';
import type { Revision } from '../store.js';
import type { GroupCommit, Op } from './commit.js';
import type { Database } from './database.js';
import { seal, sealRecord, unsealRecord } from './envelope.js';
import { ids } from './ids.js';
import { endsOp, type LogState, loadLog } from './logstate.js';
import { Revisions } from './revisions.js';
import { type Slot, Slots } from './slots.js';

/** Idle logs whose ends are remembered. */
const LOGS_KEPT = 4096;

/** Judges writes to records and logs against the newest state, and hands what they change to the group commit. */
export class Ledger {
  readonly logs: Slots<LogState>;
  readonly #records: Slots<Revision>;
  readonly #commit: GroupCommit;
  readonly #revisions: Revisions;

  private constructor(database: Database, commit: GroupCommit, revisions: Revisions) {
    this.#commit = commit;
    this.#revisions = revisions;
    this.logs = new Slots((id) => loadLog(database, id), LOGS_KEPT);
    this.#records = new Slots(async (id) => {
      const sealed = await database.get(id);
      return sealed === undefined ? 0 : unsealRecord(id, sealed).revision;
    }, 0);
  }

  static async open(database: Database, commit: GroupCommit): Promise<Ledger> {
    return new Ledger(database, commit, new Revisions(await database.get(Revisions.id)));
  }

  /** @param more what to write along, unjudged */
  async write(steps: readonly Step[], more: readonly Op[] = []): Promise<readonly number[]> {
    steps.forEach(assertStep);
    const held = this.#hold(steps);
    try {
      const acknowledged: (() => void)[] = [];
      const decide = (): { readonly results: readonly number[]; readonly done: Promise<void> } => {
        const { changes, results } = judge(steps, held, () => this.#revisions.next());
        const ops = changes.flatMap((change) => this.#apply(change, held, acknowledged));
        return { results, done: this.#commit.add([...this.#revisions.reservation(), ...ops, ...more]) };
      };
      const { results, done } = held.isReady() ? decide() : await held.whenReady(decide);
      await done;
      for (const acknowledge of acknowledged) acknowledge();
      return results;
    } finally {
      held.release();
    }
  }

  #apply(change: Change, held: Held, acknowledged: (() => void)[]): Op[] {
    if (change.kind === 'entry') {
      const { space, log, position, value } = change;
      const key = ids.entry(space, log, position);
      const entry: Op = { type: 'put', key, value: seal(key, value) };
      const state = held.log(space, log);
      state.next = position + 1;
      acknowledged.push(() => {
        state.stored = Math.max(state.stored, position + 1);
      });
      if (state.recorded) return [entry];
      state.recorded = true;
      return [endsOp(space, log, state), entry];
    }
    const key = ids.record(change.space, change.key);
    held.record(key).state = change.kind === 'set' ? change.revision : 0;
    return change.kind === 'set'
      ? [{ type: 'put', key, value: sealRecord(key, change.value, change.revision) }]
      : [{ type: 'del', key }];
  }

  #hold(steps: readonly Step[]): Held {
    return new Held(steps, this.#records, this.logs);
  }
}

/** The slots of everything a batch touches, from before its judgement until it is on the disk. */
class Held implements Standing {
  readonly #records = new Map<string, Slot<Revision>>();
  readonly #logs = new Map<string, Slot<LogState>>();
  readonly #needed = new Set<string>();
  readonly #recordSlots: Slots<Revision>;
  readonly #logSlots: Slots<LogState>;

  constructor(steps: readonly Step[], records: Slots<Revision>, logs: Slots<LogState>) {
    this.#recordSlots = records;
    this.#logSlots = logs;
    for (const step of steps) {
      if (step.kind === 'append') {
        const id = ids.ends(step.space, step.log);
        if (!this.#logs.has(id)) this.#logs.set(id, logs.hold(id));
      } else {
        const id = ids.record(step.space, step.key);
        if (!this.#records.has(id)) this.#records.set(id, records.hold(id));
        if (needsRevision(step)) this.#needed.add(id);
      }
    }
  }

  /** Nothing has to be asked of the disk, and nobody who came before still waits for it. */
  isReady(): boolean {
    return this.#missing().length === 0 && this.#slots().every((slot) => slot.undecided === undefined);
  }

  /** Loads what is missing and lets those who came before decide first; those who come later wait for this one. */
  async whenReady<T>(decide: () => T): Promise<T> {
    const before = this.#slots().flatMap((slot) => slot.undecided ?? []);
    const loading = this.#missing().map((load) => load());
    let decided: () => void = () => {};
    const mine = new Promise<void>((resolve) => {
      decided = resolve;
    });
    for (const slot of this.#slots()) slot.undecided = mine;
    try {
      await Promise.all([...before, ...loading]);
      return decide();
    } finally {
      for (const slot of this.#slots()) if (slot.undecided === mine) slot.undecided = undefined;
      decided();
    }
  }

  #slots(): Slot<unknown>[] {
    return [...this.#records.values(), ...this.#logs.values()];
  }

  /** What loads the state of each slot that judging needs and nobody knows yet. */
  #missing(): (() => Promise<void>)[] {
    const records = [...this.#records.values()].filter((slot) => this.#needed.has(slot.id) && slot.state === undefined);
    const logs = [...this.#logs.values()].filter((slot) => slot.state === undefined);
    return [
      ...records.map((slot) => () => this.#recordSlots.ready(slot)),
      ...logs.map((slot) => () => this.#logSlots.ready(slot)),
    ];
  }

  revision(space: string, key: string): Revision {
    return known(this.record(ids.record(space, key)).state);
  }

  ends(space: string, log: string): LogState {
    return this.log(space, log);
  }

  record(id: string): Slot<Revision> {
    return known(this.#records.get(id));
  }

  log(space: string, log: string): LogState {
    return known(this.#logs.get(ids.ends(space, log))?.state);
  }

  release(): void {
    for (const slot of this.#records.values()) this.#recordSlots.release(slot);
    for (const slot of this.#logs.values()) this.#logSlots.release(slot);
  }
}

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Failure('store-slot');
  return value;
}
