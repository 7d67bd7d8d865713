import * as v from 'valibot';
import { addresses } from './address.js';
import {
  EXPIRE_MAX_SECONDS,
  MANIFEST_BYTES,
  POLL_OPTION_BYTES,
  POLL_OPTIONS,
  POLL_QUESTION_BYTES,
  REASON_CHARS,
  SEALED_BYTES,
  SHAPE_BYTES,
  TEXT_BYTES,
  TRANSFER_CANDIDATES,
  TRANSFER_FILES,
  TRANSFER_PATH_BYTES,
  UPLOAD_BLOCK_BYTES,
  UPLOAD_BLOCKS,
} from './limits.js';
import { bytes, type Codec, codec, count, exactly, list, text, time } from './schema.js';

/**
 * What is inside a sealed message. Its id is not repeated here: it travels as the MLS authenticated data, so that what
 * the outside calls a message and what its author called it are the same. A type that isn't known is kept and not shown.
 */

export const MESSAGE_ID_BYTES = 16;

const messageId = exactly(MESSAGE_ID_BYTES);
const transfer = exactly(16);
/** UDP addresses at which a device may be reached for a transfer: numeric, the likelier ones first. */
const candidates = addresses(TRANSFER_CANDIDATES);

/** What people are asked: one answer of several, or any number of them. */
export const pollSchema = v.object({
  question: text(POLL_QUESTION_BYTES),
  options: v.pipe(list(text(POLL_OPTION_BYTES), POLL_OPTIONS), v.minLength(2)),
  several: v.boolean(),
});
export type PollQuestion = v.InferOutput<typeof pollSchema>;

const wireSchema = v.variant('type', [
  v.object({
    type: v.literal('text'),
    body: text(TEXT_BYTES),
    sentAt: time(),
    /** The message it answers. */
    replyTo: v.optional(messageId),
    /** Of direct conversations: where it stands (docs/protocol.md). */
    order: v.optional(time()),
    /** Its life in seconds: from when it was written, at its author's; from when it came, at the others'. */
    expires: v.optional(count(EXPIRE_MAX_SECONDS)),
    /** What it asks; whoever knows no polls shows the text. */
    poll: v.optional(pollSchema),
    /** It is no line of its own, but does this to the message it answers; whoever doesn't know that shows the text. */
    does: v.optional(v.object({ what: v.picklist(['pin', 'unpin', 'close']), at: time() })),
  }),
  v.object({
    type: v.literal('receipt'),
    state: v.picklist(['delivered', 'read']),
    ids: list(messageId, 256),
  }),
  /** Of a message of the speaker's own. */
  v.object({ type: v.literal('edit'), id: messageId, body: text(TEXT_BYTES) }),
  v.object({ type: v.literal('delete'), id: messageId }),
  /** The same again takes it back. */
  v.object({ type: v.literal('reaction'), id: messageId, emoji: text(64) }),
  /** One's answers to a poll, by their places from 0; the latest word counts. */
  v.object({
    type: v.literal('vote'),
    id: messageId,
    choices: list(count(POLL_OPTIONS - 1), POLL_OPTIONS),
    at: time(),
  }),
  /** Of a direct conversation: the life of what is said in it from now on, in seconds; 0 for no end. The latest counts. */
  v.object({ type: v.literal('setting'), expire: count(EXPIRE_MAX_SECONDS), at: time() }),
  /** In groups with shared history, for newcomers: the keys of epochs whose messages the log still has. */
  v.object({
    type: v.literal('archive'),
    keys: list(v.object({ epoch: count(), key: exactly(32) }), 4096),
  }),
  /** A file that lies sealed at the directory for the members of the group: what it is, and the key of its blocks. */
  v.object({
    type: v.literal('upload'),
    upload: exactly(16),
    key: exactly(32),
    name: text(TRANSFER_PATH_BYTES),
    size: count(UPLOAD_BLOCKS * UPLOAD_BLOCK_BYTES),
    mime: v.optional(text(127)),
    /** SHA-256 of the file. */
    sum: exactly(32),
    sentAt: time(),
  }),
  /** The receiver could not open these (it lost its keys, or came too late): their author seals them again. */
  v.object({ type: v.literal('resend'), ids: list(messageId, 256) }),
  /** Files for the taking. `manifest` is encoded by manifestCodec; `secret` keys the datagrams. */
  v.object({
    type: v.literal('offer'),
    transfer,
    secret: exactly(32),
    manifest: bytes(MANIFEST_BYTES),
    video: v.boolean(),
    sentAt: time(),
    candidates,
    /** `#name`, where each of a group gets the same offer. */
    group: v.optional(text(64)),
    /** Encoded by shapeCodec. */
    shape: v.optional(bytes(SHAPE_BYTES)),
  }),
  /** A step of either side; of several devices which accept, the sender keeps the first and cancels the others. */
  v.object({
    type: v.literal('answer'),
    transfer,
    step: v.picklist(['accept', 'decline', 'pause', 'resume', 'cancel', 'done']),
    /** Said with accept and resume: where the speaker is now. */
    candidates: v.optional(candidates),
    reason: v.optional(text(REASON_CHARS)),
    /** Said with done: SHA-256 of each file as it was written, in the manifest's order. */
    sums: v.optional(list(exactly(32), TRANSFER_FILES)),
    /** The one device it is meant for, where it is not for all. */
    device: v.optional(text(16)),
    /** Said with accept: it is fetched where it was laid down, and nobody is looked for. */
    fetches: v.optional(v.boolean()),
  }),
  /** What was offered is being laid down at the directory; with `sums`, the SHA-256 of each file, all of it lies there. */
  v.object({
    type: v.literal('deposit'),
    transfer,
    deposit: exactly(16),
    key: exactly(32),
    expires: time(),
    sums: v.optional(list(exactly(32), TRANSFER_FILES)),
  }),
  /** The speaker is (also) at these addresses now, and ready to go on. */
  v.object({ type: v.literal('candidates'), transfer, candidates }),
]);
type WireContent = v.InferOutput<typeof wireSchema>;
type WireText = Extract<WireContent, { type: 'text' }>;
export type TextContent = Omit<WireText, 'does'>;

