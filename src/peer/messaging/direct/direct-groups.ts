import type { KeyObject } from 'node:crypto';
import { sameBytes } from '../../../base/bytes.js';
import { type Code, Failure, hasCode } from '../../../base/errors.js';
import type { Random } from '../../../base/random.js';
import type { MlsEngine } from '../../../crypto/mls.js';
import type { LocalStore, Step } from '../../../store/local.js';
import { MESSAGE_ID_BYTES } from '../../../wire/content.js';
import type { DeviceAddress, Parcel } from '../../../wire/directory.js';
import type { DirectoryRequest } from '../../../wire/directory-request.js';
import { DIRECT_LEAP } from '../../../wire/limits.js';
import { foldName } from '../../../wire/names.js';
import { parcelCodec } from '../../../wire/peer-link.js';
import type { Contacts } from '../../identity/contacts.js';
import { conversationWith } from '../conversation.js';
import type { History } from '../history.js';
import type { KeyPackages } from '../key-packages.js';
import type { MlsGroup, MlsGroups } from '../mls-groups.js';
import { isEmptyPlan, type MembershipPlan, planMembership } from './membership-plan.js';

export interface DirectGroupsInit {
  readonly self: DeviceAddress;
  readonly engine: MlsEngine;
  readonly signatureKey: KeyObject;
  readonly groups: MlsGroups;
  readonly keyPackages: KeyPackages;
  readonly history: History;
  readonly contacts: Contacts;
  readonly store: LocalStore;
  readonly random: Random;
  request: DirectoryRequest;
  isOnline(): boolean;
  /** Devices of the other person were put out of the conversation: what was stored for them has nobody, unless they come back. */
  onGone(user: string): void;
  /** Whether the directory takes a number that is further than the next. */
  mayLeap(): boolean;
  /** Runs work on a conversation, one after the other. */
  enqueue<T>(user: string, work: () => Promise<T>): Promise<T>;
}

/** How often a change is tried again after another device was first. */
const TRIES = 8;

/** After these nothing is encrypted, not even with what was known before. */
const REFUSED: readonly Code[] = ['identity-changed'];

/**
 * The MLS group behind each direct conversation: all devices of both people. Whoever writes first sees to it that the
 * group is there and has the devices which the rosters name. A device that isn't in the group, or has lost its state,
 * makes the next one; the directory's record of the current number settles races. But for `join`, callers hold the
 * conversation's queue.
 */
export class DirectGroups {
  readonly #init: DirectGroupsInit;
  /** Devices that had no key package when they were looked up last: asked for again when they are looked up anew. */
  readonly #asked = new WeakSet<DeviceAddress>();

  constructor(init: DirectGroupsInit) {
    this.#init = init;
  }

