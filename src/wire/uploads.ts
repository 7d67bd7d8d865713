import * as v from 'valibot';
import { NAME_CHARS, UPLOAD_BLOCK_BYTES, UPLOAD_BLOCKS, UPLOADS_PER_GROUP } from './limits.js';
import { method, nothing } from './rpc.js';
import { bytes, count, exactly, list, text, time } from './schema.js';

/**
 * Files for everybody in a group, held by the directory block by block. It sees who uploaded how much and when; the key,
 * the name and what is inside travel in a message to the group. Every request may be repeated after a lost answer.
 */

/** What sealing adds to a block: a nonce and a tag. */
export const UPLOAD_OVERHEAD = 40;

export const uploadBlocks = (size: number): number => Math.ceil(size / UPLOAD_BLOCK_BYTES);

/** Content bytes of one block of a file of `size`. */
export const uploadBlockLength = (size: number, block: number): number =>
  Math.min(UPLOAD_BLOCK_BYTES, size - block * UPLOAD_BLOCK_BYTES);

const one = { group: exactly(16), upload: exactly(16) };
const size = count(UPLOAD_BLOCKS * UPLOAD_BLOCK_BYTES);
const block = count(UPLOAD_BLOCKS);
const sealed = bytes(UPLOAD_BLOCK_BYTES + UPLOAD_OVERHEAD, 1);

export const uploadMethods = {
  /**
   * Takes room for a file of `size` bytes, or goes on with it: the first `have` blocks are there. Fails with
   * 'upload-quota', 'uploads-full'.
   */
  'uploads.begin': method(v.object({ ...one, size }), v.object({ have: count(), finished: v.boolean() })),
  'uploads.put': method(v.object({ ...one, block, sealed }), nothing),
  /** All blocks are there: from now on members can fetch them, until `expires`. */
  'uploads.finish': method(v.object(one), v.object({ expires: time() })),
  'uploads.get': method(v.object({ ...one, block }), v.object({ sealed })),
  /** Those that are whole, oldest first. */
  'uploads.list': method(
    v.object({ group: exactly(16) }),
    v.object({
      uploads: list(
        v.object({ upload: exactly(16), user: text(NAME_CHARS), size, at: time(), expires: time() }),
        UPLOADS_PER_GROUP,
      ),
    }),
  ),
  /** By who uploaded it, or an admin. */
  'uploads.remove': method(v.object(one), nothing),
};
