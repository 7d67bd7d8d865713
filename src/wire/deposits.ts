import * as v from 'valibot';
import { DEPOSIT_BLOCK_BYTES, DEPOSIT_BLOCKS, DEPOSIT_PEOPLE, NAME_CHARS } from './limits.js';
import { method, nothing } from './rpc.js';
import { bytes, count, exactly, list, text, time } from './schema.js';
import { UPLOAD_OVERHEAD } from './uploads.js';

/**
 * Deposits: what is offered to somebody who is away, laid down at the directory block by block until they fetch it. It sees
 * who laid down how much, when, and for whom; the key, the names and what is inside travel in messages between the two.
 * Every request may be repeated after a lost answer.
 */

const one = { deposit: exactly(16) };
const block = count(DEPOSIT_BLOCKS);
const sealed = bytes(DEPOSIT_BLOCK_BYTES + UPLOAD_OVERHEAD, 1);
/** The first `have` blocks are there. */
const standing = v.object({ have: count(), finished: v.boolean(), expires: time() });

export const depositMethods = {
  /** What would fit now, and how long it would be kept, in milliseconds. */
  'deposits.room': method(v.object({}), v.object({ free: count(), lifetime: count() })),
  /**
   * Takes room for `size` bytes for these people, or goes on with what has been begun; then `to` stays as it was. Fails with
   * 'upload-quota', 'deposits-full'.
   */
  'deposits.begin': method(
    v.object({
      ...one,
      to: v.pipe(list(text(NAME_CHARS), DEPOSIT_PEOPLE), v.minLength(1)),
      size: count(DEPOSIT_BLOCKS * DEPOSIT_BLOCK_BYTES),
    }),
    standing,
  ),
  'deposits.put': method(v.object({ ...one, block, sealed }), nothing),
  /** All blocks are there: it is kept until `expires`. */
  'deposits.finish': method(v.object(one), v.object({ expires: time() })),
  'deposits.find': method(v.object(one), standing),
  /** Of those for whom it is, also while it grows. */
  'deposits.get': method(v.object({ ...one, block }), v.object({ sealed })),
  /** The caller has all of it; when everybody for whom it is has, it goes. */
  'deposits.taken': method(v.object(one), nothing),
  /** By who laid it down, or an admin. */
  'deposits.remove': method(v.object(one), nothing),
};
