import * as v from 'valibot';
import { pollSchema } from '../../wire/content.js';
import { EXPIRE_MAX_SECONDS, POLL_OPTIONS, POLL_VOTERS, TEXT_BYTES, TRANSFER_PATH_BYTES } from '../../wire/limits.js';
import { count, exactly, list, text, time } from '../../wire/schema.js';

export const viaSchema = v.picklist(['direct', 'lan', 'relay', 'mailbox', 'group']);

/** Votes kept of one person: all that may come to count. */
export const VOTES_EACH = 16;

/** What it asks, the votes, and when it was closed. */
const pollRow = v.object({
  ...pollSchema.entries,
  votes: list(v.object({ user: text(64), choices: list(count(), POLL_OPTIONS), at: time() }), POLL_VOTERS * VOTES_EACH),
  closed: v.optional(time()),
});

export const messageRow = v.object({
  id: exactly(16),
  conversation: text(64),
  number: count(),
  from: text(64),
  body: text(TEXT_BYTES * 4),
  sentAt: time(),
  receivedAt: time(),
  state: v.optional(v.picklist(['queued', 'failed', 'stored', 'delivered', 'read'])),
  via: v.optional(viaSchema),
  upload: v.optional(
    v.object({ id: exactly(16), name: text(TRANSFER_PATH_BYTES), size: count(), type: v.optional(text(127)) }),
  ),
  /** Of direct conversations: where it stands among the others. */
  order: v.optional(time()),
  edited: v.optional(v.boolean()),
  deleted: v.optional(v.boolean()),
  replyTo: v.optional(exactly(16)),
  /** The text names the person whose device this is. */
  mentioned: v.optional(v.boolean()),
  /** Seconds the message has to live, and when by this device's clock it has to go. */
  lifetime: v.optional(count(EXPIRE_MAX_SECONDS)),
  expires: v.optional(time()),
  reactions: v.optional(list(v.object({ user: text(64), emoji: text(64) }), 64)),
  poll: v.optional(pollRow),
});
export type MessageRow = v.InferOutput<typeof messageRow>;
