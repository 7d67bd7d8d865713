import type { KeyObject } from 'node:crypto';
import type { Commit } from 'ts-mls/commit.js';
import { createContentCommitSignature, type FramedContentCommit } from 'ts-mls/framedContent.js';
import type { GroupContext } from 'ts-mls/groupContext.js';
import {
  encodeGroupInfo,
  extractWelcomeSecret,
  type GroupInfo,
  type GroupInfoTBS,
  signGroupInfo,
} from 'ts-mls/groupInfo.js';
import { type KeyPackage, makeKeyPackageRef } from 'ts-mls/keyPackage.js';
import { encodeMlsMessage } from 'ts-mls/message.js';
import { protect, unprotectPrivateMessage } from 'ts-mls/messageProtection.js';
import type { PreSharedKeyID } from 'ts-mls/presharedkey.js';
import type { Proposal } from 'ts-mls/proposal.js';
import { encryptGroupSecrets, welcomeKey, welcomeNonce } from 'ts-mls/welcome.js';
import { concat } from '../../src/base/bytes.js';
import { systemRandom } from '../../src/base/random.js';
import { applicationTbs, contentAad, opaque, senderDataAad, writePrivate } from '../../src/crypto/mls/frame.js';
import { decodeWhole } from '../../src/crypto/mls/gate.js';
import { openLibrary } from '../../src/crypto/mls/library.js';
import { nextKeys } from '../../src/crypto/mls/ratchet.js';
import { signEd25519 } from '../../src/crypto/mls/signature.js';
import { currentEpoch, forLibrary, inside, ratchetOf } from '../../src/crypto/mls/state.js';
import {
  aeadSeal,
  expandWithLabel,
  hashBytes,
  keyBytes,
  NONCE_BYTES,
  signContent,
} from '../../src/crypto/mls/suite.js';
import { uint } from '../../src/crypto/mls/tls.js';
import type { MlsState } from '../../src/crypto/mls.js';
import { type Device, NOW } from './mls.js';

/**
 * What a member who does not keep the rules can make: authentic in every signature and key, and otherwise anything.
 */

const library = openLibrary({ verifyCredential: () => true, random: systemRandom, now: () => NOW });

/** The library's state behind one of the engine's. */
export const behind = (state: MlsState) => forLibrary(inside(state), library.config);

export const cryptoOf = (state: MlsState) => library.crypto(state.suite, inside(state).signatureKey);

export const signerOf = (owner: Device) => library.crypto('classic', owner.signatureKey);

export const inline = (proposal: Proposal): Commit['proposals'][number] => ({
  proposalOrRefType: 'proposal',
  proposal,
});

/** An index which no tree has. */
export const FAR_AWAY = 2 ** 31;

/** The inside of a private commit, as another member decrypts it. */
export async function insideCommit(reader: MlsState, bytes: Uint8Array): Promise<Commit> {
  const { privateMessage } = decodeWhole(bytes, 'mls_private_message');
  const { keySchedule, secretTree, ratchetTree, groupContext } = behind(reader);
  const { content } = await unprotectPrivateMessage(
    keySchedule.senderDataSecret,
    privateMessage,
    secretTree,
    ratchetTree,
    groupContext,
    library.config.keyRetentionConfig,
    await cryptoOf(reader),
  );
  return (content.content as FramedContentCommit).commit;
}

/** Any commit at all, signed and sealed by a member as its own; only the confirmation tag is wrong. */
export async function forgeCommit(state: MlsState, commit: Commit): Promise<Uint8Array> {
  const { groupContext, keySchedule, secretTree } = behind(state);
  const crypto = await cryptoOf(state);
  const none = new Uint8Array();
  const { framedContent, signature } = await createContentCommitSignature(
    groupContext,
    'mls_private_message',
    commit,
    { senderType: 'member', leafIndex: state.ownLeaf },
    none,
    none,
    crypto.signature,
  );
  const confirmationTag = new Uint8Array(crypto.kdf.size);
  const { privateMessage } = await protect(
    keySchedule.senderDataSecret,
    none,
    groupContext,
    secretTree,
    { ...framedContent, auth: { contentType: 'commit', signature, confirmationTag } },
    state.ownLeaf,
    library.config.paddingConfig,
    crypto,
  );
  return encodeMlsMessage({ version: 'mls10', wireformat: 'mls_private_message', privateMessage });
}

