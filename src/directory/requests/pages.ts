import { FRAME_BYTES } from '../../wire/limits.js';

/** Contents of a page of entries: with what stands around them they fit in one frame. */
export const PAGE_BYTES = FRAME_BYTES - (256 << 10);
