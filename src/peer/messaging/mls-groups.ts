import type { KeyObject } from 'node:crypto';
import { hex } from '../../base/bytes.js';
import { type Code, hasCode } from '../../base/errors.js';
import type { MlsEngine, MlsMember, MlsState } from '../../crypto/mls.js';
import type { Step } from '../../store/local.js';
import type { DeviceAddress } from '../../wire/directory.js';
import type { TrustAnchor } from '../identity/trust-anchor.js';
import type { GroupRow, Tables } from '../storage/tables.js';
import { conversationIn, isGroupId, nameIn } from './conversation.js';

/** The other person of a direct conversation, or the name of a group. */
export type MlsGroupOwner =
  | { readonly kind: 'direct'; readonly user: string }
  | { readonly kind: 'group'; readonly name: string };

/** A part is missing or damaged, or belongs to keys which this device had before. */
const UNUSABLE: readonly Code[] = ['mls-malformed', 'mls-unusable', 'malformed'];

/** An MLS group as this process holds it: the newest state, written or about to be. */
export interface MlsGroup {
  readonly id: Uint8Array;
  /** The conversation whose messages it seals. */
  readonly owner: MlsGroupOwner;
  readonly number: number;
  state: MlsState;
  /** The state which the disk has, once the writes under way are done. */
  saved?: MlsState;
  /** A commit of ours whose fate at the directory isn't known yet, and the state it leads to. */
  pending?: { readonly commit: Uint8Array; readonly next: MlsState };
  /** Devices that belong in it and could not be added yet: they are owed what is said meanwhile. */
  lacking?: readonly DeviceAddress[];
}

export interface Member extends DeviceAddress {
  readonly leafIndex: number;
}

/** Loads and saves groups. What is in memory is the newest; steps must be written in the order in which they are made. */
export class MlsGroups {
  readonly #tables: Tables;
  readonly #engine: MlsEngine;
  readonly #anchor: TrustAnchor;
  readonly #signatureKey: KeyObject;
  readonly #groups = new Map<string, Promise<MlsGroup | undefined>>();
  readonly #members = new WeakMap<MlsGroup, { readonly epoch: number; readonly members: readonly Member[] }>();

  constructor(tables: Tables, engine: MlsEngine, anchor: TrustAnchor, signatureKey: KeyObject) {
    this.#tables = tables;
    this.#engine = engine;
    this.#anchor = anchor;
    this.#signatureKey = signatureKey;
  }

  find(id: Uint8Array): Promise<MlsGroup | undefined> {
    const name = hex(id);
    const known = this.#groups.get(name);
    if (known) return known;
    const loading = this.#load(name);
    this.#groups.set(name, loading);
    // Nothing is remembered of a group that isn't there: it may come.
    const forget = (): unknown => this.#groups.get(name) === loading && this.#groups.delete(name);
    loading.then((group) => group ?? forget(), forget);
    return loading;
  }

  add(group: MlsGroup): Step[] {
    this.#groups.set(hex(group.id), Promise.resolve(group));
    return [this.#describe(group), ...this.save(group)];
  }

  /** What has changed since the last save. */
  save(group: MlsGroup): Step[] {
    const name = hex(group.id);
    const { put, drop } = this.#engine.encodeState(group.state, group.saved);
    group.saved = group.state;
    return [
      ...[...put].map(([part, bytes]) => this.#tables.parts.put([name, part], { part, bytes })),
      ...drop.map((part) => this.#tables.parts.remove([name, part])),
    ];
  }

  /**
   * What was to be written of it was not: the next who needs it takes it as the disk has it. A ratchet that went on in memory
   * would take for a replay what comes again.
   */
  revert(group: MlsGroup): void {
    this.#groups.delete(hex(group.id));
  }

  /** Everything of the group goes. */
  async drop(group: MlsGroup): Promise<Step[]> {
    const name = hex(group.id);
    this.#groups.delete(name);
    const parts = new Set(this.#engine.encodeState(group.state).put.keys());
    for await (const { part } of this.#tables.parts.range([name])) parts.add(part);
    return [this.#tables.groups.remove([name]), ...[...parts].map((part) => this.#tables.parts.remove([name, part]))];
  }

  /** Before a commit leaves: whether it was accepted shows itself in the directory's log, even after a crash. */
  savePending(group: MlsGroup): Step[] {
    return [this.#describe(group), ...this.save(group)];
  }

  /** The devices in the group, by their leaves' certificates. */
  members(group: MlsGroup): readonly Member[] {
    const { epoch } = group.state;
    const cached = this.#members.get(group);
    if (cached?.epoch === epoch) return cached.members;
    const members = this.#engine.members(group.state).map((member) => this.#memberOf(member));
    this.#members.set(group, { epoch, members });
    return members;
  }

  /** Whose device a certificate in a group is; it was judged when it came in. */
  owner(certificate: Uint8Array): DeviceAddress {
    const { user, deviceId: device } = this.#anchor.readDevice(certificate);
    return { user, device };
  }

  #memberOf({ certificate, leafIndex }: MlsMember): Member {
    return { ...this.owner(certificate), leafIndex };
  }

  #describe({ id, owner, number, pending }: MlsGroup): Step {
    const next = pending && [...this.#engine.encodeState(pending.next).put].map(([part, bytes]) => ({ part, bytes }));
    const user = owner.kind === 'direct' ? owner.user : conversationIn(owner.name);
    const row = { group: id, user, number, ...(pending && next && { pending: { commit: pending.commit, next } }) };
    return this.#tables.groups.put([hex(id)], row);
  }

  async #load(name: string): Promise<MlsGroup | undefined> {
    const row = await this.#tables.groups.get(name);
    if (row === undefined) return undefined;
    try {
      return await this.#restore(name, row);
    } catch (error) {
      // What is lost of its keys does not come back: the conversation begins anew.
      if (!UNUSABLE.some((code) => hasCode(error, code))) throw error;
      await this.#tables.groups.setAside([name], error);
      return undefined;
    }
  }

  async #restore(name: string, row: GroupRow): Promise<MlsGroup> {
    const parts = new Map<string, Uint8Array>();
    for await (const { part, bytes } of this.#tables.parts.range([name])) parts.set(part, bytes);
    const state = this.#engine.decodeState(parts, this.#signatureKey);
    const { group: id, user, number, pending } = row;
    return {
      id,
      owner: isGroupId(user) ? { kind: 'group', name: nameIn(user) } : { kind: 'direct', user },
      number,
      state,
      saved: state,
      ...(pending && {
        pending: {
          commit: pending.commit,
          next: this.#engine.decodeState(
            new Map(pending.next.map(({ part, bytes }) => [part, bytes])),
            this.#signatureKey,
          ),
        },
      }),
    };
  }
}
