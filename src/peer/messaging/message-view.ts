import { hex } from '../../base/bytes.js';
import { timestamp } from '../../base/clock.js';
import type { UploadMention } from '../api/events.js';
import type { HistoryMessage } from '../api/peer.js';
import type { MessageRow } from '../storage/tables.js';
import { isGroupId } from './conversation.js';
import { pollState } from './poll.js';

/** How the preferences of the person here change the way a line is shown. */
export interface LineLook {
  /** Of somebody who is blocked: its text is not shown. */
  isHidden(row: MessageRow): boolean;
  isBlocked(user: string): boolean;
  isMuted(row: MessageRow): boolean;
  /** Whether the line counts as unread until it is read. */
  counts(row: MessageRow): boolean;
}

/** Lines of groups without a place in the log yet are numbered from here. */
export const UNPLACED = 8_000_000_000_000;

export const seqOf = ({ conversation, number }: MessageRow): number | undefined =>
  isGroupId(conversation) && number < UNPLACED ? number : undefined;

/** The file that a line tells of. */
function mentionOf({ upload }: MessageRow): { readonly upload?: UploadMention } {
  if (upload === undefined) return {};
  const { id, name, size, type } = upload;
  return { upload: { id: hex(id), name, size, ...(type !== undefined && { type }) } };
}

/** What a line says of itself besides its text, in events and in the history alike. */
export const marksOf = (
  row: MessageRow,
): Pick<HistoryMessage, 'replyTo' | 'mentioned' | 'expiresAt' | 'upload' | 'poll'> => ({
  ...(row.replyTo && { replyTo: hex(row.replyTo) }),
  ...(row.mentioned && { mentioned: true }),
  ...(row.expires !== undefined && { expiresAt: timestamp(row.expires) }),
  ...mentionOf(row),
  ...(row.poll && { poll: pollState(row.poll) }),
});

/** What is left of a line whose text is not shown. */
export const hide = <L extends Pick<HistoryMessage, 'text' | 'mentioned' | 'upload' | 'poll'>>({
  mentioned: _named,
  upload: _upload,
  poll: _poll,
  ...line
}: L) => ({
  ...line,
  text: '',
  hidden: true as const,
});

/** What the history, and the event when a message comes, say alike. */
export const placeOf = (row: MessageRow) => ({
  id: hex(row.id),
  conversation: row.conversation,
  from: row.from,
  text: row.body,
  sentAt: timestamp(row.sentAt),
  receivedAt: timestamp(row.receivedAt),
  ...(seqOf(row) !== undefined && { seq: seqOf(row)! }),
});

/** As the history shows it. */
export const toLine = (row: MessageRow): HistoryMessage => ({
  ...placeOf(row),
  ...(row.state && { state: row.state }),
  ...(row.via && { via: row.via }),
  ...(row.edited && { edited: true }),
  ...(row.deleted && { deleted: true }),
  ...marksOf(row),
  ...(row.reactions && row.reactions.length > 0 && { reactions: row.reactions }),
});
