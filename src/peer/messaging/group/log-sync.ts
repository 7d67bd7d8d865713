import { hex } from '../../../base/bytes.js';
import { Failure } from '../../../base/errors.js';
import type { DirectoryNotices } from '../../../wire/directory.js';
import type { Standing } from '../../../wire/group-roster.js';
import { foldName } from '../../../wire/names.js';
import type { Notice } from '../../../wire/rpc.js';
import { conversationIn } from '../conversation.js';
import type { GroupContext } from './context.js';
import type { Group } from './group.js';
import type { HistoryKeys } from './history-keys.js';
import type { GroupJoiner } from './joining.js';
import type { LogFollower } from './log-follower.js';
import type { GroupRegistry } from './registry.js';

/** In groups up to this size, members' addresses are fetched ahead, for when the directory is away. */
const ACQUAINTED = 32;

export interface LogSyncInit extends GroupContext {
  readonly known: GroupRegistry;
  readonly follower: LogFollower;
  readonly joiner: GroupJoiner;
  readonly archive: HistoryKeys;
}

/** Keeps this device's groups up to date with their logs at the directory, and starts what follows from new entries. */
export class LogSync {
  readonly #init: LogSyncInit;
  readonly #acquainted = new Set<string>();
  /** By group, for which time of coming inside own devices were looked for. */
  readonly #broughtIn = new Map<string, number>();

  constructor(init: LogSyncInit) {
    this.#init = init;
  }

  /** After the directory has let this device in. */
  async all(): Promise<void> {
    const { known, self, request, report } = this.#init;
    const { groups } = await request('groups.list', {});
    for (const one of groups) {
      const here = known.get(one.group);
      if (one.state === 'none' && !here?.roster.isMember(self.user)) continue;
      const group = here ?? known.fresh(one.group, one.name);
      await this.#settle(group).catch((error: unknown) => report(`#${one.name}`, error));
    }
    // Groups that this device knows and the directory no longer lists.
    const named = new Set(groups.map((one) => hex(one.group)));
    for (const group of known.all()) {
      if (!named.has(hex(group.id)) && group.roster.isMember(self.user)) {
        await this.#settle(group).catch((error: unknown) => report(`#${group.row.name}`, error));
      }
    }
  }

  async onEntry({ group: id, entry }: Notice<DirectoryNotices, 'groups.entry'>): Promise<void> {
    const known = this.#init.known.get(id);
    if (known === undefined) return this.#discover(id);
    const { enqueue, self, follower, joiner } = this.#init;
    // Who waits in the group's queue for his turn to come in hears of it now.
    if (entry.kind === 'commit') known.arrivals.entered(entry.from.user);
    await enqueue(known, async () => {
      if (entry.seq === known.row.through + 1 && known.roster.isMember(self.user)) {
        await follower.take(known, [entry]);
      } else if (entry.seq > known.row.through) {
        const before = known.roster.standing(self.user)?.state;
        await joiner.follow(known);
        if (before !== 'member') this.#tellStanding(known, before);
      }
    });
  }

  async onChanged({ group: id, next }: Notice<DirectoryNotices, 'groups.changed'>): Promise<void> {
    const group = this.#init.known.get(id);
    const { enqueue, joiner } = this.#init;
    if (group && next > group.row.through + 1) await enqueue(group, () => joiner.follow(group));
  }

  async #settle(group: Group): Promise<void> {
    const { self, enqueue, follower, joiner } = this.#init;
    const before = group.roster.standing(self.user)?.state;
    await enqueue(group, async () => {
      await follower.catchUp(group);
      if (group.roster.isMember(self.user) && group.mls === undefined) await joiner.enter(group);
    });
    if (before !== 'member') this.#tellStanding(group, before);
    this.changed(group);
    if (
      group.mls &&
      !group.row.archived &&
      group.roster.history === 'shared' &&
      group.row.lastArchive > group.row.entered
    ) {
      this.#init.archive.fetch(group);
    }
  }

  /** That this account has been invited or brought in. */
  #tellStanding(group: Group, before: Standing['state'] | undefined): void {
    const standing = group.roster.standing(this.#init.self.user);
    if (standing === undefined || standing.state === before) return;
    const { user, by = '' } = standing;
    const name = conversationIn(group.row.name);
    if (standing.state === 'invited') this.#init.emit({ event: 'group', group: name, change: 'invited', user, by });
    if (standing.state === 'member') this.#init.emit({ event: 'group', group: name, change: 'added', user, by });
  }

  /** A group this device has not heard of: somebody has brought this account in. */
  async #discover(id: Uint8Array): Promise<void> {
    const { known, joiner, enqueue, request } = this.#init;
    const { groups } = await request('groups.list', {});
    const one = groups.find(({ group }) => hex(group) === hex(id));
    if (one === undefined || one.state === 'none' || known.get(id)) return;
    const group = known.fresh(id, one.name);
    await enqueue(group, () => joiner.follow(group));
    this.#tellStanding(group, undefined);
  }

  /** Where the members of a small group are is known before the directory is away. */
  #acquaint({ roster }: Group): void {
    const { contacts, scope, self, isOnline } = this.#init;
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

  /** Once for each time that this device comes inside. */
  #considerOwn(group: Group): void {
    const { entered } = group.row;
    if (group.mls === undefined || this.#broughtIn.get(hex(group.id)) === entered) return;
    this.#broughtIn.set(hex(group.id), entered);
    this.#init.joiner.considerOwn(group);
  }

  /** Who is new in a group has missed nothing; a device of somebody who was inside already has. */
  #tellPassed(group: Group, { count, again }: NonNullable<Group['passed']>): void {
    delete group.passed;
    if (!again && !this.#init.follower.membership.hasOwn(group)) return;
    this.#init.report(
      `#${group.row.name}: ${count === 1 ? 'a message' : `${count} messages`}`,
      new Failure('group-passed-over'),
    );
  }

  /** Acts or commits were taken in: there may be something to do. */
  changed(group: Group): void {
    this.#acquaint(group);
    if (group.mls && group.passed) this.#tellPassed(group, group.passed);
    this.#considerOwn(group);
    this.#init.joiner.considerCleaning(group);
    this.#init.archive.tend(group);
    this.#init.archive.consider(group);
    if (group.mls === undefined && group.row.acts > 0 && group.roster.isMember(this.#init.self.user))
      this.#init.joiner.awaitWelcome(group);
  }
}
