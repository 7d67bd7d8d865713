import type { KeyObject } from 'node:crypto';
import { sameBytes } from '../../base/bytes.js';
import { guarded, mlsFailure } from './failures.js';
import { checkGroupInfo, checkTree, decodeWhole } from './gate.js';
import { decodePrivateKeyPackage, generateKeyPackage, type Lifetime } from './key-package.js';
import type { Library } from './library.js';
import { rawPublicKey } from './signature.js';
import { enterEpoch, forLibrary, type MlsState, type State } from './state.js';
import { aeadOpen, type MlsSuite, suiteOf } from './suite.js';
import {
  type CiphersuiteImpl,
  createGroupInfoWithExternalPubAndRatchetTree,
  decodeGroupInfo,
  decryptGroupSecrets,
  emptyPskIndex,
  encodeGroupInfo,
  encodeMlsMessage,
  extractWelcomeSecret,
  type GroupInfo,
  joinGroup,
  joinGroupExternal,
  type KeyPackage,
  makeKeyPackageRef,
  type PrivateKeyPackage,
  ratchetTreeFromExtension,
  type Welcome,
  welcomeKey,
  welcomeNonce,
} from './ts-mls.js';

/** Ways into a group: a Welcome (RFC 9420 §12.4.3.1), an external commit (§12.4.3.2). */

export interface MlsWelcome {
  readonly suite: MlsSuite;
  /** KeyPackageRefs of those whom it lets in. */
  readonly refs: readonly Uint8Array[];
}

export function readWelcome(bytes: Uint8Array): MlsWelcome {
  const { welcome } = decodeWhole(bytes, 'mls_welcome');
  return { suite: suiteOf(welcome.cipherSuite), refs: welcome.secrets.map(({ newMember }) => newMember) };
}

export async function join(
  library: Library,
  bytes: Uint8Array,
  privateKeyPackage: Uint8Array,
  signatureKey: KeyObject,
): Promise<State> {
  const { welcome } = decodeWhole(bytes, 'mls_welcome');
  const { keyPackage, keys } = decodePrivateKeyPackage(privateKeyPackage);
  const suite = suiteOf(keyPackage.cipherSuite);
  if (welcome.cipherSuite !== keyPackage.cipherSuite) throw mlsFailure('mls-invalid', 'a Welcome of another suite');
  if (!sameBytes(rawPublicKey(signatureKey), keyPackage.leafNode.signaturePublicKey)) {
    throw mlsFailure('mls-unusable', "the key package is another key's");
  }
  const crypto = await library.crypto(suite);
  const info = await guarded('mls-unreadable', 'the Welcome does not decrypt', () =>
    openGroupInfo(welcome, keyPackage, keys, crypto, suite),
  );
  await admitGroup(info, suite, ['ratchet_tree']);
  const state = await guarded('mls-invalid', 'the Welcome is not valid', () =>
    joinGroup(welcome, keyPackage, keys, emptyPskIndex, crypto, undefined, undefined, library.config),
  );
  return enterEpoch(state, signatureKey);
}

/** The library would decode the group info only after it has begun to work with it, and leave bytes behind it unread. */
async function openGroupInfo(
  welcome: Welcome,
  keyPackage: KeyPackage,
  keys: PrivateKeyPackage,
  crypto: CiphersuiteImpl,
  suite: MlsSuite,
): Promise<GroupInfo> {
  const ref = await makeKeyPackageRef(keyPackage, crypto.hash);
  if (!welcome.secrets.some(({ newMember }) => sameBytes(newMember, ref))) {
    throw mlsFailure('mls-unusable', 'the Welcome is not for this key package');
  }
  const secrets = await decryptGroupSecrets(
    await crypto.hpke.importPrivateKey(keys.initPrivateKey),
    ref,
    welcome,
    crypto.hpke,
  );
  if (secrets === undefined) throw mlsFailure('mls-malformed', 'the Welcome holds no group secrets');
  if (secrets.psks.length > 0) throw mlsFailure('mls-invalid', 'pre-shared keys have no place here');
  const noPsk = new Uint8Array(crypto.kdf.size);
  const secret = await extractWelcomeSecret(secrets.joinerSecret, noPsk, crypto.kdf);
  const plain = aeadOpen(
    suite,
    await welcomeKey(secret, crypto),
    await welcomeNonce(secret, crypto),
    new Uint8Array(),
    welcome.encryptedGroupInfo,
  );
  const info = decodeGroupInfo(plain, 0)?.[0];
  if (info === undefined || !sameBytes(encodeGroupInfo(info), plain)) {
    throw mlsFailure('mls-malformed', 'not a group info');
  }
  return info;
}

/** Judges what the group looks like before the library walks through its tree. */
async function admitGroup(
  info: GroupInfo,
  suite: MlsSuite,
  allowed: readonly string[],
): Promise<NonNullable<ReturnType<typeof ratchetTreeFromExtension>>> {
  checkGroupInfo(info, suite, allowed);
  const tree = await guarded('mls-malformed', 'not a ratchet tree', () => ratchetTreeFromExtension(info));
  if (tree === undefined) throw mlsFailure('mls-invalid', 'a group info without its tree');
  checkTree(tree, suite);
  return tree;
}

export interface MlsExternalJoinInit {
  readonly certificate: Uint8Array;
  readonly signatureKey: KeyObject;
  readonly lifetime: Lifetime;
  readonly aad?: Uint8Array;
}

export interface MlsExternalJoin {
  /** To be adopted when the directory has taken the commit. */
  readonly next: MlsState;
  readonly commit: Uint8Array;
  /** The epoch which the commit ends. */
  readonly epoch: number;
}

/** Joins without being invited, or again after the state was lost: one's own former leaf goes with the same commit. */
export async function externalJoin(
  library: Library,
  groupInfo: Uint8Array,
  { certificate, signatureKey, lifetime, aad }: MlsExternalJoinInit,
): Promise<MlsExternalJoin> {
  const { groupInfo: info } = decodeWhole(groupInfo, 'mls_group_info');
  const suite = suiteOf(info.groupContext.cipherSuite);
  const tree = await admitGroup(info, suite, ['ratchet_tree', 'external_pub']);
  const ownKey = rawPublicKey(signatureKey);
  const former = tree.some((node) => node?.nodeType === 'leaf' && sameBytes(node.leaf.signaturePublicKey, ownKey));
  const made = await generateKeyPackage(library, { suite, certificate, signatureKey, lifetime });
  const crypto = await library.crypto(suite, signatureKey);
  const { publicPackage, privatePackage } = made;
  const joined = await guarded('mls-invalid', 'the group info is not valid', () =>
    joinGroupExternal(info, publicPackage, privatePackage, former, crypto, undefined, library.config, aad),
  );
  return {
    next: enterEpoch(joined.newState, signatureKey),
    commit: encodeMlsMessage({
      version: 'mls10',
      wireformat: 'mls_public_message',
      publicMessage: joined.publicMessage,
    }),
    epoch: Number(info.groupContext.epoch),
  };
}

/** What others need to join by an external commit, as of this epoch. */
export async function groupInfo(library: Library, state: State): Promise<Uint8Array> {
  if (!state.active) throw mlsFailure('mls-removed', 'this device is not in the conversation any more');
  const crypto = await library.crypto(state.suite, state.signatureKey);
  const info = await createGroupInfoWithExternalPubAndRatchetTree(forLibrary(state, library.config), [], crypto);
  return encodeMlsMessage({ version: 'mls10', wireformat: 'mls_group_info', groupInfo: info });
}
