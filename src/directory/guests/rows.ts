import * as v from 'valibot';
import {
  DEPOSIT_BLOCK_BYTES,
  DEPOSIT_BLOCKS,
  GUEST_COUNT,
  GUEST_HEAD_BYTES,
  GUEST_KEY_BYTES,
  NAME_CHARS,
} from '../../wire/limits.js';
import { bytes, codec, count, exactly, list, text, time } from '../../wire/schema.js';

const visitSchema = v.object({
  visit: exactly(16),
  at: time(),
  /** `done`: the guest has said that all of it is there. */
  state: v.picklist(['begun', 'done', 'taken']),
  /** What is handed in, until it is fetched. */
  drop: v.optional(
    v.object({
      size: count(DEPOSIT_BLOCKS * DEPOSIT_BLOCK_BYTES),
      enc: exactly(GUEST_KEY_BYTES),
      head: bytes(GUEST_HEAD_BYTES),
    }),
  ),
});
export type VisitRow = v.InferOutput<typeof visitSchema>;

/** Key: hex of the link's id. */
const guestLinkSchema = v.object({
  kind: v.picklist(['share', 'collect']),
  by: v.object({ user: text(NAME_CHARS), folded: text(NAME_CHARS) }),
  /** Sealed words for whoever opens it. */
  head: bytes(GUEST_HEAD_BYTES),
  /** Of `collect`: what is handed in is sealed to it. */
  key: v.optional(exactly(GUEST_KEY_BYTES)),
  /** SHA-256 over what shows that somebody has the whole link. */
  proof: exactly(32),
  /** Of `collect`: what one file may have. */
  size: count(DEPOSIT_BLOCKS * DEPOSIT_BLOCK_BYTES),
  count: count(GUEST_COUNT),
  at: time(),
  expires: time(),
  state: v.picklist(['laying', 'open', 'ended']),
  /** Each takes one use. */
  visits: list(visitSchema, GUEST_COUNT),
});
export type GuestLinkRow = v.InferOutput<typeof guestLinkSchema>;

export const guestLinkCodec = codec(guestLinkSchema, 256 << 10);
