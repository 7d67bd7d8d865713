import * as v from 'valibot';
import { SHAPE_BYTES, SHAPE_FOLDERS, SHAPE_LEFT_OUT, TRANSFER_FILES, TRANSFER_PATH_BYTES } from './limits.js';
import { codec, count, list, text, time } from './schema.js';

/**
 * What an offer says of its files beside their list, which both sides hash and programs of before know exactly as it is:
 * what a folder is besides the contents of its files. Whoever doesn't know it receives the files all the same.
 */

const shapeSchema = v.object({
  /** When each file was changed last, in the manifest's order. */
  times: list(time(), TRANSFER_FILES),
  /** Which files can be executed, by their places in the manifest. */
  executable: list(count(TRANSFER_FILES - 1), TRANSFER_FILES),
  /** Folders with nothing in them, as paths of the manifest. */
  folders: list(text(TRANSFER_PATH_BYTES), SHAPE_FOLDERS),
  /** What was found and isn't sent: its path, and what it is. */
  leftOut: list(v.object({ name: text(TRANSFER_PATH_BYTES), why: text(64) }), SHAPE_LEFT_OUT),
  /** How much else isn't sent, beyond those that are named. */
  more: count(),
});
export type Shape = v.InferOutput<typeof shapeSchema>;

export const shapeCodec = codec(shapeSchema, SHAPE_BYTES);

/** Undefined for what makes no sense: the files come all the same. */
export function readShape(encoded: Uint8Array | undefined): Shape | undefined {
  try {
    return encoded && shapeCodec.decode(encoded);
  } catch {
    return undefined;
  }
}
