import * as v from 'valibot';
import { NAME_CHARS } from '../../wire/limits.js';
import { codec, count, text, time } from '../../wire/schema.js';

const uploadSchema = v.object({
  by: v.object({ user: text(NAME_CHARS), folded: text(NAME_CHARS) }),
  /** Of the file before it was sealed, bytes. */
  size: count(),
  at: time(),
  expires: time(),
  finished: v.boolean(),
});
export type UploadRow = v.InferOutput<typeof uploadSchema>;

/** Key: hex of the group's id / hex of the upload's. Its blocks stand below, by number. */
export const uploadCodec = codec(uploadSchema, 1 << 10);
