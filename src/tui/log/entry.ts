import type { DeliveryState } from '../../peer/events.js';

/** A quotation above a reply: whom and what it answers. */
interface Quote {
  readonly from: string;
  readonly text: string;
}

/** One thing in a conversation's log. Its text and names have passed the gate for text from others. */
export interface Entry {
  /** The message's id; unique in a log. */
  readonly id: string;
  /** A message of somebody, a notice of the system, or an error with its next step. */
  readonly kind: 'message' | 'notice' | 'error';
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Empty for notices. */
  readonly from: string;
  readonly own: boolean;
  readonly text: string;
  readonly mentioned?: boolean;
  /** For one's own messages. */
  readonly state?: DeliveryState | 'failed';
  readonly quote?: Quote;
  /** How many gave each reaction. */
  readonly reactions?: ReadonlyMap<string, number>;
  readonly edited?: boolean;
}
