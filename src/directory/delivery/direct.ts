import { sameBytes } from '../../base/bytes.js';
import { Failure } from '../../base/errors.js';
import { path } from '../../store/keys.js';
import { DIRECT_LEAP } from '../../wire/limits.js';
import type { DirectRow, Tables } from '../rows.js';
import type { GroupLogs } from './group-logs.js';

/** The MLS group behind each direct conversation: a number that grows with every new group, and its id. */
export class DirectConversations {
  readonly #tables: Tables;
  readonly #logs: GroupLogs;

  constructor(tables: Tables, logs: GroupLogs) {
    this.#tables = tables;
    this.#logs = logs;
  }

  /** Undefined where there is none yet. Names are folded. */
  get(one: string, other: string): Promise<DirectRow | undefined> {
    return this.#tables.direct.get(pairKey(one, other));
  }

  /**
   * Makes `group` the conversation's group `number`, which must follow the current one: not always at once, because groups
   * in between may have been made before the store was set back. The same again is no error.
   * @throws Failure denied 'direct-taken', with details.number the current one; 'group-taken'
   */
  async create(one: string, other: string, { number, group }: DirectRow): Promise<void> {
    const current = await this.get(one, other);
    if (!isNext(current, number, group)) throw taken(current);
    await this.#logs.register(group, { kind: 'direct', accounts: pair(one, other), number });
    await this.#tables.direct.update(pairKey(one, other), (before) => {
      if (!isNext(before, number, group)) throw taken(before);
      return before?.number === number ? undefined : { number, group };
    });
  }
}

const pair = (one: string, other: string): string[] => [...new Set([one, other])].sort();
const pairKey = (one: string, other: string): string => path(...[one, other].sort());

function isNext(current: DirectRow | undefined, number: number, group: Uint8Array): boolean {
  if (current?.number === number) return sameBytes(current.group, group);
  const last = current?.number ?? 0;
  return number > last && number <= last + DIRECT_LEAP;
}

const taken = (current: DirectRow | undefined): Failure =>
  new Failure('direct-taken', 'another device made a group for this conversation first', {
    details: { number: current?.number ?? 0 },
  });
