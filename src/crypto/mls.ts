import type { KeyObject } from 'node:crypto';
import {
  type Authorize,
  applyCommit,
  type MlsCommitApplied,
  type MlsCommitInit,
  type MlsCommitMade,
  makeCommit,
} from './mls/commit.js';
import { type MlsCreateInit, newGroup } from './mls/create.js';
import { exportFrom } from './mls/exporter.js';
import { externalJoin, groupInfo, join, type MlsExternalJoin, type MlsExternalJoinInit } from './mls/join.js';
import {
  createKeyPackage,
  type MlsKeyPackage,
  type MlsKeyPackageInit,
  type OwnKeyPackage,
  readKeyPackage,
} from './mls/key-package.js';
import { type MlsEngineInit, openLibrary } from './mls/library.js';
import { type MlsOpened, type MlsSealed, openMessage, sealMessage } from './mls/message.js';
import { decodeState, encodeState, type MlsParts } from './mls/persist.js';
import { currentEpoch, inside, type MlsMember, type MlsState } from './mls/state.js';

export type { Authorize, MlsChange, MlsCommitApplied, MlsCommitInit, MlsCommitMade } from './mls/commit.js';
export type { MlsCreateInit } from './mls/create.js';
export type { MlsFailureCode } from './mls/failures.js';
export type { MlsExternalJoin, MlsExternalJoinInit, MlsWelcome } from './mls/join.js';
export { readWelcome } from './mls/join.js';
export type { Lifetime, MlsKeyPackage, MlsKeyPackageInit, OwnKeyPackage } from './mls/key-package.js';
export type { MlsEngineInit } from './mls/library.js';
export type { MlsOpened, MlsSealed } from './mls/message.js';
export type { MlsParts } from './mls/persist.js';
export type { MlsMember, MlsState } from './mls/state.js';
export type { MlsSuite } from './mls/suite.js';

/**
 * Conversations end to end (MLS, RFC 9420). State in, state out: nothing here waits, stores or sends, a state is never
 * changed, and the one before stays good until its successor has been put on disk. Whatever is thrown is a Failure of
 * reason 'protocol' with a code of MlsFailureCode, but for what `verifyCredential` and `authorize` throw themselves.
 */
export interface MlsEngine {
  /** One key package lets its owner be added once: publish it, keep `private` until its Welcome has come. */
  createKeyPackage(init: MlsKeyPackageInit): Promise<OwnKeyPackage>;
  /** What a key package says, its form and signatures verified; neither certificate nor lifetime is judged. */
  readKeyPackage(keyPackage: Uint8Array): Promise<MlsKeyPackage>;

  createGroup(init: MlsCreateInit): Promise<MlsState>;
  /** @param privateKeyPackage of the key package which the Welcome names (readWelcome) */
  join(welcome: Uint8Array, privateKeyPackage: Uint8Array, signatureKey: KeyObject): Promise<MlsState>;
  externalJoin(groupInfo: Uint8Array, init: MlsExternalJoinInit): Promise<MlsExternalJoin>;
  /** For others' externalJoin; good for this epoch. Who has it can ask to join: members decide in `authorize`. */
  groupInfo(state: MlsState): Promise<Uint8Array>;

  /** Adds, removes, renews; with nothing named it renews this device's keys. */
  commit(state: MlsState, init?: MlsCommitInit): Promise<MlsCommitMade>;
  /** Another's commit. `authorize` is asked once all is verified, and before anything counts. */
  applyCommit(state: MlsState, commit: Uint8Array, authorize: Authorize): Promise<MlsCommitApplied>;

  /** `aad` is authenticated, and readable by whoever carries the message. */
  seal(state: MlsState, plaintext: Uint8Array, aad: Uint8Array): Promise<MlsSealed>;
  open(state: MlsState, bytes: Uint8Array): Promise<MlsOpened>;

  /** By leaf index. */
  members(state: MlsState): readonly MlsMember[];
  /** The same for all who agree on everything that happened to the group up to this epoch (RFC 9420 §8.7). */
  epochAuthenticator(state: MlsState): Uint8Array;
  /** A secret of the current epoch for other uses (RFC 9420 §8.5). */
  exportSecret(state: MlsState, label: string, context: Uint8Array, length: number): Uint8Array;

  /** What to write so that `state` is on disk, given that `since` is; all of it without. */
  encodeState(state: MlsState, since?: MlsState): MlsParts;
  decodeState(parts: ReadonlyMap<string, Uint8Array>, signatureKey: KeyObject): MlsState;
}

export function createMlsEngine(init: MlsEngineInit): MlsEngine {
  const library = openLibrary(init);
  return {
    createKeyPackage: (keyPackage) => createKeyPackage(library, keyPackage),
    readKeyPackage: async (keyPackage) => (await readKeyPackage(library, keyPackage)).facts,
    createGroup: (group) => newGroup(library, group),
    join: (welcome, privateKeyPackage, signatureKey) => join(library, welcome, privateKeyPackage, signatureKey),
    externalJoin: (info, joiner) => externalJoin(library, info, joiner),
    groupInfo: async (state) => groupInfo(library, inside(state)),
    commit: async (state, commit = {}) => makeCommit(library, inside(state), commit),
    applyCommit: async (state, commit, authorize) => applyCommit(library, inside(state), commit, authorize),
    seal: async (state, plaintext, aad) => sealMessage(inside(state), plaintext, aad, init.random),
    open: async (state, bytes) => openMessage(inside(state), bytes),
    members: (state) => [...currentEpoch(inside(state)).members.values()],
    epochAuthenticator: (state) => inside(state).core.keySchedule.epochAuthenticator,
    exportSecret: (state, label, context, length) => exportFrom(inside(state), label, context, length),
    encodeState: (state, since) => encodeState(inside(state), since && inside(since)),
    decodeState: (parts, signatureKey) => decodeState(parts, signatureKey),
  };
}
