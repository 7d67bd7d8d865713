import type { KeyObject } from 'node:crypto';
import { sameBytes } from '../../base/bytes.js';
import type { Failure } from '../../base/errors.js';
import { MLS_PAST_EPOCHS } from '../../wire/limits.js';
import { mlsFailure } from './failures.js';
import { type Ratchet, startRatchet } from './ratchet.js';
import { deriveTreeSecret, hashBytes, type MlsSuite, suiteOf } from './suite.js';
import { type ClientConfig, type ClientState, encodeGroupContext } from './ts-mls.js';

/** One device in a group. */
export interface MlsMember {
  readonly leafIndex: number;
  /** DER, as it was when its leaf was last renewed: its lifetime may be over. */
  readonly certificate: Uint8Array;
  /** Raw Ed25519 public key, 32 bytes; the same for as long as the leaf exists. */
  readonly signatureKey: Uint8Array;
}

/** What one member knows of a group at one moment. Immutable: every operation makes a new one. */
export interface MlsState {
  readonly suite: MlsSuite;
  readonly groupId: Uint8Array;
  readonly epoch: number;
  readonly ownLeaf: number;
  /** False once this device has been removed: old messages can be opened, nothing can be sent. */
  readonly active: boolean;
}

/** What the library knows of the current epoch, without its secret tree, history and signature key. */
export type Core = Pick<
  ClientState,
  'groupContext' | 'keySchedule' | 'ratchetTree' | 'privatePath' | 'confirmationTag'
> & {
  /** By leaf index; the ratchets of commits stay at their beginning, because a commit ends the epoch. */
  readonly handshakeSecrets: readonly (Uint8Array | undefined)[];
};

/** What opening and sealing needs of an epoch, current or past. */
export interface EpochKeys {
  readonly epoch: number;
  /** The encoded GroupContext. */
  readonly context: Uint8Array;
  readonly senderDataSecret: Uint8Array;
  readonly members: ReadonlyMap<number, MlsMember>;
  /** By leaf index, RATCHET_BLOCK leaves a block, so that one message changes one small piece. */
  readonly ratchets: readonly RatchetBlock[];
}

export type RatchetBlock = readonly (Ratchet | undefined)[];
export const RATCHET_BLOCK = 16;

export interface State extends MlsState {
  readonly signatureKey: KeyObject;
  readonly core: Core;
  /** Commits of ours that were made in this epoch, whether or not the directory took them. */
  readonly ownHandshake: number;
  /** The current epoch and at most MLS_PAST_EPOCHS before it, oldest first. */
  readonly epochs: readonly EpochKeys[];
}

const states = new WeakSet<MlsState>();

/** The state behind the public one. */
export function inside(state: MlsState): State {
  if (!states.has(state)) throw mlsFailure('mls-unusable', 'not a state of this engine');
  return state as State;
}

export function makeState(fields: Omit<State, 'suite' | 'groupId' | 'epoch' | 'ownLeaf'>): State {
  const { groupContext, privatePath } = fields.core;
  const state: State = {
    suite: suiteOf(groupContext.cipherSuite),
    groupId: groupContext.groupId,
    epoch: Number(groupContext.epoch),
    ownLeaf: privatePath.leafIndex,
    ...fields,
  };
  states.add(state);
  return state;
}

/** The same epoch with something changed. */
export const changed = (state: State, change: Partial<Pick<State, 'active' | 'ownHandshake' | 'epochs'>>): State => {
  const { signatureKey, core, active, ownHandshake, epochs } = state;
  return makeState({ signatureKey, core, active, ownHandshake, epochs, ...change });
};

/** The state at the beginning of the epoch which the library has reached. */
export function enterEpoch(reached: ClientState, signatureKey: KeyObject, before?: State): State {
  const { groupContext, keySchedule, ratchetTree, privatePath, confirmationTag, secretTree } = reached;
  const members = membersOf(ratchetTree);
  const leaves = Array.from({ length: (ratchetTree.length + 1) / 2 }, (_, leaf) =>
    members.has(leaf) ? secretTree[leaf * 2] : undefined,
  );
  const current: EpochKeys = {
    epoch: Number(groupContext.epoch),
    context: encodeGroupContext(groupContext),
    senderDataSecret: keySchedule.senderDataSecret,
    members,
    ratchets: inBlocks(leaves.map((node) => node && startRatchet(node.application.secret))),
  };
  return makeState({
    signatureKey,
    active: true,
    core: {
      groupContext,
      keySchedule,
      ratchetTree,
      privatePath: withoutBlank(privatePath, ratchetTree),
      confirmationTag,
      handshakeSecrets: leaves.map((node) => node?.handshake.secret),
    },
    ownHandshake: 0,
    epochs: [...(before?.epochs ?? []).slice(-MLS_PAST_EPOCHS), current],
  });
}

