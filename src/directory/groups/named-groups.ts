import { fromHex, hex, sameBytes } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import { Failure, hasCode } from '../../base/errors.js';
import { Queues } from '../../base/queues.js';
import { readAct } from '../../crypto/acts.js';
import type { Proofs } from '../../crypto/proof.js';
import type { Trust } from '../../crypto/trust.js';
import { path, segments } from '../../store/keys.js';
import type { Store } from '../../store/store.js';
import type { Act } from '../../wire/acts.js';
import type { DeviceAddress } from '../../wire/directory.js';
import type { GroupEntry } from '../../wire/groups.js';
import { GROUPS_PER_ACCOUNT, OPEN_GROUPS, ROOMS } from '../../wire/limits.js';
import { foldName, parseGroupName } from '../../wire/names.js';
import { Table } from '../table.js';
import { type GroupKeeping, NamedGroup } from './named-group.js';
import { groupInfoCodec, groupNameCodec, membershipCodec, welcomeCodec } from './rows.js';
import { type TakingBack, takeBack } from './take-back.js';

export interface NamedGroupsInit {
  readonly store: Store;
  readonly trust: Trust;
  readonly clock: Clock;
  /** Names of open groups which the first who comes may make. */
  readonly rooms: readonly string[];
  readonly keep: GroupKeeping;
  readonly proofs: Proofs;
  /** An entry is on disk: to be pushed to the members who are connected. In order of the positions. */
  onStored(group: NamedGroup, entry: GroupEntry): void;
}

interface NewGroup {
  readonly id: Uint8Array;
  readonly act: Act;
  readonly encoded: Uint8Array;
  readonly info: Uint8Array;
}

/** Named groups: found by name or id, made once each, kept in memory once used. */
export class NamedGroups {
  readonly rooms: readonly string[];
  readonly #init: NamedGroupsInit;
  readonly #names: Table<ReturnType<typeof groupNameCodec.decode>>;
  readonly #infos: Table<ReturnType<typeof groupInfoCodec.decode>>;
  readonly #welcomes: Table<ReturnType<typeof welcomeCodec.decode>>;
  readonly #memberships: Table<ReturnType<typeof membershipCodec.decode>>;
  /** By id: one who takes back into it at a time. */
  readonly #taking = new Queues();
  readonly #open = new Map<string, Promise<NamedGroup>>();
  /** By name: one who makes it at a time. */
  readonly #turns = new Queues();
  /** Those of `#open` that are there. */
  readonly #loaded = new Map<string, NamedGroup>();

  constructor(init: NamedGroupsInit) {
    this.#init = init;
    this.rooms = init.rooms.map((name) => parseGroupName(name).name);
    if (this.rooms.length > ROOMS) throw tooManyRooms();
    this.#names = new Table(init.store, 'group.names', groupNameCodec);
    this.#infos = new Table(init.store, 'group.infos', groupInfoCodec);
    this.#welcomes = new Table(init.store, 'group.welcomes', welcomeCodec);
    this.#memberships = new Table(init.store, 'group.members', membershipCodec);
  }

  isRoom(name: string): boolean {
    return this.rooms.some((room) => foldName(room) === foldName(name));
  }

