import { sameBytes } from '../../../base/bytes.js';
import { Failure, hasCode } from '../../../base/errors.js';
import { signStatement } from '../../../crypto/acts.js';
import type { GroupHistory, GroupKind, Statement } from '../../../wire/acts.js';
import { PINS } from '../../../wire/limits.js';
import { parseGroupName } from '../../../wire/names.js';
import { conversationIn } from '../conversation.js';
import type { GroupContext } from './context.js';
import type { Group } from './group.js';
import { jitter } from './jitter.js';
import type { GroupJoiner } from './joining.js';
import type { LogFollower } from './log-follower.js';
import { suiteOf } from './membership.js';
import type { GroupRegistry } from './registry.js';

type Distribute<T> = T extends unknown ? Omit<T, 'directory' | 'group' | 'previous' | 'at'> : never;
export type GroupAction = Distribute<Statement>;

type Silence = NonNullable<Extract<GroupAction, { action: 'settings' }>['silence']>;

const silencesNobody = (): Failure =>
  new Failure('method-unknown', 'This directory is of an earlier version, which silences nobody.', {
    hint: 'Ask its operator to update it.',
  });

const TRIES = 64;

export interface GroupActionsInit extends GroupContext {
  readonly known: GroupRegistry;
  readonly follower: LogFollower;
  readonly joiner: GroupJoiner;
  /** Sends what waits for this device to be inside. */
  flush(group: Group): void;
}

/** What a person does with groups. Each action is a statement, signed against the newest act that this device knows. */
export class GroupActions {
  readonly #init: GroupActionsInit;

  constructor(init: GroupActionsInit) {
    this.#init = init;
  }