/** The library keeps the private keys of nodes which have been blanked since. */
function withoutBlank(path: Core['privatePath'], tree: Core['ratchetTree']): Core['privatePath'] {
  const kept = Object.entries(path.privateKeys).filter(([node]) => tree[Number(node)] !== undefined);
  return { leafIndex: path.leafIndex, privateKeys: Object.fromEntries(kept) };
}

function inBlocks(ratchets: RatchetBlock): RatchetBlock[] {
  const blocks: RatchetBlock[] = [];
  for (let at = 0; at < ratchets.length; at += RATCHET_BLOCK) blocks.push(ratchets.slice(at, at + RATCHET_BLOCK));
  return blocks;
}

function membersOf(tree: ClientState['ratchetTree']): ReadonlyMap<number, MlsMember> {
  const members = new Map<number, MlsMember>();
  for (let node = 0; node < tree.length; node += 2) {
    const at = tree[node];
    if (at?.nodeType !== 'leaf') continue;
    members.set(node / 2, memberOf(node / 2, at.leaf));
  }
  return members;
}

type Leaf = Extract<ClientState['ratchetTree'][number], { nodeType: 'leaf' }>['leaf'];

/** @throws Failure 'mls-invalid' where the credential isn't exactly one certificate */
export function memberOf(leafIndex: number, leaf: Leaf): MlsMember {
  const { credential, signaturePublicKey } = leaf;
  const certificate = credential.credentialType === 'x509' ? credential.certificates[0] : undefined;
  if (credential.credentialType !== 'x509' || certificate === undefined || credential.certificates.length !== 1) {
    throw mlsFailure('mls-invalid', 'a member whose credential is not one certificate');
  }
  return { leafIndex, certificate, signatureKey: signaturePublicKey };
}

/** The state as the library wants it; it never learns a signature key, nor anything of past epochs. */
export function forLibrary(state: State, clientConfig: ClientConfig): ClientState {
  const { groupContext, keySchedule, ratchetTree, privatePath, confirmationTag, handshakeSecrets } = state.core;
  const empty = { secret: new Uint8Array(), generation: 0, unusedGenerations: {} };
  const secretTree: ClientState['secretTree'] = Array.from(ratchetTree, () => ({
    handshake: empty,
    application: empty,
  }));
  for (const [leaf, secret] of handshakeSecrets.entries()) {
    if (secret === undefined) continue;
    const steps = leaf === state.ownLeaf ? state.ownHandshake : 0;
    const handshake = { ...movedOn(state.suite, secret, steps), unusedGenerations: {} };
    secretTree[leaf * 2] = { handshake, application: empty };
  }
  return {
    groupContext,
    keySchedule,
    ratchetTree,
    privatePath,
    confirmationTag,
    secretTree,
    signaturePrivateKey: new Uint8Array(),
    unappliedProposals: {},
    historicalReceiverData: new Map(),
    groupActiveState: { kind: 'active' },
    clientConfig,
  };
}

function movedOn(suite: MlsSuite, start: Uint8Array, steps: number): { secret: Uint8Array; generation: number } {
  let secret = start;
  for (let at = 0; at < steps; at++) secret = deriveTreeSecret(suite, secret, 'secret', at, hashBytes(suite));
  return { secret, generation: steps };
}

export function checkGroup(state: State, groupId: Uint8Array): void {
  if (!sameBytes(groupId, state.groupId)) throw mlsFailure('mls-other-group', 'the message is of another group');
}

export function wrongEpoch(state: State, epoch: number): Failure {
  const details = { epoch, current: state.epoch };
  if (epoch <= state.epoch) return mlsFailure('mls-past-epoch', `epoch ${epoch} is over`, { details });
  if (!state.active) return mlsFailure('mls-removed', 'this device is not in the conversation any more', { details });
  return mlsFailure('mls-future-epoch', `epoch ${epoch} has not begun here`, { details });
}

export const currentEpoch = (state: State): EpochKeys => state.epochs.at(-1)!;

/** The same epoch with one sender's ratchet moved on. */
export function withRatchet(keys: EpochKeys, leafIndex: number, ratchet: Ratchet): EpochKeys {
  const at = Math.floor(leafIndex / RATCHET_BLOCK);
  const block = keys.ratchets[at]!.slice();
  block[leafIndex % RATCHET_BLOCK] = ratchet;
  const ratchets = keys.ratchets.slice();
  ratchets[at] = block;
  return { ...keys, ratchets };
}

export const ratchetOf = (keys: EpochKeys, leafIndex: number): Ratchet | undefined =>
  keys.ratchets[Math.floor(leafIndex / RATCHET_BLOCK)]?.[leafIndex % RATCHET_BLOCK];
