import * as v from 'valibot';
import { hex } from '../../base/bytes.js';
import { path } from '../../store/keys.js';
import { depositBlockLength, depositBlocks } from '../../wire/deposit-blocks.js';
import { DEPOSIT_PEOPLE, NAME_CHARS } from '../../wire/limits.js';
import { codec, count, list, text, time } from '../../wire/schema.js';
import { UPLOAD_OVERHEAD, uploadBlockLength, uploadBlocks } from '../../wire/uploads.js';

const uploadSchema = v.object({
  by: v.object({ user: text(NAME_CHARS), folded: text(NAME_CHARS) }),
  /** Of the file before it was sealed, bytes. */
  size: count(),
  at: time(),
  expires: time(),
  finished: v.boolean(),
  /** Of a deposit: those for whom it is and who don't have it yet, folded. */
  to: v.optional(list(text(NAME_CHARS), DEPOSIT_PEOPLE)),
  /** It lies behind a link for guests. */
  guest: v.optional(v.literal(true)),
});
export type UploadRow = v.InferOutput<typeof uploadSchema>;

/** Key: as `rowKey` has it. Its blocks stand below, by number. */
export const uploadCodec = codec(uploadSchema, 128 << 10);

/** A file of a group, a deposit for people, or what lies behind a link for guests. */
export type UploadId =
  | { readonly group: Uint8Array; readonly upload: Uint8Array }
  | { readonly deposit: Uint8Array }
  | { readonly guest: Uint8Array };

/** What stands before the ids of deposits and of files for guests, where others have their group. */
const DEPOSITS = 'deposit';
const GUESTS = 'guest';

export function rowKey(id: UploadId): string {
  if ('deposit' in id) return path(DEPOSITS, hex(id.deposit));
  if ('guest' in id) return path(GUESTS, hex(id.guest));
  return path(hex(id.group), hex(id.upload));
}

export const blockKey = (id: UploadId, block: number): string => `${rowKey(id)}/${path(block)}`;

export const blocksOf = (id: UploadId, size: number): number =>
  'group' in id ? uploadBlocks(size) : depositBlocks(size);

export const sealedLength = (id: UploadId, size: number, block: number): number =>
  ('group' in id ? uploadBlockLength(size, block) : depositBlockLength(size, block)) + UPLOAD_OVERHEAD;

/** What it takes on the disk, sealed. */
export const held = ({ size, to, guest }: Pick<UploadRow, 'size' | 'to' | 'guest'>): number =>
  size + ((to ?? guest) ? depositBlocks(size) : uploadBlocks(size)) * UPLOAD_OVERHEAD;