  /** @throws Failure usage 'name-invalid', 'group-name-taken', denied 'not-permitted' */
  async create(name: string, kind: GroupKind, history: GroupHistory): Promise<Group> {
    const { engine, random, keyPackages, request, anchor, clock, self, groups, disk, store, known, follower } =
      this.#init;
    const { name: wanted } = parseGroupName(name);
    const id = random.bytes(16);
    const group = store.fresh(id, wanted);
    const state = await engine.createGroup({ groupId: id, ...keyPackages.leaf(), suite: suiteOf(kind) });
    const common = { directory: anchor.trust.directoryId, group: id, previous: group.head, at: clock.now() };
    const signed = signStatement({ ...common, action: 'create', name: wanted, kind, history }, self.key);
    const info = await engine.groupInfo(state);
    known.add(group);
    try {
      await this.#init.enqueue(group, async () => {
        await request('groups.create', { group: id, ...signed, info });
        await follower.catchUp(group);
        group.mls = { id, owner: { kind: 'group', name: wanted }, number: 0, state };
        group.row = { ...group.row, entered: 1, archived: true };
        await disk.write([...groups.add(group.mls), ...follower.membership.epochKey(group), store.save(group)]);
      });
    } catch (error) {
      known.remove(group);
      throw error;
    }
    const { user } = self;
    this.#init.emit({ event: 'group', group: conversationIn(wanted), change: 'created', user, by: user });
    return group;
  }

  /** Accepts an invitation, or enters an open group; makes a room which nobody has entered yet. */
  async join(name: string): Promise<Group> {
    const { self, enqueue, emit, known, joiner } = this.#init;
    const found = await known.find(name);
    if (found === undefined) return this.#enterFirst(name);
    await enqueue(found, async () => {
      await joiner.follow(found);
      if (!found.roster.isMember(self.user)) await this.#act(found, { action: 'join' });
      if (found.mls === undefined) await joiner.enter(found).catch(unlessRenewing);
    });
    emit({ event: 'group', group: conversationIn(found.row.name), change: 'joined', user: self.user, by: self.user });
    this.#init.flush(found);
    return found;
  }

  async leave(name: string): Promise<Group> {
    const group = await this.#init.known.joined(name);
    await this.#init.enqueue(group, async () => {
      // What was said last has its place before this device stops reading.
      await this.#init.follower.catchUp(group);
      await this.#act(group, { action: 'leave' });
      await this.#init.follower.epochs.forget(group);
    });
    return group;
  }

  /** @throws Failure unknown 'user-unknown', and as GroupRoster.judge */
  async invite(name: string, user: string): Promise<Group> {
    const group = await this.#init.known.joined(name);
    const contact = await this.#init.contacts.resolve(user);
    const invitation = { action: 'invite' as const, user: contact.user, identityKey: contact.identityKey };
    await this.#init.enqueue(group, () => this.#act(group, invitation));
    return group;
  }

  async add(name: string, user: string): Promise<Group> {
    const group = await this.#init.known.joined(name);
    const contact = await this.#init.contacts.resolve(user);
    await this.#init.enqueue(group, async () => {
      await this.#act(group, { action: 'add', user: contact.user, identityKey: contact.identityKey });
      if (group.roster.kind === 'invite') await this.#init.follower.membership.add(group, contact.user);
    });
    return group;
  }

  /** Something done to a member, or to the group as a whole. */
  async moderate(name: string, action: GroupAction | (() => GroupAction)): Promise<Group> {
    const group = await this.#init.known.need(name);
    await this.#init.enqueue(group, async () => {
      await this.#act(group, action);
      if (group.mls) await this.#init.follower.membership.clean(group);
    });
    return group;
  }

  /** Changes what is given of a group's settings. */
  async configure(name: string, change: { readonly slow?: number; readonly readOnly?: boolean }): Promise<Group> {
    const group = await this.#init.known.need(name);
    if (Object.keys(change).length === 0) {
      if (this.#init.isOnline()) await this.#init.enqueue(group, () => this.#init.follower.catchUp(group));
      return group;
    }
    return this.moderate(name, () => {
      const { slow, readOnly } = group.roster;
      return { action: 'settings', slow, readOnly, ...change };
    });
  }

  /**
   * Nobody takes what that member writes until then; without `until` all do again.
   * @throws Failure denied 'not-permitted', 'member-outranks', protocol 'method-unknown' of an older directory
   */
  async silence(name: string, silence: Silence): Promise<Group> {
    const group = await this.#init.known.joined(name);
    await this.moderate(name, () => {
      const { slow, readOnly } = group.roster;
      return { action: 'settings', slow, readOnly, silence };
    });
    const { user, until } = silence;
    const holds = until === undefined || group.roster.silencedUntil(user, until - 1) !== undefined;
    if (!holds) throw silencesNobody();
    return group;
  }

  /** @throws Failure denied 'not-permitted', 'group-not-joined' */
  async setExpire(name: string, expire: number): Promise<void> {
    const { slow, readOnly } = (await this.#init.known.joined(name)).roster;
    await this.moderate(name, { action: 'settings', slow, readOnly, expire });
  }

  /** Keeps a message in sight of all members, or no more. @throws Failure denied 'not-permitted', limit 'pins-full' */
  async pin(name: string, id: Uint8Array, pinned: boolean): Promise<void> {
    const group = await this.#init.known.joined(name);
    await this.moderate(name, () => {
      const { slow, readOnly } = group.roster;
      const others = group.roster.pins.filter((one) => !sameBytes(one, id));
      if (pinned && others.length >= PINS) throw new Failure('pins-full');
      return { action: 'settings', slow, readOnly, pins: pinned ? [...others, id] : others };
    });
  }

  /**
   * Signs the action against the current head and retries when the head has moved; resolves once the action has been
   * applied.
   * @throws Failure, as the directory or the roster judges
   */
  async #act(group: Group, action: GroupAction | (() => GroupAction)): Promise<void> {
    const { request, anchor, clock, self } = this.#init;
    for (let tries = 0; ; tries++) {
      const common = { directory: anchor.trust.directoryId, group: group.id, previous: group.head, at: clock.now() };
      const wanted = typeof action === 'function' ? action() : action;
      const signed = signStatement({ ...common, ...wanted } as Statement, self.key);
      try {
        await request('groups.act', { group: group.id, ...signed });
        return await this.#init.follower.catchUp(group);
      } catch (error) {
        if (!hasCode(error, 'head-moved') || tries === TRIES) throw error;
        if (tries > 0) await jitter(this.#init, tries);
        await this.#init.follower.catchUp(group);
      }
    }
  }

  async #enterFirst(name: string): Promise<Group> {
    try {
      return await this.create(name, 'open', 'shared');
    } catch (error) {
      if (!hasCode(error, 'group-name-taken')) throw error;
      return this.join(name);
    }
  }
}

function unlessRenewing(error: unknown): void {
  if (!hasCode(error, 'group-renewing')) throw error;
}
