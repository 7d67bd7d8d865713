import type { Standing } from '../../../wire/group-roster.js';
import { foldName } from '../../../wire/names.js';
import type { GroupSummary } from '../../api/groups.js';
import { conversationIn } from '../conversation.js';
import type { GroupContext } from './context.js';
import type { Group } from './group.js';
import type { GroupRegistry } from './registry.js';

export interface GroupQueriesInit extends GroupContext {
  readonly known: GroupRegistry;
  /** Follows the group's log; in its queue. */
  catchUp(group: Group): Promise<void>;
}

/** Which groups there are, and who is in them. */
export class GroupQueries {
  readonly #init: GroupQueriesInit;

  constructor(init: GroupQueriesInit) {
    this.#init = init;
  }

  /** The id of a group this account is in. @throws Failure unknown 'group-unknown', denied 'group-not-joined' */
  async idOf(name: string): Promise<Uint8Array> {
    return (await this.#init.known.joined(name)).id;
  }

  /** The same, of a group this account may write to. @throws Failure denied 'group-read-only', 'silenced' */
  async writableId(name: string): Promise<Uint8Array> {
    const { id, roster } = await this.#init.known.joined(name);
    const { self, role, clock } = this.#init;
    roster.assertMayWrite({ user: self.user, role: role(), now: clock.now() });
    return id;
  }

  /** `#name` */
  nameOf(id: Uint8Array): string | undefined {
    const group = this.#init.known.get(id);
    return group && conversationIn(group.row.name);
  }

  /** `#name` as its maker wrote it, of a group this device knows. */
  conversation(name: string): string | undefined {
    const group = this.#init.known.named(name);
    return group && conversationIn(group.row.name);
  }

  /** Seconds that new messages live; 0 for no end. */
  expire(name: string): number {
    return this.#init.known.named(name)?.roster.expire ?? 0;
  }

  /** Ids of the messages that are pinned, in the order in which they were. */
  pins(name: string): readonly Uint8Array[] {
    return this.#init.known.named(name)?.roster.pins ?? [];
  }

  async list(): Promise<readonly GroupSummary[]> {
    const { self, known, isOnline, request } = this.#init;
    if (!isOnline()) return known.all().map((group) => this.#summary(group, self.user));
    const { groups, rooms } = await request('groups.list', {});
    const made = groups
      .filter(({ group, state }) => state !== 'invited' || !this.#isUnwanted(group))
      .map(({ name, kind, history, state, members }) => ({
        group: conversationIn(name),
        kind,
        history,
        state,
        members,
      }));
    const waiting = rooms.map(
      (name) => ({ group: conversationIn(name), kind: 'open', history: 'shared', state: 'none', members: 0 }) as const,
    );
    return [...made, ...waiting].sort((a, b) => a.group.localeCompare(b.group));
  }

  /** All its acts, encoded, in order. */
  async acts(name: string): Promise<readonly Uint8Array[]> {
    return this.#init.store.acts(await this.#init.known.need(name));
  }

  async members(name: string): Promise<readonly Standing[]> {
    const group = await this.#init.known.need(name);
    if (this.#init.isOnline()) await this.#init.enqueue(group, () => this.#init.catchUp(group));
    return group.roster.all().filter(({ state }) => state === 'member' || state === 'invited');
  }

  /** Until when each member can't write, where that is so. */
  async silenced(name: string): Promise<(user: string) => number | undefined> {
    const { roster } = await this.#init.known.need(name);
    const now = this.#init.clock.now();
    return (user) => roster.silencedUntil(user, now);
  }

  /** Whoever else is inside, for what goes to each. @throws Failure unknown 'group-unknown', denied 'group-not-joined' */
  async others(name: string): Promise<{ readonly group: string; readonly users: readonly string[] }> {
    const group = await this.#init.known.joined(name.replace(/^#/, ''));
    const own = foldName(this.#init.self.user);
    const users = group.roster.members().map(({ user }) => user);
    return { group: conversationIn(group.row.name), users: users.filter((user) => foldName(user) !== own) };
  }

  /** `#name` of a group, where this person and `user` are both in it. */
  sharedWith(name: string, user: string): string | undefined {
    const group = this.#init.known.named(name.replace(/^#/, ''));
    const shared = group?.roster.isMember(user) && group.roster.isMember(this.#init.self.user);
    return shared ? conversationIn(group!.row.name) : undefined;
  }

  /** The invitation of somebody who is blocked. */
  #isUnwanted(id: Uint8Array): boolean {
    const { self, known, isBlocked } = this.#init;
    const by = known.get(id)?.roster.standing(self.user)?.by;
    return by !== undefined && isBlocked(by);
  }

  #summary(group: Group, user: string): GroupSummary {
    const { kind, history } = group.roster;
    const state = group.roster.standing(user)?.state;
    return {
      ...{ group: conversationIn(group.row.name), kind, history, members: group.roster.members().length },
      state: state === 'member' || state === 'invited' ? state : 'none',
    };
  }
}