  /** @throws Failure unknown 'group-unknown' */
  async find(name: string): Promise<{ name: string; group?: Uint8Array }> {
    const folded = foldName(name);
    const row = await this.#names.get(path(folded));
    if (row !== undefined && (await this.#made(row.group)) !== undefined) return row;
    const room = this.rooms.find((one) => foldName(one) === folded);
    if (room === undefined) throw groupUnknown(name);
    return { name: room };
  }

  /** @throws Failure unknown 'group-unknown' */
  async need(id: Uint8Array): Promise<NamedGroup> {
    const name = hex(id);
    const known = this.#open.get(name);
    if (known !== undefined) return known;
    const loading = this.#load(id);
    this.#open.set(name, loading);
    loading.catch(() => this.#open.delete(name));
    return loading;
  }

  /** @throws Failure usage 'group-name-taken', denied 'group-taken' */
  async create({ id, act, encoded, info }: NewGroup): Promise<number> {
    if (act.statement.action !== 'create') throw new Failure('act-misplaced', 'a group begins with its making');
    const { name, folded } = parseGroupName(act.statement.name);
    return this.#turns.take(folded, async () => {
      await this.#takeName(name, folded, id);
      if ((await this.#made(id)) !== undefined) return 1;
      await this.#infos.put(hex(id), { epoch: 0, info });
      this.#open.delete(hex(id));
      await this.#belongs(act.by.folded, id);
      return (await this.need(id)).act(act, encoded);
    });
  }

  /** A name whose group was never made, because its maker was broken off, is free. @throws Failure usage 'group-name-taken' */
  async #takeName(name: string, folded: string, id: Uint8Array): Promise<void> {
    await this.#names.update(path(folded), (before) => before ?? { name, group: id });
    const there = (await this.#names.get(path(folded)))!.group;
    if (hex(there) === hex(id)) return;
    if ((await this.#made(there)) !== undefined) throw nameTaken(name);
    await this.#names.update(path(folded), (before) =>
      before !== undefined && hex(before.group) === hex(there) ? { name, group: id } : undefined,
    );
    await this.#infos.delete(hex(there));
    this.#open.delete(hex(there));
  }

  /** Undefined where it was begun at most. */
  async #made(id: Uint8Array): Promise<NamedGroup | undefined> {
    try {
      const group = await this.need(id);
      return group.next > 0 ? group : undefined;
    } catch (error) {
      if (hasCode(error, 'group-unknown')) return undefined;
      throw error;
    }
  }

  /** Rooms have their places already. @throws Failure limit 'open-groups-full' */
  async assertRoomForOpen(id: Uint8Array): Promise<void> {
    let open = this.rooms.length;
    for await (const group of this.all()) {
      if (hex(group.id) === hex(id)) return;
      if (group.roster.kind === 'open' && !this.isRoom(group.roster.name)) open++;
    }
    if (open >= OPEN_GROUPS) throw openGroupsFull();
  }

  /**
   * Takes back what the store has lost of a log; of the whole group, where the entries begin with its making.
   * @throws Failure trust 'entry-forged', usage 'group-name-taken', unknown 'group-unknown'
   */
  async takeBack(id: Uint8Array, entries: readonly GroupEntry[]): Promise<NamedGroup> {
    const group = await this.#revived(id, entries);
    const init: TakingBack = { trust: this.#init.trust, act: (...taken) => this.act(...taken) };
    // One after the other: what the one before has brought is there.
    await this.#taking.take(hex(id), () => takeBack(group, entries, init));
    return group;
  }

  async #revived(id: Uint8Array, [first]: readonly GroupEntry[]): Promise<NamedGroup> {
    const name = hex(id);
    const isKnown = (await this.#infos.get(name)) !== undefined;
    if (isKnown || first?.kind !== 'act' || first.seq !== 1) return this.need(id);
    const { statement } = readAct(first.act, this.#init.trust);
    if (statement.action !== 'create' || statement.group === undefined || !sameBytes(statement.group, id))
      throw groupUnknown(undefined);
    const wanted = parseGroupName(statement.name);
    await this.#names.create(path(wanted.folded), { name: wanted.name, group: id });
    const there = await this.#names.get(path(wanted.folded));
    if (there === undefined || hex(there.group) !== name) throw nameTaken(wanted.name);
    // Of no use to anybody, until a member leaves another one.
    await this.#infos.put(name, { epoch: 0, info: new Uint8Array(0) });
    return this.need(id);
  }

  async act(group: NamedGroup, act: Act, encoded: Uint8Array): Promise<number> {
    const { statement, by } = act;
    const concerned = 'user' in statement ? foldName(statement.user) : by.folded;
    if (JOINING.has(statement.action)) await this.#belongs(concerned, group.id);
    return group.act(act, encoded);
  }

  /** Group ids the account may be in: more than it is, never less. */
  private async *of(folded: string): AsyncGenerator<Uint8Array> {
    for await (const { key } of this.#memberships.range({ prefix: `${path(folded)}/` }))
      yield fromHex(segments(key)[1]!);
  }

  /** Those of them which have been made. */
  async *groupsOf(folded: string): AsyncGenerator<NamedGroup> {
    for await (const id of this.of(folded)) {
      const group = await this.#made(id);
      if (group !== undefined) yield group;
    }
  }

  async *all(): AsyncGenerator<NamedGroup> {
    for await (const { value } of this.#names.range()) {
      // A name whose group was never made: its maker was cut off in between.
      const group = await this.#made(value.group).catch(() => undefined);
      if (group !== undefined) yield group;
    }
  }

  /** Of a group that was used since the start: nothing is loaded for it. */
  nameOf(id: Uint8Array): string | undefined {
    return this.#loaded.get(hex(id))?.roster.name || undefined;
  }

  /** How many there are, by their names: none is loaded for it. */
  async count(): Promise<number> {
    let count = 0;
    for await (const _row of this.#names.range()) count++;
    return count;
  }

  async info(group: NamedGroup) {
    return group.info ?? (await this.#infos.get(hex(group.id)));
  }

  async putInfo(group: NamedGroup, epoch: number, info: Uint8Array): Promise<void> {
    await this.#infos.update(hex(group.id), (before) =>
      before !== undefined && before.epoch > epoch ? undefined : { epoch, info },
    );
    if (group.info?.epoch === epoch) group.info = undefined;
  }

  putWelcome(
    group: NamedGroup,
    epoch: number,
    welcome: { from: DeviceAddress; devices: string[]; welcome: Uint8Array },
  ): Promise<void> {
    return this.#welcomes.put(welcomeKey(group.id, epoch, welcome.from.device), welcome);
  }

  /** The newest Welcome for the device whose commit was taken. */
  async welcomeFor(group: NamedGroup, device: string) {
    let found: { welcome: Uint8Array; seq: number } | undefined;
    for await (const { key, value } of this.#welcomes.range({ prefix: `${path(hex(group.id))}/` })) {
      if (!value.devices.includes(device)) continue;
      const commit = group.commitOf(epochIn(key));
      if (commit?.device === value.from.device && commit.seq > (found?.seq ?? 0)) {
        found = { welcome: value.welcome, seq: commit.seq };
      }
    }
    return found ?? {};
  }

  /** Of all groups, those which nobody has used since the start included. */
  async trimAll(): Promise<void> {
    for await (const group of this.all()) await group.trim();
  }

  /** A Welcome whose commit is not in the log any more lets nobody in. */
  async #sweepWelcomes(group: NamedGroup): Promise<void> {
    for await (const row of this.#welcomes.range({ prefix: `${path(hex(group.id))}/` })) {
      const epoch = epochIn(row.key);
      if (epoch < group.epoch && group.commitOf(epoch) === undefined) await this.#welcomes.deleteAs(row);
    }
  }

  async #belongs(folded: string, id: Uint8Array): Promise<void> {
    const key = path(folded, hex(id));
    if ((await this.#memberships.get(key)) !== undefined) return;
    let count = 0;
    for await (const _one of this.of(folded)) count++;
    if (count >= GROUPS_PER_ACCOUNT) {
      throw new Failure('groups-full', `an account is in at most ${GROUPS_PER_ACCOUNT} groups`);
    }
    await this.#memberships.create(key, {});
  }

  async #load(id: Uint8Array): Promise<NamedGroup> {
    const name = hex(id);
    const info = await this.#infos.get(name);
    if (info === undefined) throw groupUnknown(undefined);
    const { store, trust, keep, proofs } = this.#init;
    const group: NamedGroup = await NamedGroup.load({
      id,
      trust,
      log: store.logs('group').log(name),
      acts: store.logs('group.acts').log(name),
      epoch: info.epoch,
      keep,
      proofs,
      onStored: (entry) => this.#init.onStored(group, entry),
      onFailed: () => {
        this.#open.delete(name);
        this.#loaded.delete(name);
      },
      onTrimmed: () => this.#sweepWelcomes(group),
    });
    this.#loaded.set(name, group);
    return group;
  }
}

const JOINING: ReadonlySet<string> = new Set(['create', 'join', 'add', 'invite']);

/** In the key of a Welcome. */
const epochIn = (key: string): number => Number.parseInt(segments(key)[1]!, 16);

const welcomeKey = (id: Uint8Array, epoch: number, device: string): string => path(hex(id), epoch, device);

const tooManyRooms = (): Failure =>
  new Failure('rooms-many', `a directory has at most ${ROOMS} rooms from the beginning`);

const openGroupsFull = (): Failure =>
  new Failure('open-groups-full', `a directory has at most ${OPEN_GROUPS} open groups`, {
    details: { limit: OPEN_GROUPS },
  });

const groupUnknown = (name: string | undefined): Failure =>
  new Failure('group-unknown', name === undefined ? 'there is no such group' : `there is no group #${name}`, {
    hint: 'Check the spelling; /rooms lists the open ones.',
  });

const nameTaken = (name: string): Failure =>
  new Failure('group-name-taken', `there is a group #${name} already`, {
    hint: `Choose another name, or join it: /join ${name}`,
  });
