import type { TextContent } from '../../wire/content.js';
import { foldName } from '../../wire/names.js';
import { cleanText } from '../../wire/text.js';
import type { MessageRow } from '../storage/tables.js';
import { isGroupId } from './conversation.js';
import { names, namesAll } from './mentions.js';
import { pollOf, questionOf } from './poll.js';

type Line = Pick<
  MessageRow,
  'from' | 'body' | 'sentAt' | 'order' | 'replyTo' | 'mentioned' | 'lifetime' | 'expires' | 'poll'
>;

export interface LineInit {
  /** `@user` or `#group`. */
  readonly conversation: string;
  readonly from: string;
  /** Whose device this is. */
  readonly self: string;
  /** Milliseconds since 1970: from when on it lives. */
  readonly since: number;
}

/** Whether a text speaks to the person whose device this is. */
export const isMentioned = (body: string, { conversation, from, self }: Omit<LineInit, 'since'>): boolean =>
  foldName(from) !== foldName(self) && (names(body, self) || (isGroupId(conversation) && namesAll(body)));

/** What a line of the history keeps of a text. */
export function lineOf(content: Omit<TextContent, 'type'>, init: LineInit): Line {
  const { sentAt, order, replyTo, expires: lifetime = 0 } = content;
  const body = cleanText(content.body);
  return {
    ...{ from: init.from, body, sentAt },
    ...(order !== undefined && { order }),
    ...(replyTo && { replyTo }),
    ...(content.poll && { poll: pollOf(content.poll) }),
    ...(isMentioned(body, init) && { mentioned: true }),
    ...(lifetime > 0 && { lifetime, expires: init.since + lifetime * 1000 }),
  };
}

/** The text as it was sent, for whoever could not open it. */
export const textOf = ({ body, sentAt, order, replyTo, lifetime, poll }: MessageRow): TextContent => ({
  ...{ type: 'text', body, sentAt },
  ...(order !== undefined && { order }),
  ...(replyTo && { replyTo }),
  ...(lifetime !== undefined && { expires: lifetime }),
  ...(poll && { poll: questionOf(poll) }),
});
