import { DEPOSIT_BLOCK_BYTES } from './limits.js';

/** A file behind a link for guests is cut as a deposit is. Part of the guests' page, too. */
export const guestBlocks = (size: number): number => Math.ceil(size / DEPOSIT_BLOCK_BYTES);

export const guestBlockLength = (size: number, block: number): number =>
  Math.min(DEPOSIT_BLOCK_BYTES, size - block * DEPOSIT_BLOCK_BYTES);
