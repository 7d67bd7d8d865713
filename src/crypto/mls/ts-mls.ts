/**
 * All that is used of ts-mls. Its modules one by one, and never its index: that loads a second crypto provider with
 * packages which ts-mls does not declare and which a bundled copy does not bring along.
 */
export type {
  CiphersuiteImpl,
  ClientConfig,
  ClientState,
  GroupInfo,
  KeyPackage,
  MLSMessage,
  PrivateKeyPackage,
  Proposal,
  RatchetTree,
  Welcome,
} from 'ts-mls';
export type { AuthenticatedContent } from 'ts-mls/authenticatedContent.js';
export { createGroup, joinGroup } from 'ts-mls/clientState.js';
export type { Decoder } from 'ts-mls/codec/tlsDecoder.js';
export { encode } from 'ts-mls/codec/tlsEncoder.js';
export {
  createCommit,
  createGroupInfoWithExternalPubAndRatchetTree,
  joinGroupExternal,
} from 'ts-mls/createCommit.js';
export { makeGenericHpke } from 'ts-mls/crypto/implementation/hpke.js';
export type { Extension } from 'ts-mls/extension.js';
export { decodeGroupContext, encodeGroupContext } from 'ts-mls/groupContext.js';
export {
  decodeGroupInfo,
  encodeGroupInfo,
  extractWelcomeSecret,
  ratchetTreeFromExtension,
} from 'ts-mls/groupInfo.js';
export { generateKeyPackageWithKey, makeKeyPackageRef, verifyKeyPackage } from 'ts-mls/keyPackage.js';
export { defaultKeyPackageEqualityConfig } from 'ts-mls/keyPackageEqualityConfig.js';
export { decodeKeySchedule, encodeKeySchedule } from 'ts-mls/keySchedule.js';
export { verifyLeafNodeSignatureKeyPackage } from 'ts-mls/leafNode.js';
export { decodeMlsMessage, encodeMlsMessage } from 'ts-mls/message.js';
export { unprotectPrivateMessage } from 'ts-mls/messageProtection.js';
export { decodePrivateKeyPath, privateKeyPathEncoder } from 'ts-mls/privateKeyPath.js';
export { processPrivateMessage, processPublicMessage } from 'ts-mls/processMessages.js';
export { emptyPskIndex } from 'ts-mls/pskIndex.js';
export type { PublicMessage } from 'ts-mls/publicMessage.js';
export { decodeRatchetTree, encodeRatchetTree } from 'ts-mls/ratchetTree.js';
export { decryptGroupSecrets, welcomeKey, welcomeNonce } from 'ts-mls/welcome.js';