  /**
   * The group to seal the next message in.
   * @throws Failure: 'directory-offline' without a group, 'identity-changed', 'no-key-packages', 'user-unknown'
   */
  async ready(user: string): Promise<MlsGroup> {
    for (let tries = 0; tries < TRIES; tries++) {
      const group = await this.#current(user);
      if (!this.#init.isOnline())
        return group ? this.#addressed(group, await this.#knownDevices(user)) : this.#offline();
      const wanted = await this.#wantedDevices(user);
      if (group === undefined) return this.#addressed(await this.#create(user, wanted), wanted);
      const { add, remove } = planMembership(this.#init.groups.members(group), wanted);
      const plan = { add: add.filter((one) => !this.#asked.has(one)), remove };
      if (isEmptyPlan(plan) || (await this.#change(group, plan))) return this.#addressed(group, wanted);
    }
    throw new Failure('group-contention', `the conversation with ${user} keeps changing under our hands`);
  }

  /**
   * The group, if it has a device of the other person: what would be sealed for nobody waits instead.
   * @throws Failure unreachable 'no-key-packages'
   */
  #addressed(group: MlsGroup, wanted: readonly DeviceAddress[]): MlsGroup {
    const members = this.#init.groups.members(group);
    const present = new Set(members.map(({ device }) => device));
    const user = userOf(group);
    if (!members.some((one) => foldName(one.user) === foldName(user))) throw noKeyPackages(user);
    group.lacking = wanted.filter(({ device }) => !present.has(device));
    return group;
  }

  /** Applies what others have committed since, in order. */
  async catchUp(group: MlsGroup): Promise<void> {
    for (;;) {
      const { commits, more } = await this.#init.request('group.read', { group: group.id, from: group.state.epoch });
      for (const { epoch, commit } of commits) {
        if (epoch === group.state.epoch) await this.applyCommit(group, commit);
      }
      if (!more) return;
    }
  }

  /** The commit which ends the group's current epoch, as the directory's log has it. */
  async applyCommit(group: MlsGroup, commit: Uint8Array): Promise<void> {
    if (group.pending && sameBytes(group.pending.commit, commit)) return this.#adopt(group);
    const { next, removed } = await this.#init.engine.applyCommit(group.state, commit, ({ added, external }) => {
      if (external) throw notAllowed('somebody who was not a member changed it');
      for (const { certificate } of added) this.#assertBelongs(certificate, userOf(group));
      return true;
    });
    delete group.pending;
    group.state = next;
    await this.#init.store.write(this.#init.groups.savePending(group));
    this.#tellGone(
      group,
      removed.map(({ certificate }) => this.#init.groups.owner(certificate)),
    );
  }

  #tellGone(group: MlsGroup, removed: readonly DeviceAddress[]): void {
    const user = userOf(group);
    if (group.state.active && removed.some((one) => foldName(one.user) === foldName(user))) this.#init.onGone(user);
  }

  /** Joins the group which a Welcome is for. */
  async join(number: number, welcome: Uint8Array): Promise<void> {
    const { engine, keyPackages, signatureKey } = this.#init;
    const keyPackage = await keyPackages.matching(welcome);
    const state = await engine.join(welcome, keyPackage.private, signatureKey);
    const certificates = engine.members(state).map(({ certificate }) => certificate);
    const user = this.#otherOf(certificates);
    for (const certificate of certificates) this.#assertBelongs(certificate, user);
    const group: MlsGroup = { id: state.groupId, owner: { kind: 'direct', user }, number, state };
    await this.#init.enqueue(user, () => this.#install(group, keyPackages.used(keyPackage)));
  }

  async #install(group: MlsGroup, steps: readonly Step[]): Promise<void> {
    const { history, groups, store } = this.#init;
    const head = await history.head(conversationWith(userOf(group)));
    const isNewer = group.number > head.number;
    if (isNewer) {
      head.number = group.number;
      head.group = group.id;
    }
    await store.write([...groups.add(group), ...steps, ...(isNewer ? [history.saveHead(head)] : [])]);
  }

  /** Whether there is a group to write in, as far as this device knows. */
  async has(user: string): Promise<boolean> {
    return (await this.#known(user)) !== undefined;
  }

  /** Whether devices have to be removed from it. Call it in the conversation's queue. */
  async hasLeavers(user: string): Promise<boolean> {
    const group = await this.#known(user);
    if (group === undefined || !this.#init.isOnline()) return false;
    const wanted = await this.#wantedDevices(user);
    return planMembership(this.#init.groups.members(group), wanted).remove.length > 0;
  }

  /** Gives the conversation's MLS group up: the next message makes a new one. */
  async abandon(user: string): Promise<void> {
    const head = await this.#init.history.head(conversationWith(user));
    delete head.group;
    await this.#init.store.write([this.#init.history.saveHead(head)]);
  }

  /** After the directory's store was set back: gives the group up unless the directory has it in the same state. */
  async compare(user: string): Promise<void> {
    const group = await this.#known(user);
    if (group === undefined) return;
    const there = await this.#init.request('direct.get', { user });
    // What is newer has its Welcome in the mailbox.
    if (there.number > group.number) return;
    const isSame = there.group !== undefined && sameBytes(there.group, group.id);
    if (!isSame || !(await this.#isLogged(group))) await this.abandon(user);
  }

  /** Whether the directory has the commit that led into this epoch. */
  async #isLogged({ id, state }: MlsGroup): Promise<boolean> {
    const from = state.epoch - 1;
    if (from < 1) return true;
    const { commits } = await this.#init.request('group.read', { group: id, from });
    return commits.some(({ epoch }) => epoch === from);
  }

  async #known(user: string): Promise<MlsGroup | undefined> {
    const { group: id } = await this.#init.history.head(conversationWith(user));
    const group = id && (await this.#init.groups.find(id));
    return group?.state.active ? group : undefined;
  }

  async #current(user: string): Promise<MlsGroup | undefined> {
    const group = await this.#known(user);
    if (group?.pending && this.#init.isOnline()) await this.catchUp(group);
    return group?.state.active ? group : undefined;
  }

  #offline(): never {
    throw new Failure('directory-offline', 'the directory is needed to begin a conversation', {
      hint: 'The message is queued and leaves when the directory can be reached.',
    });
  }

  async #wantedDevices(user: string): Promise<readonly DeviceAddress[]> {
    const { contacts, self } = this.#init;
    const [theirs, ours] = await Promise.all([contacts.addressed(user), contacts.addressed(self.user)]);
    return [...theirs.addressees, ...ours.addressees];
  }

  /** Without the directory: as it told last, where what it told can still be judged. */
  #knownDevices(user: string): Promise<readonly DeviceAddress[]> {
    return this.#wantedDevices(user).catch((error: unknown) => {
      if (REFUSED.some((code) => hasCode(error, code))) throw error;
      return [];
    });
  }

