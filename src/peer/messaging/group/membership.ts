import { hex, sameBytes } from '../../../base/bytes.js';
import { Failure, hasCode, toFailure } from '../../../base/errors.js';
import { signStatement } from '../../../crypto/acts.js';
import { ARCHIVE_KEY_BYTES, ARCHIVE_LABEL } from '../../../crypto/archive.js';
import type { MlsChange, MlsMember, MlsState, MlsSuite } from '../../../crypto/mls.js';
import type { Step } from '../../../store/local.js';
import type { GroupKind } from '../../../wire/acts.js';
import type { DeviceAddress } from '../../../wire/directory.js';
import { foldName } from '../../../wire/names.js';
import { conversationIn } from '../conversation.js';
import type { GroupContext } from './context.js';
import type { Group } from './group.js';
import { jitter } from './jitter.js';
import { ARRIVES_WITHIN_MS } from './join-queue.js';
import { keep } from './kept-entries.js';

/** A device and its key package. */
interface Added extends DeviceAddress {
  readonly package: Uint8Array;
}

/** Devices that one Welcome is for. */
const ADDED_AT_ONCE = 48;
/** How often a change is tried again after another member was first. */
const TRIES = 64;
/** How long a newcomer waits for the one before; doubled after each failed try. */
const TURN_MS = 20;
const TURN_LATEST_MS = 1_000;

/**
 * Which devices are in a group's MLS group: those of its members, by the acts that this device has verified. Nobody else
 * is let in, whoever says so. Callers hold the group's queue.
 */
export class Membership {
  readonly #context: GroupContext;
  readonly #catchUp: (group: Group) => Promise<void>;
  readonly #archiveKeys = new WeakMap<MlsState, Uint8Array>();

  constructor(context: GroupContext, catchUp: (group: Group) => Promise<void>) {
    this.#context = context;
    this.#catchUp = catchUp;
  }

  /** Judges a commit before it counts. @throws Failure trust 'membership-refused' */
  async authorize(group: Group, { added, removed, committer, external, aad }: MlsChange): Promise<boolean> {
    if (!sameBytes(aad, group.head)) throw refused(group, 'it was made for another list of members');
    this.assertMember(group, committer);
    for (const member of added) this.assertMember(group, member);
    if (external) return true;
    const by = this.#owner(committer).user;
    for (const member of removed) {
      const { user } = this.#owner(member);
      const may = this.#isSuperfluous(group, member) || foldName(user) === foldName(by) || (await this.#isGone(member));
      if (!may) throw removalRefused(group, user);
    }
    return true;
  }

