import * as v from 'valibot';
import { GUEST_SECRET_BYTES } from '../../wire/guest-seal.js';
import {
  DEPOSIT_BLOCK_BYTES,
  DEPOSIT_BLOCKS,
  GUEST_COUNT,
  GUEST_KEY_BYTES,
  GUEST_URL_BYTES,
  TRANSFER_PATH_BYTES,
} from '../../wire/limits.js';
import { count, exactly, list, text, time } from '../../wire/schema.js';
import { PATH_BYTES } from './transfer-row.js';

/** A link for guests that was made here. */
export const guestRow = v.object({
  id: exactly(16),
  kind: v.picklist(['share', 'collect']),
  /** As guests see it. */
  name: text(TRANSFER_PATH_BYTES),
  /** What stands behind the # of the link, as far as it is secret. */
  secret: exactly(GUEST_SECRET_BYTES),
  /** Of `share`, what lies behind it: the file or folder, and how it looked. */
  source: v.optional(v.object({ path: text(PATH_BYTES), stamp: exactly(32) })),
  /** Of `collect`: what is handed in is sealed to it. */
  keys: v.optional(v.object({ privateKey: exactly(32), publicKey: exactly(GUEST_KEY_BYTES) })),
  /** Of `collect`: what one file may have. */
  size: count(DEPOSIT_BLOCKS * DEPOSIT_BLOCK_BYTES),
  count: count(GUEST_COUNT),
  /** Milliseconds. */
  lasts: count(),
  at: time(),
  /** Once all of it lies there: what the link begins with, and when it ends. */
  url: v.optional(text(GUEST_URL_BYTES)),
  expires: v.optional(time()),
  /** Of `collect`, visits of which what was handed in came, or was of no use: none of them comes again. */
  taken: v.optional(list(exactly(16), GUEST_COUNT)),
  /** How many visits its person has been told of, and of those, how many that brought all of it. */
  told: v.object({ used: count(GUEST_COUNT), done: count(GUEST_COUNT) }),
});
export type GuestRow = v.InferOutput<typeof guestRow>;