/** Any external commit, signed by the joiner; only the confirmation tag is wrong. */
export async function forgeExternalCommit(
  context: GroupContext,
  commit: Commit,
  signer: KeyObject,
): Promise<Uint8Array> {
  const crypto = await library.crypto('classic', signer);
  const none = new Uint8Array();
  const { framedContent, signature } = await createContentCommitSignature(
    context,
    'mls_public_message',
    commit,
    { senderType: 'new_member_commit' },
    none,
    none,
    crypto.signature,
  );
  const auth = { contentType: 'commit' as const, signature, confirmationTag: new Uint8Array(32) };
  return encodeMlsMessage({
    version: 'mls10',
    wireformat: 'mls_public_message',
    publicMessage: { content: framedContent, auth, senderType: 'new_member_commit' },
  });
}

/** The inside of an external commit. */
export function insideExternalCommit(bytes: Uint8Array): Commit {
  const { publicMessage } = decodeWhole(bytes, 'mls_public_message');
  return (publicMessage.content as FramedContentCommit).commit;
}

/** PrivateMessageContent with the member's own signature, for whatever leaf. */
export function signedContent(
  state: MlsState,
  data: Uint8Array,
  padding: Uint8Array,
  leaf = state.ownLeaf,
): Uint8Array {
  const { groupId, epoch } = state;
  const { context } = currentEpoch(inside(state));
  const tbs = applicationTbs({ groupId, epoch, aad: new Uint8Array() }, leaf, data, context);
  const signature = signEd25519(inside(state).signatureKey, signContent('FramedContentTBS', tbs));
  return concat(opaque(data), opaque(signature), padding);
}

/** Anything at all where data, signature and padding belong, sealed by a member, in another's name if it likes. */
export function forgeContent(state: MlsState, content: Uint8Array, leaf = state.ownLeaf): Uint8Array {
  const { suite, groupId, epoch } = state;
  const { senderDataSecret } = currentEpoch(inside(state));
  const ratchet = ratchetOf(currentEpoch(inside(state)), leaf)!;
  const { key, nonce } = nextKeys(suite, ratchet).keys;
  const routing = { groupId, epoch, contentType: 'application' as const };
  const aad = new Uint8Array();
  const ciphertext = aeadSeal(suite, key, nonce, contentAad(routing, aad), content);
  const sample = ciphertext.subarray(0, hashBytes(suite));
  const encryptedSenderData = aeadSeal(
    suite,
    expandWithLabel(suite, senderDataSecret, 'key', sample, keyBytes(suite)),
    expandWithLabel(suite, senderDataSecret, 'nonce', sample, NONCE_BYTES),
    senderDataAad(routing),
    concat(uint(4, leaf), uint(4, ratchet.generation), new Uint8Array(4)),
  );
  return writePrivate({ ...routing, aad, encryptedSenderData, ciphertext });
}

/** The directory proposes whatever it likes. */
export function forgeProposal(groupId: Uint8Array, epoch: number, proposal: Uint8Array, key: KeyObject): Uint8Array {
  const head = concat(uint(2, 1), uint(2, 1));
  const content = concat(opaque(groupId), uint(8, epoch), uint(1, 2), uint(4, 0), uint(1, 0), uint(1, 2), proposal);
  return concat(head, content, opaque(signEd25519(key, signContent('FramedContentTBS', head, content))));
}

/** A group info with everything that a member may put into it, signed by that member. */
export async function forgeGroupInfo(state: MlsState, tbs: GroupInfoTBS): Promise<GroupInfo> {
  return signGroupInfo(tbs, new Uint8Array(), (await cryptoOf(state)).signature);
}

/** A Welcome for such a group info; the joiner secret is the inviter's to choose, and so is what follows the info. */
export async function forgeWelcome(
  state: MlsState,
  info: GroupInfo,
  keyPackage: KeyPackage,
  { tail = new Uint8Array(), psks = [] as PreSharedKeyID[] } = {},
): Promise<Uint8Array> {
  const crypto = await cryptoOf(state);
  const joinerSecret = systemRandom.bytes(crypto.kdf.size);
  const secret = await extractWelcomeSecret(joinerSecret, new Uint8Array(crypto.kdf.size), crypto.kdf);
  const encryptedGroupInfo = aeadSeal(
    state.suite,
    await welcomeKey(secret, crypto),
    await welcomeNonce(secret, crypto),
    new Uint8Array(),
    concat(encodeGroupInfo(info), tail),
  );
  const initKey = await crypto.hpke.importPublicKey(keyPackage.initKey);
  const secrets = { joinerSecret, pathSecret: undefined, psks };
  const { enc, ct } = await encryptGroupSecrets(initKey, encryptedGroupInfo, secrets, crypto.hpke);
  const newMember = await makeKeyPackageRef(keyPackage, crypto.hash);
  return encodeMlsMessage({
    version: 'mls10',
    wireformat: 'mls_welcome',
    welcome: {
      cipherSuite: crypto.name,
      secrets: [{ newMember, encryptedGroupSecrets: { kemOutput: enc, ciphertext: ct } }],
      encryptedGroupInfo,
    },
  });
}
