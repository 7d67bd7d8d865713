import type { DeliveryState, TransferEvent, UploadEvent, UploadMention } from '../../peer/api/events.js';
import type { PollState } from '../../peer/api/polls.js';
import type { Picture } from './picture.js';

/** A quotation above a reply: whom and what it answers. */
export interface Quote {
  readonly from: string;
  readonly text: string;
}

/** A transfer as the log shows it: what is known of it now, and how fast it has been. */
export interface TransferState {
  readonly event: TransferEvent;
  /** Bytes per second, oldest first. */
  readonly rates: readonly number[];
  /** Milliseconds since 1970, where this program saw it begin and end. */
  readonly startedAt?: number;
  readonly endedAt?: number;
}

/**
 * What an entry is: a message of somebody; a transfer; something that happened (`event`: a join, a ban, an invitation);
 * a notice of the program; what a command said, as it stands; an error with its next step.
 */
export type EntryKind = 'message' | 'transfer' | 'event' | 'notice' | 'output' | 'error';

/** One thing in a conversation's log. Its text and names have passed the gate for text from others. */
export interface Entry {
  /** The message's id; unique in a log. */
  readonly id: string;
  readonly kind: EntryKind;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Empty where nobody said it. */
  readonly from: string;
  readonly own: boolean;
  readonly text: string;
  /** What stands before an event, and how it is meant. */
  readonly sign?: '→' | '←' | '·' | '+' | '✗' | '⚑';
  readonly mentioned?: boolean;
  /** For one's own messages. */
  readonly state?: DeliveryState | 'failed';
  /** The id of the message it answers. */
  readonly replyTo?: string;
  /** Of one's own in groups: who has read it, as far as it is known. */
  readonly readBy?: readonly string[];
  /** Of somebody who is blocked. */
  readonly hidden?: true;
  /** How many gave each reaction. */
  readonly reactions?: ReadonlyMap<string, number>;
  readonly poll?: PollState;
  /** Kept in sight of everybody. */
  readonly pinned?: boolean;
  readonly edited?: boolean;
  /** Its text is gone. */
  readonly deleted?: boolean;
  readonly transfer?: TransferState;
  /** The same offered to several people at once: how it stands with each. */
  readonly batch?: readonly TransferState[];
  /** A file that was uploaded to the group, and how it stands with it here. */
  readonly upload?: UploadMention;
  readonly uploadState?: UploadEvent;
  /** A small picture of what it is about. */
  readonly picture?: Picture;
}
