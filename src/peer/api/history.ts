import type { DeliveryState, UploadMention, Via } from './events.js';
import type { PollState } from './polls.js';

/** One line of a conversation as it is kept on disk. */
export interface HistoryMessage {
  readonly id: string;
  readonly conversation: string;
  readonly from: string;
  readonly text: string;
  readonly sentAt: string;
  readonly receivedAt: string;
  /** Of groups: the place in the order all members agree on. */
  readonly seq?: number;
  /** For one's own messages. */
  readonly state?: DeliveryState;
  /** For the messages of others. */
  readonly via?: Via;
  /** It tells of a file for the group. */
  readonly upload?: UploadMention;
  readonly edited?: boolean;
  /** Its text is gone. */
  readonly deleted?: boolean;
  readonly reactions?: readonly { readonly user: string; readonly emoji: string }[];
  /** The id of the message it answers. */
  readonly replyTo?: string;
  /** The text names this person. */
  readonly mentioned?: true;
  /** When it disappears from this device. */
  readonly expiresAt?: string;
  /** Of one's own messages in groups: who has read them, as far as it is known. */
  readonly readBy?: readonly string[];
  /** In a group, of somebody who is blocked: `text` is empty. */
  readonly hidden?: true;
  readonly poll?: PollState;
  /** It is kept in sight of everybody in the conversation. */
  readonly pinned?: true;
}