  /** @throws Failure 'direct-taken' where another device was first: its Welcome is in the mailbox */
  async #create(user: string, wanted: readonly DeviceAddress[]): Promise<MlsGroup> {
    const { engine, groups, store, keyPackages, random, request, self } = this.#init;
    const others = wanted.filter((one) => one.device !== self.device && !this.#asked.has(one));
    if (!others.some((one) => foldName(one.user) === foldName(user))) throw noKeyPackages(user);
    const number = await this.#nextNumber(user);
    const claimed = await this.#claim(others);
    if (!claimed.some((one) => foldName(one.user) === foldName(user))) throw noKeyPackages(user);
    const id = random.bytes(16);
    const empty = await engine.createGroup({ groupId: id, ...keyPackages.leaf() });
    const { next, welcome } = await engine.commit(empty, { add: claimed.map((one) => one.package) });
    const group: MlsGroup = { id, owner: { kind: 'direct', user }, number, state: next };
    // Before the others can know of it: whoever is let in may write at once.
    await store.write(groups.add(group));
    try {
      await request('direct.create', { user, number, group: id, parcels: this.#welcomes(claimed, number, welcome!) });
    } catch (error) {
      await this.#assertAccepted(error, user, id);
    }
    await this.#install(group, []);
    return group;
  }

  /** Beyond every number this device knows: the directory may have lost the last ones. */
  async #nextNumber(user: string): Promise<number> {
    const { number } = await this.#init.request('direct.get', { user });
    const head = await this.#init.history.head(conversationWith(user));
    const wanted = this.#init.mayLeap() ? Math.max(number, head.number) : number;
    return Math.min(wanted + 1, number + DIRECT_LEAP);
  }

  /** A lost answer is no refusal: what the directory has now decides. */
  async #assertAccepted(error: unknown, user: string, id: Uint8Array): Promise<void> {
    if (!hasCode(error, 'request-timeout')) throw error;
    const { group } = await this.#init.request('direct.get', { user });
    if (group === undefined || !sameBytes(group, id)) throw error;
  }

  /** @returns whether the change was accepted; otherwise the group has caught up with the one that was */
  async #change(group: MlsGroup, plan: MembershipPlan): Promise<boolean> {
    const { engine, groups, store, request } = this.#init;
    const leaving = groups.members(group).filter(({ leafIndex }) => plan.remove.includes(leafIndex));
    const claimed = await this.#claim(plan.add);
    // A device without key packages can't be added now: the others must not wait for it.
    if (claimed.length === 0 && plan.remove.length === 0) return true;
    const add = claimed.map((one) => one.package);
    const { waiting, next, commit, welcome } = await engine.commit(group.state, { add, remove: plan.remove });
    group.state = waiting;
    group.pending = { commit, next };
    await store.write(groups.savePending(group));
    const parcels = welcome ? this.#welcomes(claimed, group.number, welcome) : [];
    try {
      await request('group.commit', { group: group.id, epoch: group.state.epoch, commit, parcels });
      await this.#adopt(group);
      this.#tellGone(group, leaving);
      return true;
    } catch (error) {
      if (!hasCode(error, 'epoch-taken') && !hasCode(error, 'request-timeout')) throw error;
      await this.catchUp(group);
      return false;
    }
  }

  async #adopt(group: MlsGroup): Promise<void> {
    group.state = group.pending!.next;
    delete group.pending;
    await this.#init.store.write(this.#init.groups.savePending(group));
  }

  /** One key package for each device that has one left, each judged to be of that very device. */
  async #claim(devices: readonly DeviceAddress[]): Promise<readonly (DeviceAddress & { package: Uint8Array })[]> {
    if (devices.length === 0) return [];
    const asked = devices.map(({ user, device }) => ({ user, device }));
    const { packages } = await this.#init.request('keypackages.claim', { devices: asked });
    for (const one of devices) if (!packages.some(({ device }) => device === one.device)) this.#asked.add(one);
    const judged = packages.map(async ({ device, package: bytes }) => {
      const address = devices.find((one) => one.device === device);
      return address && (await this.#init.keyPackages.isOf(bytes, address)) ? [{ ...address, package: bytes }] : [];
    });
    return (await Promise.all(judged)).flat();
  }

  #welcomes(claimed: readonly DeviceAddress[], number: number, welcome: Uint8Array): Parcel[] {
    const sealed = parcelCodec.encode({ kind: 'welcome', number, welcome });
    return claimed.map(({ user, device }) => ({ user, device, id: this.#init.random.bytes(MESSAGE_ID_BYTES), sealed }));
  }

  #otherOf(certificates: readonly Uint8Array[]): string {
    const own = foldName(this.#init.self.user);
    const others = certificates
      .map((certificate) => this.#init.groups.owner(certificate).user)
      .filter((user) => foldName(user) !== own);
    if (others[0] === undefined) throw notAllowed('nobody else is in it');
    return others[0];
  }

  #assertBelongs(certificate: Uint8Array, user: string): void {
    const { user: owner } = this.#init.groups.owner(certificate);
    const folded = foldName(owner);
    if (folded !== foldName(user) && folded !== foldName(this.#init.self.user)) {
      throw notAllowed(`${owner} was added to a conversation of two`);
    }
  }
}

/** Whose conversation it is the group of. */
function userOf({ owner }: MlsGroup): string {
  if (owner.kind !== 'direct') throw notAllowed('it is a group of many');
  return owner.user;
}

const notAllowed = (why: string): Failure =>
  new Failure('membership-refused', `a change to the conversation was refused: ${why}`);

const noKeyPackages = (user: string): Failure =>
  new Failure('no-key-packages', `no device of ${user} can be written to yet`, {
    hint: `The message is queued and leaves when ${user} has been online.`,
    details: { user },
  });