  /** Judges everybody in a group which this device is about to join. @throws Failure trust 'membership-refused' */
  assertMembers(group: Group, state: MlsState): void {
    for (const member of this.#context.engine.members(state)) this.#assertKnown(group, member);
  }

  /** @throws Failure trust 'membership-refused' where the certificate is of nobody whom a member has let in */
  assertMember(group: Group, member: MlsMember): void {
    this.#assertKnown(group, member);
    const { user } = this.#owner(member);
    if (!group.roster.isMember(user)) throw refused(group, `${user} is not a member`);
  }

  /** Leaves to be removed: of devices that no member has any more. */
  superfluous(group: Group): number[] {
    const { engine } = this.#context;
    if (group.mls === undefined) return [];
    const { state } = group.mls;
    return engine
      .members(state)
      .filter((member) => member.leafIndex !== state.ownLeaf && this.#isSuperfluous(group, member))
      .map(({ leafIndex }) => leafIndex);
  }

  /** Removes superfluous leaves before anything more is encrypted. @returns whether none is left */
  async clean(group: Group): Promise<boolean> {
    for (let tries = 0; tries < TRIES; tries++) {
      const remove = this.superfluous(group);
      if (remove.length === 0) return true;
      await this.#commit(group, { remove });
    }
    return false;
  }

  /** Adds all devices of a new member which have key packages; the others come in by themselves. */
  add(group: Group, user: string): Promise<void> {
    return this.#addDevices(group, async () => (await this.#context.contacts.addressed(user)).addressees);
  }

  /** The other devices of this account, so that those which are off now can read what is said from now on. */
  async addOwn(group: Group): Promise<void> {
    const { contacts, self } = this.#context;
    if (group.mls === undefined || !group.roster.isMember(self.user)) return;
    await this.#addDevices(group, async () => (await contacts.addressed(self.user)).addressees);
  }

  /** Whether one of them is inside. */
  hasOwn({ mls }: Group): boolean {
    const { groups, self } = this.#context;
    const own = mls ? groups.members(mls).filter(({ user }) => foldName(user) === foldName(self.user)) : [];
    return own.some(({ device }) => device !== self.device);
  }

  async #addDevices(group: Group, of: () => Promise<readonly DeviceAddress[]>): Promise<void> {
    for (let tries = 0; tries < TRIES; tries++) {
      const present = new Set(this.#context.groups.members(group.mls!).map(({ device }) => device));
      const wanted = (await of()).filter(({ device }) => !present.has(device)).slice(0, ADDED_AT_ONCE);
      if (wanted.length === 0) return;
      const devices = wanted.map((one) => ({ user: one.user, device: one.device }));
      const { packages } = await this.#context.request('keypackages.claim', { devices });
      const judged: Added[] = [];
      for (const one of packages) {
        const address = devices.find(({ device }) => device === one.device);
        if (address && (await this.#context.keyPackages.isOf(one.package, address))) {
          judged.push({ ...address, package: one.package });
        }
      }
      if (judged.length === 0) return;
      if (await this.#commit(group, { add: judged, remove: this.superfluous(group) })) return;
    }
  }

  /** Joins by an external commit. @throws Failure trust 'membership-refused' */
  async enter(group: Group): Promise<void> {
    const { engine, request, keyPackages, self, groups, disk, store } = this.#context;
    for (let tries = 0; tries < TRIES; tries++) {
      await this.#awaitTurn(group, tries);
      await this.#catchUp(group);
      if (group.mls !== undefined || !group.roster.isMember(self.user)) return;
      const { info, epoch, current } = await request('groups.info', { group: group.id });
      if (epoch !== current) throw infoStale(group);
      const { certificate, signatureKey, lifetime } = keyPackages.leaf();
      const aad = group.head;
      const { next, commit } = await engine.externalJoin(info, { certificate, signatureKey, lifetime, aad });
      this.assertMembers(group, next);
      if (next.epoch !== epoch + 1) throw infoBroken(group);
      const newInfo = await engine.groupInfo(next);
      const seq = await this.#offer(group, { epoch, commit, info: newInfo });
      if (seq === undefined) {
        group.arrivals.entered(...this.#others(next));
        continue;
      }
      // Acts can't have come in between; messages can, and are not for this device.
      group.arrivals.entered(self.user);
      group.mls = { id: group.id, owner: { kind: 'group', name: group.row.name }, number: 0, state: next };
      group.row = { ...group.row, through: seq, entered: seq, lastJoin: seq };
      await disk.write([...groups.add(group.mls), ...this.epochKey(group), store.save(group)]);
      return;
    }
  }

  /** Until it is this device's turn: those who became members before it come in before it, as long as they do. */
  async #awaitTurn({ arrivals }: Group, tries: number): Promise<void> {
    const { clock, self } = this.#context;
    const step = Math.min(TURN_LATEST_MS, TURN_MS * 2 ** tries);
    let ahead = arrivals.ahead(self.user, clock.monotonic());
    if (ahead === 0 && tries > 0) await jitter(this.#context, arrivals.has(self.user) ? 1 : tries);
    while (ahead > 0) {
      await arrivals.turnOf(self.user, this.#context, Math.min(ahead * step, ARRIVES_WITHIN_MS));
      const left = arrivals.ahead(self.user, clock.monotonic());
      if (left === ahead) return;
      ahead = left;
    }
  }

  /** The group's keys begin anew, with this device; the others come in by themselves. Call where `enter` finds no way in. */
  async renew(group: Group): Promise<void> {
    const { engine, request, keyPackages, self, anchor, clock } = this.#context;
    const { current } = await request('groups.info', { group: group.id });
    const epoch = current + 1;
    const state = await engine.createGroup({
      ...keyPackages.leaf(),
      ...{ groupId: group.id, epoch, suite: suiteOf(group.roster.kind) },
    });
    const common = { directory: anchor.trust.directoryId, group: group.id, previous: group.head, at: clock.now() };
    const signed = signStatement({ ...common, action: 'renew', epoch }, self.key);
    group.renewed = { epoch, state };
    try {
      await request('groups.renew', { group: group.id, ...signed, info: await engine.groupInfo(state) });
    } catch (error) {
      if (!hasCode(error, 'epoch-taken') && !hasCode(error, 'head-moved')) throw error;
    }
    await this.#catchUp(group);
    if (group.mls?.state.epoch === epoch && group.roster.history !== 'shared') await this.#addAll(group);
  }

  /** All devices there are of the members, so that nobody misses what is said from now on. */
  async #addAll(group: Group): Promise<void> {
    const { contacts, report } = this.#context;
    const all: DeviceAddress[] = [];
    for (const { user } of group.roster.members()) {
      // Of one who can't be judged now the others must not be the victims.
      const contact = await contacts.addressed(user).catch((error: unknown) => report('', error));
      all.push(...(contact?.addressees ?? []));
    }
    for (let at = 0; at < all.length; at += ADDED_AT_ONCE) {
      const some = all.slice(at, at + ADDED_AT_ONCE);
      await this.#addDevices(group, async () => some);
    }
  }

  /** The key of the current epoch, for newcomers to come. */
  epochKey(group: Group): Step[] {
    if (group.mls === undefined || group.roster.history !== 'shared') return [];
    const { epoch } = group.mls.state;
    const key = this.archiveKey(group);
    return [this.#context.tables.archiveKeys.put([hex(group.id), epoch], { epoch, key })];
  }

  archiveKey(group: Group): Uint8Array {
    const { state } = group.mls!;
    const known = this.#archiveKeys.get(state);
    if (known !== undefined) return known;
    const key = this.#context.engine.exportSecret(state, ARCHIVE_LABEL, group.id, ARCHIVE_KEY_BYTES);
    this.#archiveKeys.set(state, key);
    return key;
  }

  /** @returns whether it was taken; the group has caught up either way */
  async #commit(group: Group, change: { add?: readonly Added[]; remove: number[] }): Promise<boolean> {
    const { engine, groups, disk, request } = this.#context;
    const mls = group.mls!;
    const add = (change.add ?? []).map((one) => one.package);
    const made = await engine.commit(mls.state, { add, remove: change.remove, aad: group.head });
    mls.state = made.waiting;
    mls.pending = { commit: made.commit, next: made.next };
    await disk.write(groups.savePending(mls));
    if (made.welcome) {
      const devices = change.add!.map(({ user, device }) => ({ user, device }));
      await request('groups.welcome.put', { group: group.id, epoch: made.epoch, devices, welcome: made.welcome });
    }
    const info = await engine.groupInfo(made.next);
    const seq = await this.#offer(group, { epoch: made.epoch, commit: made.commit, info });
    await this.#catchUp(group);
    return seq !== undefined;
  }

  /** @returns the commit's place in the log, undefined where another was first */
  async #offer(
    group: Group,
    commit: { epoch: number; commit: Uint8Array; info: Uint8Array },
  ): Promise<number | undefined> {
    const { request, self, tables, disk } = this.#context;
    try {
      const { seq, proof } = await request('groups.commit', { group: group.id, head: group.head, ...commit });
      const from = { user: self.user, device: self.device };
      const { epoch, commit: bytes } = commit;
      // Who comes in by it does not read it in the log.
      if (group.mls === undefined && proof)
        await disk.write(keep(tables, group, { kind: 'commit', seq, epoch, commit: bytes, from, proof }));
      return seq;
    } catch (error) {
      if (hasCode(error, 'epoch-taken') || hasCode(error, 'head-moved')) return undefined;
      throw error;
    }
  }

  #assertKnown(group: Group, member: MlsMember): void {
    const { user, identityKey } = this.#context.anchor.readDevice(member.certificate);
    const standing = group.roster.standing(user);
    if (standing === undefined || standing.state === 'invited')
      throw refused(group, `${user} was brought in by nobody`);
    if (standing.identityKey && !sameBytes(standing.identityKey, identityKey)) {
      throw refused(group, `a device of ${user} belongs to another identity`);
    }
  }

  #isSuperfluous(group: Group, member: MlsMember): boolean {
    const { user, serial } = this.#context.anchor.readDevice(member.certificate);
    return !group.roster.isMember(user) || this.#context.anchor.crl.isRevoked(serial);
  }

  /** Whether the account has the device no more; one that is away longer than its certificate lives is none of these. */
  async #isGone(member: MlsMember): Promise<boolean> {
    const { user, device } = this.#owner(member);
    const contact = await this.#context.contacts.resolve(user);
    return !contact.addressees.some((one) => one.device === device);
  }

  /** Whose devices are inside besides this one. */
  #others(state: MlsState): string[] {
    const { engine, self } = this.#context;
    const users = engine.members(state).map((member) => this.#owner(member));
    return users.filter(({ device }) => device !== self.device).map(({ user }) => user);
  }

  #owner(member: MlsMember) {
    return this.#context.groups.owner(member.certificate);
  }
}

