import { hex } from '../../base/bytes.js';
import { Failure, hasCode } from '../../base/errors.js';
import { signStatement } from '../../crypto/acts.js';
import type { Step } from '../../store/local.js';
import type { GroupHistory, GroupKind, Statement } from '../../wire/acts.js';
import type { Content, UploadContent } from '../../wire/content.js';
import type { DirectoryNotices } from '../../wire/directory.js';
import { notJoined, type Standing } from '../../wire/group-roster.js';
import { foldName, parseGroupName } from '../../wire/names.js';
import type { Notice } from '../../wire/rpc.js';
import type { SignalInit } from '../../wire/signals.js';
import { UNPLACED } from '../history.js';
import type { MessageRow } from '../rows.js';
import { Archive } from './archive.js';
import { Aside, type AsideMessage } from './aside.js';
import type { GroupContext } from './context.js';
import { Entrance } from './entrance.js';
import { Follower } from './follow.js';
import { conversationOf, type NamedGroup } from './group.js';
import { suiteOf } from './membership.js';
import { Poster } from './post.js';
import { Signals } from './signals.js';
import { standBack } from './stand-back.js';

type Distribute<T> = T extends unknown ? Omit<T, 'directory' | 'group' | 'previous' | 'at'> : never;
export type Deed = Distribute<Statement>;

export interface GroupSummary {
  /** `#group` */
  readonly group: string;
  readonly kind: GroupKind;
  readonly history: GroupHistory;
  readonly state: 'member' | 'invited' | 'none';
  readonly members: number;
}

const TRIES = 64;
/** Members of a group whose addresses are asked for ahead. */
const ACQUAINTED = 32;

/** The named groups of this peer: what a person does with them, and what comes from their logs. */
export class NamedGroups {
  readonly #context: GroupContext;
  readonly #follower: Follower;
  readonly #poster: Poster;
  readonly #archive: Archive;
  readonly #entrance: Entrance;
  readonly #signals: Signals;
  readonly #groups = new Map<string, NamedGroup>();
  readonly #aside: Aside;
  readonly #acquainted = new Set<string>();

