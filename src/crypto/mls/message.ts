import { concat, sameBytes } from '../../base/bytes.js';
import type { Random } from '../../base/random.js';
import { MLS_MESSAGE_BYTES, MLS_PADDING_BYTES } from '../../wire/limits.js';
import { mlsFailure } from './failures.js';
import {
  applicationTbs,
  contentAad,
  ownCopy,
  type PrivateFrame,
  readHead,
  readPrivate,
  senderDataAad,
  writePrivate,
} from './frame.js';
import { keysOf, type MessageKeys, nextKeys } from './ratchet.js';
import { signEd25519, verifyEd25519 } from './signature.js';
import {
  changed,
  checkGroup,
  currentEpoch,
  type EpochKeys,
  type MlsMember,
  type MlsState,
  ratchetOf,
  type State,
  withRatchet,
  wrongEpoch,
} from './state.js';
import { aeadOpen, aeadSeal, expandWithLabel, hashBytes, keyBytes, NONCE_BYTES, signContent } from './suite.js';
import { lengthHead, TlsReader, uint } from './tls.js';

/**
 * Application messages (RFC 9420 §6.3 and §9), sealed and opened without the library: its results name neither sender
 * nor authenticated data, and its secret tree keeps whole chains for messages that never come.
 */

const REUSE_GUARD_BYTES = 4;

/** An opened message; everything in it is authenticated by its sender's signature. */
export interface MlsOpened {
  readonly next: MlsState;
  readonly plaintext: Uint8Array;
  readonly aad: Uint8Array;
  readonly sender: MlsMember;
  readonly epoch: number;
  /** Counts the sender's messages in that epoch from 0. */
  readonly generation: number;
}

export interface MlsSealed {
  /** To be on disk before `bytes` leave: the keys that sealed them are not in it. */
  readonly next: MlsState;
  readonly bytes: Uint8Array;
}

export function sealMessage(state: State, plaintext: Uint8Array, aad: Uint8Array, random: Random): MlsSealed {
  if (!state.active) throw mlsFailure('mls-removed', 'this device is not in the conversation any more');
  const { suite, groupId, epoch, ownLeaf } = state;
  const current = currentEpoch(state);
  const ratchet = ratchetOf(current, ownLeaf)!;
  if (plaintext.length + aad.length > MLS_MESSAGE_BYTES / 2)
    throw mlsFailure('mls-unusable', 'too much for one message');
  const { keys, next } = nextKeys(suite, ratchet);
  const reuseGuard = random.bytes(REUSE_GUARD_BYTES);
  const routing = { groupId, epoch, contentType: 'application' as const };
  const tbs = applicationTbs({ groupId, epoch, aad }, ownLeaf, plaintext, current.context);
  const signature = signEd25519(state.signatureKey, signContent('FramedContentTBS', tbs));
  const content = padded(plaintext, signature);
  const ciphertext = aeadSeal(suite, keys.key, withGuard(keys, reuseGuard), contentAad(routing, aad), content);
  const senderData = concat(uint(4, ownLeaf), uint(4, ratchet.generation), reuseGuard);
  const mask = senderDataKeys(state, current, ciphertext);
  const encryptedSenderData = aeadSeal(suite, mask.key, mask.nonce, senderDataAad(routing), senderData);
  return {
    next: replaceEpoch(state, withRatchet(current, ownLeaf, next)),
    bytes: writePrivate({ ...routing, aad, encryptedSenderData, ciphertext }),
  };
}

