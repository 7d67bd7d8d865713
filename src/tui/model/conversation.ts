import type { MessageEvent } from '../../peer/api/events.js';
import type { HistoryMessage } from '../../peer/api/peer.js';
import type { PollState } from '../../peer/api/polls.js';
import { foldName } from '../../wire/names.js';
import { cleanLine, cleanText } from '../../wire/text.js';
import type { Entry } from '../log/entry.js';
import { MessageLog } from '../log/log.js';
import { LogView } from '../log/view.js';

/** The program's own page: what it says while no conversation is open. */
export const HOME = '*p2pchat';

/** A conversation as the screen knows it: what is loaded of its log, and what was not read. */
export interface Conversation {
  /** `@user` or `#group`. */
  readonly id: string;
  /** By which it is opened; 0 for the program's own page. */
  number: number;
  /** Higher for what was open later; 0 for what was not. */
  openedAt: number;
  readonly log: MessageLog;
  readonly view: LogView;
  unread: number;
  mentions: number;
  /** Where the line of the unread stands; it stays until the conversation is left. */
  firstUnread: string | undefined;
  /** How far its history was read from disk. */
  loaded: 'nothing' | 'loading' | 'part' | 'all';
  /** The messages pinned in it, as far as they are here; the newest last. */
  pins: readonly Entry[];
  /** What is being written in it while another one is open. */
  draft: string;
  /** Nothing in it is told of, and only what names one is counted. */
  muted: boolean;
  /** The life of new messages in seconds; 0 for no end. */
  expire: number;
  /** Who is writing in it at the moment. */
  readonly typing: Set<string>;
  /** An incoming message isn't read by being there: something has still to tell the peer. */
  readPending: boolean;
}

export function newConversation(id: string, number = 0): Conversation {
  const log = new MessageLog();
  return {
    id,
    number,
    openedAt: 0,
    log,
    view: new LogView(log),
    unread: 0,
    mentions: 0,
    firstUnread: undefined,
    loaded: 'nothing',
    pins: [],
    draft: '',
    muted: false,
    expire: 0,
    typing: new Set(),
    readPending: false,
  };
}

/** Whether a text speaks to `user`: `@name` as a word of its own. */
export function mentions(text: string, user: string): boolean {
  const folded = text.toLowerCase();
  const wanted = `@${foldName(user)}`;
  for (let at = folded.indexOf(wanted); at !== -1; at = folded.indexOf(wanted, at + 1)) {
    if (!/[a-z0-9_.-]/.test(folded[at - 1] ?? ' ') && !/[a-z0-9_-]/.test(folded[at + wanted.length] ?? ' '))
      return true;
  }
  return false;
}

/** A message from the peer as the log shows it. The gate for text from others stands here, before anything is painted. */
export function toEntry(message: MessageEvent | HistoryMessage, self: string): Entry {
  const own = foldName(message.from) === foldName(self);
  const text = cleanText(message.text);
  const { edited, deleted, reactions, readBy, pinned } = message as Partial<HistoryMessage>;
  const mentioned = message.mentioned ?? mentions(text, self);
  return {
    id: message.id,
    kind: 'message',
    at: Date.parse(message.sentAt),
    from: cleanLine(message.from),
    own,
    text,
    ...(!own && mentioned && { mentioned: true }),
    ...(message.replyTo !== undefined && { replyTo: message.replyTo }),
    ...(message.upload !== undefined && { upload: message.upload }),
    ...(message.hidden && { hidden: true as const }),
    ...(readBy !== undefined && { readBy: readBy.map((user) => cleanLine(user)) }),
    ...(edited && { edited }),
    ...(deleted && { deleted }),
    ...(pinned && { pinned }),
    ...(message.poll !== undefined && { poll: cleanPoll(message.poll) }),
    ...(reactions !== undefined && reactions.length > 0 && { reactions: counted(reactions) }),
    ...(own && 'state' in message && message.state !== undefined && { state: message.state }),
  };
}

/** The same gate for what a poll says. */
export const cleanPoll = (poll: PollState): PollState => ({
  ...poll,
  question: cleanLine(poll.question, 300),
  options: poll.options.map(({ text, by }) => ({ text: cleanLine(text, 100), by: by.map((user) => cleanLine(user)) })),
});

/** How many gave each reaction, in the order in which they were given first. */
export function counted(reactions: NonNullable<HistoryMessage['reactions']>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { emoji } of reactions) {
    const clean = cleanLine(emoji, 16);
    counts.set(clean, (counts.get(clean) ?? 0) + 1);
  }
  return counts;
}

/** The first of the last `count` messages of others. */
export function firstOfLast(page: readonly HistoryMessage[], count: number, self: string): string | undefined {
  let found: string | undefined;
  for (let at = page.length - 1; at >= 0 && count > 0; at--) {
    if (page[at]!.from === self) continue;
    found = page[at]!.id;
    count -= 1;
  }
  return found;
}
