import * as v from 'valibot';
import {
  CERTIFICATE_BYTES,
  CRL_BYTES,
  CSR_BYTES,
  DEVICE_LABEL_CHARS,
  NAME_CHARS,
  PAIRING_MESSAGE_BYTES,
} from './limits.js';
import { method, nothing } from './rpc.js';
import { bytes, codec, count, exactly, text, time } from './schema.js';

/**
 * Two machines that share a number and three words meet at the directory by the number, and come to a key by the words
 * (crypto/pairing.ts). The directory passes on what they say to each other, and can't read it.
 *
 *     newcomer                      directory                      who made the code
 *        │                              │ ◀── pairing.open ─────────────── │
 *        │ ── pairing.meet, number ───▶ │ ─── notice pairing.said ───────▶ │   share
 *        │ ◀──────────── answer ─────── │ ◀── pairing.answer ───────────── │   share
 *        │ ── pairing.say ────────────▶ │ ─── notice pairing.said ───────▶ │   confirmation, and what it asks for
 *        │ ◀──────────── answer ─────── │ ◀── pairing.answer, device ───── │   confirmation, and what it gets
 *        │ ── pairing.enrol ──────────▶ │ ─── notice pairing.ended ──────▶ │
 */

/** What the code is for: another device of the account that made it, or a new account. */
export const pairingKind = v.picklist(['device', 'invitation']);
export type PairingKind = v.InferOutput<typeof pairingKind>;

const deviceId = v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/));
const number = count(999_999);
const message = bytes(PAIRING_MESSAGE_BYTES, 1);
const passedOn = v.object({ message });

/** On p2pchat-enrol/1: the newcomer's side. */
export const newcomerMethods = {
  'pairing.meet': method(v.object({ number, kind: pairingKind, message }), passedOn),
  'pairing.say': method(v.object({ message }), passedOn),
  /** Only for the device that whoever made the code has named by `pairing.answer`. */
  'pairing.enrol': method(
    v.object({ csr: bytes(CSR_BYTES, 64), label: text(DEVICE_LABEL_CHARS) }),
    v.object({ certificate: bytes(CERTIFICATE_BYTES, 64), crl: bytes(CRL_BYTES, 64) }),
  ),
};

/** On p2pchat/1: the side of who made the code. */
export const pairingMethods = {
  /** For another device of the account. Only within a minute of login.finish on this channel. */
  'pairing.open': method(nothing, v.object({ number, expires: time() })),
  /** For somebody who has no account yet: `invite` is for the one who has the words. */
  'pairing.invite': method(nothing, v.object({ number, expires: time(), invite: text(64) })),
  /** `device`: of the account, to be enrolled by the newcomer. `done`: nothing more is said by this code. */
  'pairing.answer': method(
    v.object({ number, message, device: v.optional(deviceId), done: v.optional(v.boolean()) }),
    nothing,
  ),
  /** `wrong`: the newcomer did not have the words. */
  'pairing.close': method(v.object({ number, wrong: v.boolean() }), nothing),
};

export const pairingNotices = {
  /** Of the newcomer; to be answered by `pairing.answer` or `pairing.close`. */
  'pairing.said': v.object({ number, message }),
  /** The code is spent. */
  'pairing.ended': v.object({ number, how: v.picklist(['done', 'left', 'expired']) }),
};

// --- What the two say to each other ---

const share = exactly(32);
const confirmation = exactly(32);
const sealed = bytes(PAIRING_MESSAGE_BYTES - 64, 1);

export const pairingHello = codec(v.object({ session: exactly(16), share }), 128);
export const pairingShare = codec(v.object({ share }), 64);
export const pairingProof = codec(v.object({ confirmation, sealed }), PAIRING_MESSAGE_BYTES);

/** What is said after the proofs. */
export const pairingMore = codec(v.object({ sealed }), PAIRING_MESSAGE_BYTES);

/** A new device to an old one: its key. */
export const deviceAsks = codec(v.object({ key: exactly(32), label: text(DEVICE_LABEL_CHARS) }), 256);

/** An old device to a new one: the account, and a vault which the account's password opens. */
export const deviceGets = codec(
  v.object({
    user: text(NAME_CHARS),
    identity: exactly(32),
    vault: v.object({ key: exactly(32), file: bytes(512) }),
  }),
  1_024,
);

/** To somebody who joins: an invitation of the directory, the name that is meant for them, and where they go first. */
export const personGets = codec(
  v.object({
    invite: text(64),
    user: v.optional(text(NAME_CHARS)),
    group: v.optional(text(NAME_CHARS)),
  }),
  512,
);

/** Who somebody has become. */
export const personIs = codec(v.object({ user: text(NAME_CHARS), identityKey: exactly(32) }), 256);