export function openMessage(state: State, bytes: Uint8Array): MlsOpened {
  const { format, reader } = readHead(ownCopy(bytes));
  if (format !== 'private') throw mlsFailure('mls-invalid', 'an application message is always private');
  const frame = readPrivate(reader);
  if (frame.contentType !== 'application') throw mlsFailure('mls-invalid', 'not an application message');
  const keys = epochOf(state, frame);
  const { leafIndex, generation, reuseGuard } = openSenderData(state, keys, frame);
  const sender = keys.members.get(leafIndex);
  const ratchet = ratchetOf(keys, leafIndex);
  if (sender === undefined || ratchet === undefined) throw mlsFailure('mls-invalid', 'its sender is not a member');
  const own = leafIndex === state.ownLeaf && sameBytes(sender.signatureKey, ownKey(state));
  if (own && generation < ratchet.generation) throw mlsFailure('mls-own-message', 'this device sent it');
  const taken = keysOf(state.suite, ratchet, generation);
  const content = aeadOpen(
    state.suite,
    taken.keys.key,
    withGuard(taken.keys, reuseGuard),
    contentAad(frame, frame.aad),
    frame.ciphertext,
  );
  const plaintext = verified(content, frame, keys, sender);
  if (own) throw mlsFailure('mls-rolled-back', 'this device has sent what it does not know of');
  return {
    next: replaceEpoch(state, withRatchet(keys, leafIndex, taken.next)),
    plaintext,
    aad: frame.aad,
    sender,
    epoch: keys.epoch,
    generation,
  };
}

const ownKey = (state: State): Uint8Array => currentEpoch(state).members.get(state.ownLeaf)!.signatureKey;

/** The keys of the message's epoch. */
function epochOf(state: State, frame: PrivateFrame): EpochKeys {
  checkGroup(state, frame.groupId);
  const keys = state.epochs.find(({ epoch }) => epoch === frame.epoch);
  if (keys !== undefined) return keys;
  throw wrongEpoch(state, frame.epoch);
}

/** PrivateMessageContent (RFC 9420 §6.3.1): data, signature, zeros. */
function padded(data: Uint8Array, signature: Uint8Array): Uint8Array {
  const dataHead = lengthHead(data.length);
  const signatureHead = lengthHead(signature.length);
  const length = dataHead.length + data.length + signatureHead.length + signature.length;
  const content = new Uint8Array(Math.ceil(length / MLS_PADDING_BYTES) * MLS_PADDING_BYTES);
  content.set(dataHead);
  content.set(data, dataHead.length);
  content.set(signatureHead, dataHead.length + data.length);
  content.set(signature, length - signature.length);
  return content;
}

function verified(content: Uint8Array, frame: PrivateFrame, keys: EpochKeys, sender: MlsMember): Uint8Array {
  const reader = new TlsReader(content);
  const data = reader.opaque();
  const signature = reader.opaque();
  if (reader.rest().some((byte) => byte !== 0)) throw mlsFailure('mls-malformed', 'the padding is not zero');
  const tbs = applicationTbs(frame, sender.leafIndex, data, keys.context);
  if (!verifyEd25519(sender.signatureKey, signContent('FramedContentTBS', tbs), signature)) {
    throw mlsFailure('mls-unreadable', "the signature is not its sender's");
  }
  return data;
}

/** Who sent it, as far as any member could have written it there: the signature has the last word. */
export function openSenderData(state: State, keys: EpochKeys, frame: Omit<PrivateFrame, 'aad'>) {
  const mask = senderDataKeys(state, keys, frame.ciphertext);
  const plain = aeadOpen(state.suite, mask.key, mask.nonce, senderDataAad(frame), frame.encryptedSenderData);
  const reader = new TlsReader(plain);
  const senderData = { leafIndex: reader.uint(4), generation: reader.uint(4), reuseGuard: reader.fixed(4) };
  reader.end();
  return senderData;
}

/** RFC 9420 §6.3.2: the key follows from a sample of the ciphertext. */
function senderDataKeys({ suite }: State, { senderDataSecret }: EpochKeys, ciphertext: Uint8Array): MessageKeys {
  const sample = ciphertext.subarray(0, hashBytes(suite));
  return {
    key: expandWithLabel(suite, senderDataSecret, 'key', sample, keyBytes(suite)),
    nonce: expandWithLabel(suite, senderDataSecret, 'nonce', sample, NONCE_BYTES),
  };
}

/** The nonce differs by the reuse guard even where a state was used twice (RFC 9420 §6.3.1). */
function withGuard({ nonce }: MessageKeys, reuseGuard: Uint8Array): Uint8Array {
  const out = nonce.slice();
  for (let at = 0; at < REUSE_GUARD_BYTES; at++) out[at]! ^= reuseGuard[at]!;
  return out;
}

const replaceEpoch = (state: State, keys: EpochKeys): State =>
  changed(state, { epochs: state.epochs.map((old) => (old.epoch === keys.epoch ? keys : old)) });
