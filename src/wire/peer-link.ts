import * as v from 'valibot';
import { CRL_BYTES, DEVICES_PER_ACCOUNT, HISTORY_PIECE_BYTES, SEALED_BYTES } from './limits.js';
import { method, nothing } from './rpc.js';
import { bytes, codec, count, exactly, list, text, time } from './schema.js';

/** What two peers say to each other on a direct link: mutual TLS, ALPN `p2pchat-peer/1`, the same table both ways. */

export const ALPN_PEER = 'p2pchat-peer/1';
/** A connection of its own for the bytes of one transfer, where datagrams do not get through. */
export const ALPN_STREAM = 'p2pchat-stream/1';

/** Where in another device's history one stands, which comes in three passes. */
export const historyCursor = v.object({
  stage: v.picklist(['state', 'recent', 'lines']),
  skip: v.optional(count()),
  conversation: v.optional(text(64)),
  below: v.optional(count()),
});
export type HistoryCursor = v.InferOutput<typeof historyCursor>;

export const peerMethods = {
  /** First request of whoever dialled. `instance` is random for each start of a program. */
  hello: method(
    v.object({ versions: list(count(65_535), 8), agent: text(64), instance: exactly(16), crl: count() }),
    v.object({ version: count(65_535), agent: v.optional(text(64)), instance: exactly(16), crl: count() }),
  ),
  /**
   * The answer is the receipt: the message is on the receiver's disk. With `mailed`, what was said before it went into the
   * receiver's mailbox, and may lie there still.
   */
  deliver: method(
    v.object({
      ...{ id: exactly(16), group: exactly(16), sealed: bytes(SEALED_BYTES, 1) },
      mailed: v.optional(v.literal(true)),
    }),
    nothing,
  ),
  /**
   * To another device of one's own: what it keeps and has written since a revision of its store, lines no older than `from`.
   * Without a piece in the answer its person has not allowed it. With the first piece comes the revision it all goes up to.
   */
  'history.read': method(
    v.object({ since: count(), from: v.optional(time()), at: v.optional(historyCursor) }),
    v.object({
      piece: v.optional(bytes(HISTORY_PIECE_BYTES)),
      next: v.optional(historyCursor),
      mark: v.optional(count()),
    }),
  ),
  /** For a peer whose revocation list is older than the other's. */
  'crl.get': method(nothing, v.object({ crl: bytes(CRL_BYTES, 64) })),
};
export type PeerMethods = typeof peerMethods;

export const peerNotices = {
  /** Whoever is at the other end writes in the conversation of the two, or has stopped. */
  typing: v.object({ active: v.boolean() }),
  /** The device at the other end, of one's own account, may read what is kept here. */
  'history.allowed': nothing,
  /** Of one's own account: the person has said that these devices may have what is kept there. */
  'history.consents': v.object({ devices: list(text(16), DEVICES_PER_ACCOUNT) }),
};
export type PeerNotices = typeof peerNotices;

// --- What a mailbox holds ---

const parcelSchema = v.variant('kind', [
  v.object({ kind: v.literal('message'), group: exactly(16), sealed: bytes(SEALED_BYTES, 1) }),
  v.object({ kind: v.literal('welcome'), number: count(), welcome: bytes(SEALED_BYTES, 1) }),
]);
export type ParcelContent = v.InferOutput<typeof parcelSchema>;
export const parcelCodec = codec(parcelSchema, SEALED_BYTES);

// --- A transfer's stream ---

/** The one frame that whoever dialled sends; the answer is an empty one, and from then on the transfer's bytes follow. */
export const streamHello = codec(v.object({ transfer: exactly(16) }), 256);