export const refused = (group: Group, why: string): Failure =>
  new Failure('membership-refused', `a change to #${group.row.name} was refused: ${why}`, {
    hint: "Nothing was shown to them. Tell the other members, and the directory's operator.",
    details: { group: conversationIn(group.row.name) },
  });

/** Rooms have many members, and their trees must fit into a frame. */
export const suiteOf = (kind: GroupKind): MlsSuite => (kind === 'open' ? 'classic' : 'hybrid');

/** Whether no honest member can follow a commit that failed so. */
export const isUnfollowable = ({ code }: Failure): boolean => UNFOLLOWABLE.has(code);
const UNFOLLOWABLE = new Set([
  'mls-malformed',
  'mls-invalid',
  'mls-unreadable',
  'mls-proposal-missing',
  'membership-refused',
]);

/** Whether nobody gets in by what the last committer left, whoever tries: not a judgement of this device alone. */
export const isBroken = (error: unknown): boolean => {
  const { reason, code } = toFailure(error);
  return (
    (reason === 'protocol' && code !== 'mls-refused') || code === 'membership-refused' || code === 'group-info-stale'
  );
};

/** Its certificate may be revoked by a list that has not come yet: others follow it then, and this device after them. */
const removalRefused = (group: Group, user: string): Failure =>
  new Failure('removal-refused', `a change to #${group.row.name} removes a device of ${user}, who is a member`, {
    details: { group: conversationIn(group.row.name) },
  });

const infoBroken = (group: Group): Failure =>
  new Failure('group-info-broken', `what leads into #${group.row.name} is of another epoch`);

const infoStale = (group: Group): Failure =>
  new Failure('group-info-stale', `#${group.row.name} cannot be entered just now`);
