import * as v from 'valibot';
import { concat, utf8 } from '../base/bytes.js';
import { Failure } from '../base/errors.js';
import type { Random } from '../base/random.js';
import { MLS_PADDING_BYTES, NAME_CHARS, SEALED_BYTES } from '../wire/limits.js';
import { foldName } from '../wire/names.js';
import { bytes, codec, count, exactly, text } from '../wire/schema.js';
import { AEAD_OVERHEAD, openAead, sealAead } from './aead.js';
import { isConsent } from './identity.js';
import { type SigningKey, verifySignature } from './keys.js';

/**
 * Messages of groups with shared history. They are sealed under a key of the epoch which every member derives (RFC 9420
 * §8.5) and hands to newcomers inside MLS; so each carries its author's signature and what proves the author's device.
 */

export const ARCHIVE_LABEL = 'p2pchat archive';
export const ARCHIVE_KEY_BYTES = 32;
/** Signals are sealed likewise, under a key of their own (wire/signals.ts). */
export const SIGNAL_LABEL = 'p2pchat signal';
/** And what goes over direct links while the directory is away. */
export const ASIDE_LABEL = 'p2pchat aside';
const CONTEXTS = {
  aside: utf8('p2pchat/1 aside\0'),
  archive: utf8('p2pchat/1 archive\0'),
  signal: utf8('p2pchat/1 signal\0'),
};

export interface ArchivePlace {
  /** What is sealed: a message of shared history unless said otherwise. */
  readonly use?: keyof typeof CONTEXTS;
  readonly directoryId: string;
  readonly group: Uint8Array;
  readonly epoch: number;
  readonly id: Uint8Array;
}

export interface ArchiveAuthor {
  readonly user: string;
  readonly key: SigningKey;
  /** The identity's consent to the device (crypto/identity.ts). */
  readonly statement: Uint8Array;
}

export interface ArchivedMessage {
  readonly user: string;
  readonly deviceKey: Uint8Array;
  readonly statement: Uint8Array;
  /** The device's, over its place and the content. */
  readonly signature: Uint8Array;
  readonly content: Uint8Array;
}

const frame = codec(v.object({ epoch: count(), box: bytes(SEALED_BYTES, AEAD_OVERHEAD) }), SEALED_BYTES);
const plain = codec(
  v.object({
    user: text(NAME_CHARS),
    deviceKey: exactly(32),
    statement: exactly(64),
    signature: exactly(64),
    content: bytes(SEALED_BYTES),
    /** As much that the length tells no more than that of an MLS message; programs of before pass it over. */
    pad: v.optional(bytes(2 * MLS_PADDING_BYTES)),
  }),
  SEALED_BYTES,
);

const number = (value: number): Uint8Array => {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, BigInt(value));
  return out;
};

const placeBytes = ({ use = 'archive', directoryId, group, epoch, id }: ArchivePlace): Uint8Array =>
  concat(CONTEXTS[use], utf8(directoryId), group, number(epoch), id);

/** Whether a device has said that there. */
export const isSignedBy = (
  deviceKey: Uint8Array,
  place: ArchivePlace,
  content: Uint8Array,
  signature: Uint8Array,
): boolean => verifySignature(deviceKey, concat(placeBytes(place), content), signature);

/** An MLS message begins with its version, 0x0001; a CBOR map does not. */
export const isArchived = (sealed: Uint8Array): boolean => sealed[0] !== 0;

/** The epoch whose key opens it. @throws Failure 'malformed' */
export const archiveEpoch = (sealed: Uint8Array): number => frame.decode(sealed).epoch;

export function sealArchived(
  key: Uint8Array,
  place: ArchivePlace,
  { author, content, random }: { author: ArchiveAuthor; content: Uint8Array; random: Random },
): Uint8Array {
  const bound = placeBytes(place);
  const { user, statement } = author;
  const signature = author.key.sign(concat(bound, content));
  const said = { user, deviceKey: author.key.publicKey, statement, signature, content };
  // A signal has one length already, and a bound of its own.
  const inside = place.use === 'signal' ? plain.encode(said) : padded(said);
  return frame.encode({ epoch: place.epoch, box: sealAead(key, inside, bound, random) });
}

/** Lengths come in steps, as those of MLS messages do; what would be too long is left as it is. */
function padded(message: Parameters<typeof plain.encode>[0]): Uint8Array {
  const bare = plain.encode({ ...message, pad: new Uint8Array(0) }).length;
  const lacking = (MLS_PADDING_BYTES - (bare % MLS_PADDING_BYTES)) % MLS_PADDING_BYTES;
  const length = padLength(lacking) ?? padLength(lacking + MLS_PADDING_BYTES)!;
  if (bare + length + FRAME_OVERHEAD > SEALED_BYTES) return plain.encode(message);
  return plain.encode({ ...message, pad: new Uint8Array(length) });
}

/** What a frame and a longer pad's head may take besides. */
const FRAME_OVERHEAD = AEAD_OVERHEAD + 64;

/** Of a CBOR byte string that is `more` bytes longer than an empty one; undefined where its head leaves that out. */
function padLength(more: number): number | undefined {
  return [more, more - 1, more - 2].find((length) => length >= 0 && length + headBytes(length) - 1 === more);
}

const headBytes = (length: number): number => (length < 24 ? 1 : length < 256 ? 2 : 3);

/**
 * @param identityOf the identity key of somebody who is or was a member; undefined for strangers
 * @throws Failure protocol 'archive-unreadable', trust 'author-unproven'
 */
export function openArchived(
  sealed: Uint8Array,
  key: Uint8Array,
  place: Omit<ArchivePlace, 'epoch'>,
  identityOf: (user: string) => Uint8Array | undefined,
): ArchivedMessage {
  const { epoch, box } = frame.decode(sealed);
  const bound = placeBytes({ ...place, epoch });
  const opened = openAead(key, box, bound);
  if (opened === undefined) throw unreadable();
  const { pad: _, ...message } = plain.decode(opened);
  const identity = identityOf(message.user);
  const account = { directoryId: place.directoryId, folded: foldName(message.user) };
  const proven =
    identity !== undefined &&
    isConsent(identity, account, message.deviceKey, message.statement) &&
    isSignedBy(message.deviceKey, { ...place, epoch }, message.content, message.signature);
  if (!proven) throw unproven();
  return message;
}

const unreadable = (): Failure => new Failure('archive-unreadable');

const unproven = (): Failure => new Failure('author-unproven');
