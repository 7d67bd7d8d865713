import * as v from 'valibot';
import { addresses } from '../../wire/address.js';
import { MANIFEST_BYTES, SHAPE_BYTES, TRANSFER_CANDIDATES, TRANSFER_FILES } from '../../wire/limits.js';
import { bytes, count, exactly, list, text, time } from '../../wire/schema.js';

export const PATH_BYTES = 4_096;

/** An offer of files, from here or to here, and what became of it. */
export const transferRow = v.object({
  order: count(),
  id: exactly(16),
  direction: v.picklist(['in', 'out']),
  user: text(64),
  /** The other side's, once it is known which. */
  device: v.optional(text(16)),
  secret: exactly(32),
  manifest: bytes(MANIFEST_BYTES),
  /** What the offer said of the files besides. */
  shape: v.optional(bytes(SHAPE_BYTES)),
  video: v.boolean(),
  createdAt: time(),
  /** From accepted on it runs whenever both sides are there. */
  state: v.picklist(['offered', 'accepted', 'done', 'failed', 'declined']),
  /** Which side wants it to rest. */
  paused: v.optional(v.picklist(['here', 'there', 'both'])),
  /** `#name` of the group to which it was offered. */
  group: v.optional(text(64)),
  /** Where the other side was last. */
  candidates: addresses(TRANSFER_CANDIDATES),
  /** What is sent, and a digest of how it looked when it was offered. */
  source: v.optional(
    v.object({
      paths: list(text(PATH_BYTES), TRANSFER_FILES),
      stamp: exactly(32),
      rate: v.optional(v.number()),
      pace: v.optional(v.number()),
      trace: v.optional(text(PATH_BYTES)),
    }),
  ),
  /** Where it goes. */
  folder: v.optional(text(PATH_BYTES)),
  /** Of each file, once done; the path is the receiver's. */
  results: v.optional(
    list(v.object({ sha256: v.optional(text(64)), path: v.optional(text(PATH_BYTES)) }), TRANSFER_FILES),
  ),
  /** Where it is laid down for somebody who is away. Several offers of the same files have one. */
  deposit: v.optional(
    v.object({
      id: exactly(16),
      key: exactly(32),
      /** When the directory forgets it; absent until it has been begun. */
      expires: v.optional(time()),
      /** SHA-256 of each file: all of it lies there. */
      sums: v.optional(list(exactly(32), TRANSFER_FILES)),
      /** Of the sender: the word that all of it lies there has reached the receiver, or their mailbox. */
      told: v.optional(v.boolean()),
      /** Of the sender: the receiver fetches it from there. */
      fetched: v.optional(v.boolean()),
    }),
  ),
  /** It ended while nobody was watching, and whoever begins to is to be told; false once they were. */
  unseen: v.optional(v.boolean()),
  failure: v.optional(v.object({ code: text(64), message: text(1_024), hint: text(1_024) })),
});
export type TransferRow = v.InferOutput<typeof transferRow>;

/** Networks at both ends; content, bytes per millisecond; milliseconds. */
export const pathRow = v.object({
  from: text(4_096),
  to: text(64),
  rate: v.number(),
  minRtt: v.number(),
  at: time(),
});
