import { hex } from '../../../base/bytes.js';
import { Failure, toFailure } from '../../../base/errors.js';
import { chained, digestOf, NO_ACTS, readAct } from '../../../crypto/acts.js';
import type { MlsState } from '../../../crypto/mls.js';
import type { Trust } from '../../../crypto/trust.js';
import type { Step } from '../../../store/local.js';
import type { Act } from '../../../wire/acts.js';
import { GroupRoster } from '../../../wire/group-roster.js';
import type { NamedGroupRow, Tables } from '../../storage/tables.js';
import type { MlsGroup, MlsGroups } from '../mls-groups.js';
import { JoinQueue } from './join-queue.js';

/** A named group in this process: what its log says up to `row.through`, and the MLS group if this device is inside. */
export interface Group {
  readonly id: Uint8Array;
  roster: GroupRoster;
  readonly arrivals: JoinQueue;
  /** Newest, written or about to be. */
  row: NamedGroupRow;
  /** Entries taken in since the row was written. */
  unsaved?: number;
  head: Uint8Array;
  /** Digests of acts that are known, though they stand behind `through`: the log is read again. */
  known?: ReadonlySet<string>;
  mls: MlsGroup | undefined;
  /** An epoch was ended by what nobody can follow: only new keys help. */
  broken?: boolean;
  /** When, by the monotonic clock, another member began the keys anew: whose Welcome is to be waited for. */
  renewedAt?: number;
  /** A new beginning of its keys which this device has offered: its own once it is seen in the log. */
  renewed?: { readonly epoch: number; readonly state: MlsState };
  /** Messages that stood in the log while this device had no keys; `again` where it had had some before. */
  passed?: { readonly count: number; readonly again: boolean };
  /** A Welcome into the group as it is behind the entry `seq`. */
  welcome?: { readonly bytes: Uint8Array; readonly seq: number };
}

/** Loads and saves named groups. Steps must be written in the order in which they are made. */
export class GroupStore {
  readonly #tables: Tables;
  readonly #groups: MlsGroups;
  readonly #trust: Trust;

  constructor(tables: Tables, groups: MlsGroups, trust: Trust) {
    this.#tables = tables;
    this.#groups = groups;
    this.#trust = trust;
  }

  async all(): Promise<Group[]> {
    const all: Group[] = [];
    for await (const row of this.#tables.namedGroups.range([])) {
      try {
        all.push(await this.#load(row));
      } catch (error) {
        // A gap in its acts can't be filled from here: the group is followed from its beginning again.
        if (toFailure(error).reason === 'storage') throw error;
        await this.#tables.namedGroups.setAside([hex(row.group)], error);
      }
    }
    return all;
  }

  fresh(id: Uint8Array, name: string): Group {
    const row = {
      group: id,
      name,
      through: 0,
      acts: 0,
      lastAct: 0,
      lastJoin: 0,
      lastArchive: 0,
      entered: 0,
      archived: false,
    };
    return { id, roster: new GroupRoster(), arrivals: new JoinQueue(), row, head: NO_ACTS, mls: undefined };
  }

  save({ row }: Group): Step {
    return this.#tables.namedGroups.put([hex(row.group)], row);
  }

  /** The act is the next one of the group. */
  fold(group: Group, act: Act, encoded: Uint8Array, seq: number): Step[] {
    const number = group.row.acts;
    apply(group, act, encoded);
    group.row = { ...group.row, acts: number + 1, lastAct: seq };
    return [this.#tables.acts.put([hex(group.id), number], { number, act: encoded }), this.save(group)];
  }

  async acts({ id }: Group): Promise<Uint8Array[]> {
    const acts: Uint8Array[] = [];
    for await (const { act } of this.#tables.acts.range([hex(id)])) acts.push(act);
    return acts;
  }

  /** The group as it was when it had so many acts; what is known behind `through` is read again. */
  async rewind(group: Group, { through, acts }: { through: number; acts: number }): Promise<Step[]> {
    const all = await this.acts(group);
    const before = (place: number): number => Math.min(place, through);
    const { lastAct, lastJoin, lastArchive, entered } = group.row;
    group.row = {
      ...group.row,
      ...{ through, acts, lastAct: before(lastAct), lastJoin: before(lastJoin) },
      ...{ lastArchive: before(lastArchive), entered: before(entered) },
    };
    group.known = new Set(all.slice(0, acts).map((act) => hex(digestOf(act))));
    if (acts === all.length) return [];
    group.roster = new GroupRoster();
    group.head = NO_ACTS;
    for (const act of all.slice(0, acts)) apply(group, readAct(act, this.#trust), act);
    return all.slice(acts).map((_, at) => this.#tables.acts.remove([hex(group.id), acts + at]));
  }

  async #load(row: NamedGroupRow): Promise<Group> {
    const group = { ...this.fresh(row.group, row.name), row };
    let count = 0;
    for await (const { act } of this.#tables.acts.range([hex(row.group)], { below: row.acts })) {
      apply(group, readAct(act, this.#trust), act);
      count++;
    }
    if (count !== row.acts) throw new Failure('acts-missing');
    const mls = await this.#groups.find(row.group);
    return { ...group, mls: mls?.state.active ? mls : undefined };
  }
}

function apply(group: Group, act: Act, encoded: Uint8Array): void {
  group.roster.apply(act);
  group.head = chained(group.head, digestOf(encoded));
}
