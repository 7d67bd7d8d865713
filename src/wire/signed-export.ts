import * as v from 'valibot';
import { ACT_BYTES, CERTIFICATE_BYTES, NAME_CHARS, SEALED_BYTES, TEXT_BYTES } from './limits.js';
import { codec, count, text } from './schema.js';

/**
 * A signed export of a group with shared history: JSON, one record a line, in this order: the room, all its acts, its lines,
 * the end. Bytes are base64url without padding, ids hex. Whatever is not known is passed over.
 */

const bytes = (most: number) => v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]*$/), v.maxLength(Math.ceil((most * 4) / 3)));
const id = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/));
const event = v.literal('export');
/** Its place in the file, from 0. */
const n = count();

const room = v.object({
  event,
  part: v.literal('room'),
  n,
  version: v.literal(1),
  /** The directory's id, and the CA key that it is the hash of. */
  directory: text(64),
  authority: bytes(32),
  room: id,
  name: text(NAME_CHARS),
  /** Of the device that made the export, DER. */
  certificate: bytes(CERTIFICATE_BYTES),
  at: count(),
});
export type ExportedRoom = v.InferOutput<typeof room>;

const act = v.object({ event, part: v.literal('act'), n, room: id, act: bytes(ACT_BYTES) });

const line = v.object({
  event,
  part: v.literal('line'),
  n,
  room: id,
  /** Its place in the group's log. */
  seq: count(),
  /** When the directory took it, in milliseconds since 1970. */
  at: count(),
  id,
  from: text(NAME_CHARS),
  /** What is shown; it stands in `content`, too. */
  text: text(TEXT_BYTES * 4),
  /** The message that says so, where its author has edited the line since. */
  edit: v.optional(id),
  epoch: count(),
  /** The key of the author's device, the identity's consent to it, and the device's signature. */
  device: bytes(32),
  consent: bytes(64),
  signature: bytes(64),
  content: bytes(SEALED_BYTES),
});
export type ExportedLine = v.InferOutput<typeof line>;

const end = v.object({
  event,
  part: v.literal('end'),
  n,
  room: id,
  lines: count(),
  /** Lines that whoever made it was shown, and that the log has no more, or that were taken back. */
  left: count(),
});

export const exportRecord = v.variant('part', [room, act, line, v.object({ ...end.entries, signature: bytes(64) })]);
export type ExportRecord = v.InferOutput<typeof exportRecord>;

/** As it goes into the chain: what stands before the end's signature. */
export const exportRecordCodec = codec(v.variant('part', [room, act, line, end]), 2 * SEALED_BYTES);
export type ChainedRecord = v.InferOutput<typeof exportRecordCodec.schema>;
/** Characters of one line of the file. */
export const EXPORT_LINE_CHARS = 4 * SEALED_BYTES;