  constructor(context: GroupContext) {
    this.#context = context;
    this.#follower = new Follower({
      ...context,
      onOwn: (group, entry) => this.#poster.settle(group, entry),
      onContent: async (group, _from, content, { seq }) =>
        content.type === 'archive' ? this.#archive.keys(group, content, seq) : [],
      onChanged: (group) => this.#changed(group),
    });
    const follower = this.#follower;
    this.#entrance = new Entrance({ ...context, follower, flush: (group) => this.#poster.flush(group) });
    this.#poster = new Poster({
      ...context,
      membership: follower.membership,
      catchUp: (group) => follower.catchUp(group),
      enter: (group) => this.#entrance.enter(group),
      find: (id) => this.#groups.get(hex(id)),
      onWaiting: (group, row) => this.#aside.spread(group, row),
    });
    const poster = this.#poster;
    const find = (id: Uint8Array): NamedGroup | undefined => this.#groups.get(hex(id));
    this.#aside = new Aside({
      ...context,
      find,
      nextLine: () => poster.nextLine(),
      leaves: (group, row) => poster.leavesAside(group, row),
    });
    const send = (group: NamedGroup, content: Content): Promise<void> => this.#poster.content(group, content, true);
    this.#archive = new Archive({ ...context, follower, send });
    this.#signals = new Signals({ ...context, find: (id) => this.#groups.get(hex(id)) });
  }

  async load(): Promise<void> {
    for (const group of await this.#context.store.all()) this.#groups.set(hex(group.id), group);
    await this.#poster.load();
    for (const { row } of this.#groups.values()) {
      const lines = this.#context.tables.messages.range([conversationOf(row.name)], { from: UNPLACED });
      for await (const { number } of lines) this.#poster.reserve(number);
    }
  }

  /** A message that comes over a direct link. @returns false where it is of no named group */
  takeAside(incoming: AsideMessage): Promise<boolean> {
    return this.#aside.take(incoming);
  }

  /** A link is up, or the directory is (still) away: what waits goes over the links there are. */
  spread(): void {
    if (this.#context.isOnline()) return;
    for (const group of this.#groups.values()) {
      for (const row of this.#poster.waiting(group)) this.#aside.spread(group, row);
    }
  }

  // --- What comes ---

  /** After the directory has let this device in. */
  async sync(): Promise<void> {
    const { groups } = await this.#context.request('groups.list', {});
    const { report } = this.#context;
    for (const one of groups) {
      const known = this.#groups.get(hex(one.group));
      if (known === undefined && one.state === 'none') continue;
      if (known && one.state === 'none' && !known.roster.isMember(this.#context.self.user)) continue;
      const group = known ?? this.#fresh(one.group, one.name);
      await this.#settle(group).catch((error: unknown) => report(`#${one.name}`, error));
    }
    // Those which the directory does not name any more.
    const named = new Set(groups.map((one) => hex(one.group)));
    for (const group of this.#groups.values()) {
      if (!named.has(hex(group.id)) && group.roster.isMember(this.#context.self.user)) {
        await this.#settle(group).catch((error: unknown) => report(`#${group.row.name}`, error));
      }
    }
    this.#poster.flushAll();
  }

  async onEntry({ group: id, entry }: Notice<DirectoryNotices, 'groups.entry'>): Promise<void> {
    const known = this.#groups.get(hex(id));
    if (known === undefined) return this.#discover(id);
    const { enqueue, self } = this.#context;
    // Who waits in the group's queue for his turn to come in hears of it now.
    if (entry.kind === 'commit') known.arrivals.entered(entry.from.user);
    await enqueue(known, async () => {
      if (entry.seq === known.row.through + 1 && known.roster.isMember(self.user)) {
        await this.#follower.take(known, [entry]);
      } else if (entry.seq > known.row.through) {
        const before = known.roster.standing(self.user)?.state;
        await this.#catchUp(known);
        if (before !== 'member') this.#tellStanding(known, before);
      }
    });
  }

  async onChanged({ group: id, next }: Notice<DirectoryNotices, 'groups.changed'>): Promise<void> {
    const group = this.#groups.get(hex(id));
    if (group && next > group.row.through + 1) await this.#context.enqueue(group, () => this.#catchUp(group));
  }

  /** Certificates were revoked, or devices have changed. */
  reconsider(): void {
    for (const group of this.#groups.values()) this.#entrance.considerCleaning(group);
  }

  /** A restored copy of an older state must not be used: this device comes into its groups anew. */
  async startAnew(): Promise<void> {
    for (const group of this.#groups.values()) {
      await this.#context.enqueue(group, () => this.#follower.forgetMls(group));
    }
  }

  // --- What a person does ---

  /** @throws Failure usage 'name-invalid', 'group-name-taken', denied 'not-permitted' */
  async create(name: string, kind: GroupKind, history: GroupHistory): Promise<NamedGroup> {
    const { engine, random, keyPackages, request, anchor, clock, self, groups, disk, store } = this.#context;
    const { name: wanted } = parseGroupName(name);
    const id = random.bytes(16);
    const group = this.#context.store.fresh(id, wanted);
    const state = await engine.createGroup({ groupId: id, ...keyPackages.leaf(), suite: suiteOf(kind) });
    const common = { directory: anchor.trust.directoryId, group: id, previous: group.head, at: clock.now() };
    const signed = signStatement({ ...common, action: 'create', name: wanted, kind, history }, self.key);
    const info = await engine.groupInfo(state);
    this.#groups.set(hex(id), group);
    try {
      await this.#context.enqueue(group, async () => {
        await request('groups.create', { group: id, ...signed, info });
        await this.#follower.catchUp(group);
        group.mls = { id, user: conversationOf(wanted), number: 0, state };
        group.row = { ...group.row, entered: 1, archived: true };
        await disk.write([...groups.add(group.mls), ...this.#follower.membership.epochKey(group), store.save(group)]);
      });
    } catch (error) {
      this.#groups.delete(hex(id));
      throw error;
    }
    this.#context.emit({
      event: 'group',
      group: conversationOf(wanted),
      change: 'created',
      user: self.user,
      by: self.user,
    });
    return group;
  }

  /** Accepts an invitation, or enters an open group; makes a room which nobody has entered yet. */
  async join(name: string): Promise<NamedGroup> {
    const { self, enqueue, emit } = this.#context;
    const found = await this.#look(name);
    if (found === undefined) return this.#enterFirst(name);
    await enqueue(found, async () => {
      await this.#catchUp(found);
      if (!found.roster.isMember(self.user)) await this.#act(found, { action: 'join' });
      if (found.mls === undefined) await this.#entrance.enter(found).catch(unlessRenewing);
    });
    emit({ event: 'group', group: conversationOf(found.row.name), change: 'joined', user: self.user, by: self.user });
    this.#poster.flush(found);
    return found;
  }

  async leave(name: string): Promise<NamedGroup> {
    const group = await this.#joined(name);
    await this.#context.enqueue(group, async () => {
      // What was said last has its place before this device stops reading.
      await this.#follower.catchUp(group);
      await this.#act(group, { action: 'leave' });
      await this.#follower.forgetMls(group);
    });
    return group;
  }

  /** @throws Failure unknown 'user-unknown', and as GroupRoster.judge */
  async invite(name: string, user: string): Promise<NamedGroup> {
    const group = await this.#joined(name);
    const contact = await this.#context.contacts.resolve(user);
    const deed = { action: 'invite' as const, user: contact.user, identityKey: contact.identityKey };
    await this.#context.enqueue(group, () => this.#act(group, deed));
    return group;
  }

  async add(name: string, user: string): Promise<NamedGroup> {
    const group = await this.#joined(name);
    const contact = await this.#context.contacts.resolve(user);
    await this.#context.enqueue(group, async () => {
      await this.#act(group, { action: 'add', user: contact.user, identityKey: contact.identityKey });
      if (group.roster.kind === 'invite') await this.#follower.membership.add(group, contact.user);
    });
    return group;
  }

  /** Something done to a member, or to the group as a whole. */
  async moderate(name: string, deed: Deed | (() => Deed)): Promise<NamedGroup> {
    const group = (await this.#look(name)) ?? this.#unknown(name);
    await this.#context.enqueue(group, async () => {
      await this.#act(group, deed);
      if (group.mls) await this.#follower.membership.clean(group);
    });
    return group;
  }

  /** Changes what is given of a group's settings. */
  async configure(name: string, change: { readonly slow?: number; readonly readOnly?: boolean }): Promise<NamedGroup> {
    const group = (await this.#look(name)) ?? this.#unknown(name);
    if (Object.keys(change).length === 0) {
      if (this.#context.isOnline()) await this.#context.enqueue(group, () => this.#follower.catchUp(group));
      return group;
    }
    return this.moderate(name, () => {
      const { slow, readOnly } = group.roster;
      return { action: 'settings', slow, readOnly, ...change };
    });
  }

  async sendContent(name: string, content: Content): Promise<void> {
    const group = await this.#joined(name);
    group.roster.assertMayWrite(this.#context.role());
    await this.#poster.content(group, content, false);
  }

  /** The id of a group this account is in. @throws Failure unknown 'group-unknown', denied 'group-not-joined' */
  async idOf(name: string): Promise<Uint8Array> {
    return (await this.#joined(name)).id;
  }

  /** The same, of a group this account may write to. @throws Failure denied 'group-read-only' */
  async writableId(name: string): Promise<Uint8Array> {
    const { id, roster } = await this.#joined(name);
    roster.assertMayWrite(this.#context.role());
    return id;
  }

  /** `#name` */
  nameOf(id: Uint8Array): string | undefined {
    const group = this.#groups.get(hex(id));
    return group && conversationOf(group.row.name);
  }

  async announce(id: Uint8Array, content: UploadContent, steps: readonly Step[]): Promise<void> {
    const group = this.#groups.get(hex(id));
    if (!group?.roster.isMember(this.#context.self.user)) throw notJoined(group?.row.name ?? '');
    await this.#poster.upload(group, content, steps);
  }

  async send(name: string, text: string, answers?: Uint8Array): Promise<MessageRow> {
    return this.#poster.text(await this.#joined(name), text, answers);
  }

  /** As Poster's. */
  isUnsent(name: string, id: Uint8Array): boolean {
    const group = this.#local(name);
    return group !== undefined && this.#poster.isUnsent(group, id);
  }

  /** As Poster's. */
  withdraw(name: string, id: Uint8Array): Step[] {
    const group = this.#local(name);
    return group ? this.#poster.withdraw(group, id) : [];
  }

  /** Runs work on a group that is known here, one after the other. */
  inQueue<T>(name: string, work: () => Promise<T>): Promise<T> {
    const group = this.#local(name);
    return group ? this.#context.enqueue(group, work) : work();
  }

  /** Seconds that new messages live; 0 for no end. */
  expire(name: string): number {
    return this.#local(name)?.roster.expire ?? 0;
  }

  /** @throws Failure denied 'not-permitted', 'group-not-joined' */
  async setExpire(name: string, expire: number): Promise<void> {
    const { slow, readOnly } = (await this.#joined(name)).roster;
    await this.moderate(name, { action: 'settings', slow, readOnly, expire });
  }

  /** To the members who are there. @returns false where nobody could be told now */
  async signal(name: string, signal: SignalInit): Promise<boolean> {
    const group = this.#local(name);
    return group?.roster.isMember(this.#context.self.user) ? this.#signals.send(group, signal) : true;
  }

  onSignal(signal: Notice<DirectoryNotices, 'groups.signal'>): Promise<void> {
    return this.#signals.heard(signal);
  }

  async members(name: string): Promise<readonly Standing[]> {
    const group = (await this.#look(name)) ?? this.#unknown(name);
    if (this.#context.isOnline()) await this.#context.enqueue(group, () => this.#follower.catchUp(group));
    return group.roster.all().filter(({ state }) => state === 'member' || state === 'invited');
  }

  /** Whoever else is inside, for what goes to each. @throws Failure unknown 'group-unknown', denied 'not-joined' */
  async others(name: string): Promise<{ readonly group: string; readonly users: readonly string[] }> {
    const group = await this.#joined(name.replace(/^#/, ''));
    const own = foldName(this.#context.self.user);
    const users = group.roster.members().map(({ user }) => user);
    return { group: conversationOf(group.row.name), users: users.filter((user) => foldName(user) !== own) };
  }

  /** `#name` of a group, where this person and `user` are both in it. */
  sharedWith(name: string, user: string): string | undefined {
    const group = this.#local(name.replace(/^#/, ''));
    const shared = group?.roster.isMember(user) && group.roster.isMember(this.#context.self.user);
    return shared ? conversationOf(group!.row.name) : undefined;
  }

  async list(): Promise<readonly GroupSummary[]> {
    const { self, isOnline, request } = this.#context;
    if (!isOnline()) return [...this.#groups.values()].map((group) => this.#summary(group, self.user));
    const { groups, rooms } = await request('groups.list', {});
    const made = groups
      .filter(({ group, state }) => state !== 'invited' || !this.#isUnwanted(group))
      .map(({ name, kind, history, state, members }) => ({
        group: conversationOf(name),
        kind,
        history,
        state,
        members,
      }));
    const waiting = rooms.map(
      (name) => ({ group: conversationOf(name), kind: 'open', history: 'shared', state: 'none', members: 0 }) as const,
    );
    return [...made, ...waiting].sort((a, b) => a.group.localeCompare(b.group));
  }

  /** All its acts, encoded, in order. */
  async acts(name: string): Promise<readonly Uint8Array[]> {
    const group = (await this.#look(name)) ?? this.#unknown(name);
    const acts: Uint8Array[] = [];
    for await (const { act } of this.#context.tables.acts.range([hex(group.id)])) acts.push(act);
    return acts;
  }

  /** `#name` as its maker wrote it, of a group this device knows. */
  conversation(name: string): string | undefined {
    const group = this.#local(name);
    return group && conversationOf(group.row.name);
  }

  // --- Inside ---

  /**
   * Signs the deed upon what is known, until the directory takes it; the group has taken it in then.
   * @throws Failure, as the directory or the roster judges
   */
  async #act(group: NamedGroup, deed: Deed | (() => Deed)): Promise<void> {
    const { request, anchor, clock, self } = this.#context;
    for (let tries = 0; ; tries++) {
      const common = { directory: anchor.trust.directoryId, group: group.id, previous: group.head, at: clock.now() };
      const wanted = typeof deed === 'function' ? deed() : deed;
      const signed = signStatement({ ...common, ...wanted } as Statement, self.key);
      try {
        await request('groups.act', { group: group.id, ...signed });
        return await this.#follower.catchUp(group);
      } catch (error) {
        if (!hasCode(error, 'head-moved') || tries === TRIES) throw error;
        if (tries > 0) await standBack(this.#context, tries);
        await this.#follower.catchUp(group);
      }
    }
  }

  /** Follows the log, and comes inside where this device should be. */
  async #catchUp(group: NamedGroup): Promise<void> {
    await this.#follower.catchUp(group);
    const { self } = this.#context;
    if (group.mls === undefined && group.roster.isMember(self.user)) this.#entrance.awaitWelcome(group);
  }

  async #settle(group: NamedGroup): Promise<void> {
    const { self, enqueue } = this.#context;
    const before = group.roster.standing(self.user)?.state;
    await enqueue(group, async () => {
      await this.#follower.catchUp(group);
      if (group.roster.isMember(self.user) && group.mls === undefined) await this.#entrance.enter(group);
    });
    if (before !== 'member') this.#tellStanding(group, before);
    this.#changed(group);
    if (
      group.mls &&
      !group.row.archived &&
      group.roster.history === 'shared' &&
      group.row.lastArchive > group.row.entered
    ) {
      this.#archive.fetch(group);
    }
  }

  /** That this account has been invited or brought in. */
  #tellStanding(group: NamedGroup, before: Standing['state'] | undefined): void {
    const standing = group.roster.standing(this.#context.self.user);
    if (standing === undefined || standing.state === before) return;
    const { user, by = '' } = standing;
    const name = conversationOf(group.row.name);
    if (standing.state === 'invited') this.#context.emit({ event: 'group', group: name, change: 'invited', user, by });
    if (standing.state === 'member') this.#context.emit({ event: 'group', group: name, change: 'added', user, by });
  }

  /** A group this device has not heard of: somebody has brought this account in. */
  async #discover(id: Uint8Array): Promise<void> {
    const { groups } = await this.#context.request('groups.list', {});
    const one = groups.find(({ group }) => hex(group) === hex(id));
    if (one === undefined || one.state === 'none' || this.#groups.has(hex(id))) return;
    const group = this.#fresh(id, one.name);
    await this.#context.enqueue(group, () => this.#catchUp(group));
    this.#tellStanding(group, undefined);
  }

  /** Where the members of a small group are is known before the directory is away. */
  #acquaint({ roster }: NamedGroup): void {
    const { contacts, scope, self, isOnline } = this.#context;
    const members = roster.members();
    if (!isOnline() || members.length > ACQUAINTED || !roster.isMember(self.user)) return;
    for (const { user } of members) {
      if (this.#acquainted.has(user) || foldName(user) === foldName(self.user)) continue;
      this.#acquainted.add(user);
      scope.run(
        () => contacts.resolve(user),
        () => this.#acquainted.delete(user),
      );
    }
  }

  #changed(group: NamedGroup): void {
    this.#acquaint(group);
    this.#entrance.considerCleaning(group);
    this.#archive.consider(group);
    if (group.mls === undefined && group.row.acts > 0 && group.roster.isMember(this.#context.self.user))
      this.#entrance.awaitWelcome(group);
  }

  async #enterFirst(name: string): Promise<NamedGroup> {
    try {
      return await this.create(name, 'open', 'shared');
    } catch (error) {
      if (!hasCode(error, 'group-name-taken')) throw error;
      return this.join(name);
    }
  }

  #fresh(id: Uint8Array, name: string): NamedGroup {
    const group = this.#context.store.fresh(id, name);
    this.#groups.set(hex(id), group);
    return group;
  }

  #local(name: string): NamedGroup | undefined {
    const folded = foldName(name);
    return [...this.#groups.values()].find(({ row }) => foldName(row.name) === folded);
  }

  /** Undefined for a room that nobody has made. @throws Failure unknown 'group-unknown' */
  async #look(name: string): Promise<NamedGroup | undefined> {
    const { name: wanted } = parseGroupName(name);
    const known = this.#local(wanted);
    if (known) return known;
    const found = await this.#context.request('groups.find', { name: wanted });
    if (found.group === undefined) return undefined;
    const group = this.#local(wanted) ?? this.#fresh(found.group, found.name);
    try {
      if (group.row.acts === 0) await this.#context.enqueue(group, () => this.#follower.catchUp(group));
    } catch (error) {
      this.#groups.delete(hex(group.id));
      throw error;
    }
    return group;
  }

  async #joined(name: string): Promise<NamedGroup> {
    const group = await this.#look(name).catch((error: unknown) => {
      if (!hasCode(error, 'not-invited')) throw error;
    });
    if (!group?.roster.isMember(this.#context.self.user)) throw notJoined(name);
    return group;
  }

  #unknown(name: string): never {
    throw new Failure('unknown', 'group-unknown', `nobody has entered #${name} yet`, {
      hint: `Enter it: /join ${name}`,
    });
  }

  /** The invitation of somebody who is blocked. */
  #isUnwanted(id: Uint8Array): boolean {
    const { self, isBlocked } = this.#context;
    const by = this.#groups.get(hex(id))?.roster.standing(self.user)?.by;
    return by !== undefined && isBlocked(by);
  }

  #summary(group: NamedGroup, user: string): GroupSummary {
    const { kind, history } = group.roster;
    const state = group.roster.standing(user)?.state;
    return {
      ...{ group: conversationOf(group.row.name), kind, history, members: group.roster.members().length },
      state: state === 'member' || state === 'invited' ? state : 'none',
    };
  }
}

function unlessRenewing(error: unknown): void {
  if (!hasCode(error, 'group-renewing')) throw error;
}
