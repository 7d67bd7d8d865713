import type { Entry } from '../log/entry.js';
import type { Checklist } from './checklist.js';
import type { Conversation } from './conversation.js';

/** What an event asks of the one who drives the screen. */
export type Effect =
  | { readonly type: 'notify'; readonly conversation: string; readonly mention: boolean }
  /** One's own message that was sent elsewhere on this device: by a command, or a one-shot on the same profile. */
  | { readonly type: 'refresh'; readonly conversation: string }
  /** Other messages are pinned now. */
  | { readonly type: 'pins'; readonly conversation: string }
  /** Who is in a group may be others now. */
  | { readonly type: 'members'; readonly conversation: string };

/** What the parts of the model need of the whole. */
export interface ModelHost {
  readonly user: string;
  readonly checklist: Checklist;
  conversation(id: string): Conversation;
  /** Something of somebody else stands in a log: it is read, or counts until it is. @param live it came just now */
  arrived(conversation: Conversation, entry: Entry, live: boolean, quiet?: boolean): readonly Effect[];
  /** For what has no id of its own. */
  nextNumber(): number;
}
