import { DEPOSIT_BLOCK_BYTES } from './limits.js';

/** How deposits are cut, and files behind links for guests: a file of its own, because the guests' page has a part in it. */

export const depositBlocks = (size: number): number => Math.ceil(size / DEPOSIT_BLOCK_BYTES);

/** Content bytes of one block of a deposit of `size`. */
export const depositBlockLength = (size: number, block: number): number =>
  Math.min(DEPOSIT_BLOCK_BYTES, size - block * DEPOSIT_BLOCK_BYTES);
