import { hex } from '../../../base/bytes.js';
import { Failure } from '../../../base/errors.js';
import { openArchived, SIGNAL_LABEL, sealArchived } from '../../../crypto/archive.js';
import type { DirectoryNotices } from '../../../wire/directory.js';
import { CLOCK_SKEW_MS, SIGNAL_MEMBERS } from '../../../wire/limits.js';
import type { Notice } from '../../../wire/rpc.js';
import { decodeSignal, encodeSignal, type Signal, type SignalInit } from '../../../wire/signals.js';
import { conversationIn } from '../conversation.js';
import type { GroupContext } from './context.js';
import type { Group } from './group.js';

export interface SignalsInit extends GroupContext {
  find(id: Uint8Array): Group | undefined;
}

const KEY_BYTES = 32;
/** Devices whose latest signal is remembered, in all groups. */
const REMEMBERED = 4_096;

/**
 * What passes between the members of a group who are there. Sealed under a secret of the epoch (RFC 9420 §8.5), which
 * moves no ratchet and writes nothing; signed by its author's device, so that neither the directory nor another member
 * can speak for it.
 */
export class Signals {
  readonly #init: SignalsInit;
  readonly #keys = new WeakMap<Group, { readonly epoch: number; readonly key: Uint8Array }>();
  /** The newest of each device, by group: an older one is one played again. */
  readonly #latest = new Map<string, number>();
  #at = 0;

  constructor(init: SignalsInit) {
    this.#init = init;
  }

  /** @returns false where nobody could be told now */
  async send(group: Group, signal: SignalInit): Promise<boolean> {
    const { random, self, anchor, request, clock, isOnline } = this.#init;
    if (group.mls === undefined || !isOnline()) return false;
    if (group.roster.members().length > SIGNAL_MEMBERS) return true;
    this.#at = Math.max(this.#at + 1, clock.now());
    const { epoch } = group.mls.state;
    const id = random.bytes(16);
    const place = { use: 'signal' as const, directoryId: anchor.trust.directoryId, group: group.id, epoch, id };
    const author = { user: self.user, key: self.key, statement: self.statement };
    const content = encodeSignal({ ...signal, at: this.#at } as Signal);
    const sealed = sealArchived(this.#key(group), place, { author, content, random });
    await request('groups.signal', { group: group.id, id, epoch, sealed });
    return true;
  }

  async heard(notice: Notice<DirectoryNotices, 'groups.signal'>): Promise<void> {
    const { clock } = this.#init;
    const { group: groupId } = notice;
    const group = this.#init.find(groupId);
    if (group?.mls === undefined || group.mls.state.epoch !== notice.epoch) return;
    const opened = this.#opened(group, notice);
    if (opened === undefined) return;
    const { signal } = opened;
    if (!group.roster.isMember(opened.user) || Math.abs(signal.at - clock.now()) > CLOCK_SKEW_MS) return;
    if (this.#isOld(`${hex(groupId)} ${hex(opened.deviceKey)}`, signal.at)) return;
    await this.#init.onSignal(conversationIn(group.row.name), opened.user, signal);
  }

  /** Undefined for what is not as it should be: a signal is not worth a complaint. */
  #opened(group: Group, { id, sealed }: Notice<DirectoryNotices, 'groups.signal'>) {
    const { directoryId } = this.#init.anchor.trust;
    const place = { use: 'signal' as const, directoryId, group: group.id, id };
    try {
      const author = openArchived(sealed, this.#key(group), place, (user) => group.roster.standing(user)?.identityKey);
      return { ...author, signal: decodeSignal(author.content) };
    } catch (error) {
      if (error instanceof Failure && (error.reason === 'protocol' || error.reason === 'trust')) return undefined;
      throw error;
    }
  }

  #isOld(device: string, at: number): boolean {
    const latest = this.#latest.get(device);
    if (latest !== undefined && at <= latest) return true;
    this.#latest.delete(device);
    this.#latest.set(device, at);
    if (this.#latest.size > REMEMBERED) this.#latest.delete(this.#latest.keys().next().value!);
    return false;
  }

  #key(group: Group): Uint8Array {
    const { state } = group.mls!;
    const known = this.#keys.get(group);
    if (known?.epoch === state.epoch) return known.key;
    const key = this.#init.engine.exportSecret(state, SIGNAL_LABEL, group.id, KEY_BYTES);
    this.#keys.set(group, { epoch: state.epoch, key });
    return key;
  }
}
