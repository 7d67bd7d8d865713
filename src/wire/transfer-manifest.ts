import * as v from 'valibot';
import { BLOCK_BYTES, MANIFEST_BYTES, TRANSFER_BLOCKS, TRANSFER_FILES, TRANSFER_PATH_BYTES } from './limits.js';
import { type Codec, codec, count, exactly, list, text } from './schema.js';

/**
 * What a transfer consists of. Its content is all files one after another, in this order, cut into blocks of `block` bytes
 * without regard to where files end; the last block may be shorter. Names are as the sender says them: whoever writes to
 * a disk judges them first.
 */

const manifestSchema = v.object({
  files: v.pipe(
    list(v.object({ path: text(TRANSFER_PATH_BYTES), size: count(), type: v.optional(text(127)) }), TRANSFER_FILES),
    v.minLength(1),
  ),
  block: v.picklist(BLOCK_BYTES),
  /** Root of the hash tree over the blocks, where the sender computed it beforehand. */
  root: v.optional(exactly(32)),
});

/** Paths relative, with '/' between folders. Sizes in bytes. */
export type Manifest = v.InferOutput<typeof manifestSchema>;

export const contentBytes = (manifest: Manifest): number => manifest.files.reduce((sum, file) => sum + file.size, 0);

export const blockCount = (manifest: Manifest): number => Math.ceil(contentBytes(manifest) / manifest.block);

/** Content bytes of one block. */
export const blockLength = (manifest: Manifest, block: number): number =>
  Math.min(manifest.block, contentBytes(manifest) - block * manifest.block);

/** What the sizes may not add up to. */
function flawOf(manifest: Manifest): string | undefined {
  const total = contentBytes(manifest);
  if (!Number.isSafeInteger(total)) return 'sizes that add up to more than 2^53';
  return total > manifest.block * TRANSFER_BLOCKS ? 'more blocks than a transfer may have' : undefined;
}

export const manifestCodec: Codec<Manifest> = codec<Manifest>(manifestSchema, MANIFEST_BYTES, flawOf);