/** Of a direct conversation: a message is pinned, or no more. The latest word on it counts. */
export interface PinContent {
  readonly type: 'pin';
  readonly id: Uint8Array;
  readonly pinned: boolean;
  readonly at: number;
  /** What a program of before shows. */
  readonly words: string;
}

/** By the maker of a poll: what is voted later doesn't count. */
export interface CloseContent {
  readonly type: 'close';
  readonly id: Uint8Array;
  readonly at: number;
  /** What a program of before shows. */
  readonly words: string;
}

export type Content = Exclude<WireContent, WireText> | TextContent | PinContent | CloseContent;
export type SettingContent = Extract<Content, { type: 'setting' }>;
export type ChangeContent = Extract<Content, { type: 'edit' | 'delete' | 'reaction' | 'vote' | 'close' }>;

const CHANGE_TYPES: ReadonlySet<Content['type']> = new Set(['edit', 'delete', 'reaction', 'vote', 'close']);

export const isChangeContent = (content: Content): content is ChangeContent => CHANGE_TYPES.has(content.type);

export type UploadContent = Extract<Content, { type: 'upload' }>;

export type TransferContent = Extract<Content, { type: 'offer' | 'answer' | 'candidates' | 'deposit' }>;

const TRANSFER_TYPES: ReadonlySet<Content['type']> = new Set(['offer', 'answer', 'candidates', 'deposit']);

export const isTransferContent = (content: Content): content is TransferContent => TRANSFER_TYPES.has(content.type);

const wireCodec = codec<WireContent>(wireSchema, SEALED_BYTES, (content) =>
  content.type === 'text' && content.does !== undefined && content.replyTo === undefined
    ? 'a text that does something and says not to which message'
    : undefined,
);

/** Whatever it is: the codec judges what comes out. */
function written(content: Content | undefined): WireContent {
  if (content?.type !== 'pin' && content?.type !== 'close') return content as WireContent;
  const { id, at, words } = content;
  const what = content.type === 'close' ? 'close' : content.pinned ? 'pin' : 'unpin';
  return { type: 'text', body: words, sentAt: at, replyTo: id, does: { what, at } };
}

function read(content: WireContent): Content {
  if (content.type !== 'text' || content.does === undefined) return content;
  const { body: words, replyTo } = content;
  const { what, at } = content.does;
  const id = replyTo!;
  if (what === 'close') return { type: 'close', id, at, words };
  return { type: 'pin', id, pinned: what === 'pin', at, words };
}

/** What a message says. Some of it is written as a text, so that programs of before show its words. */
export const contentCodec: Pick<Codec<Content>, 'encode' | 'decode'> & {
  readonly schema: Codec<WireContent>['schema'];
} = {
  schema: wireSchema,
  encode: (content) => wireCodec.encode(written(content)),
  decode: (encoded) => read(wireCodec.decode(encoded)),
};
