import type { Step } from '../../store/local.js';
import type { Content, PollQuestion } from '../../wire/content.js';
import type { MessageRow } from '../storage/tables.js';

/** `@user`: between two people. `#name`: a group. */
export type ConversationId = `@${string}` | `#${string}`;

export const conversationWith = (user: string): ConversationId => `@${user}`;
export const conversationIn = (name: string): ConversationId => `#${name}`;

/** The one place that asks what kind of conversation an id names. */
export const isGroupId = (id: string): boolean => id.startsWith('#');

/** The user or the group in an id, or in a name as people write it. */
export const nameIn = (id: string): string => (/^[@#]/.test(id) ? id.slice(1) : id);

/** What a text is besides a text. */
export interface Also {
  /** The message that it answers. */
  readonly answers?: Uint8Array;
  readonly poll?: PollQuestion;
}

/** What people say to each other in one place, whether they are two or many. */
export interface Conversation {
  readonly id: ConversationId;
  /** How long what was read is gathered before it is told, in ms. */
  readonly tellReadAfterMs: number;
  /** Runs work on the conversation, one after the other. */
  enqueue<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Resolves when the line is on disk, sealed where that was possible.
   * @throws Failure usage, limit, trust, unknown, denied
   */
  send(text: string, also?: Also): Promise<MessageRow>;
  /** Something besides text, on its way when it resolves. */
  sendContent(content: Content): Promise<unknown>;
  /** Whether it is certain that nobody has the message. */
  isUnsent(id: Uint8Array): boolean;
  /** Stops sending a message to those who lack it. Call it in the queue, and write the steps. */
  withdraw(id: Uint8Array): readonly Step[];
  /** Whether a message that only some have keeps its place in the order: as in groups, whose log has the order. */
  readonly keepsPlaces: boolean;
  /** Ids of the messages that are pinned, in the order in which they were. */
  pins(): Promise<readonly Uint8Array[]>;
  /** @param words of it, for programs that know no pins @throws Failure denied 'not-permitted', limit 'pins-full' */
  pin(id: Uint8Array, pinned: boolean, words: string): Promise<void>;
  /** Seconds that new messages live; 0 for no end. */
  lifetime(): Promise<number>;
  /** @throws Failure denied where this person may not */
  setLifetime(seconds: number): Promise<void>;
  /** To whoever is there just now; nothing of it is kept, and it may be lost. */
  tellTyping(active: boolean): void;
  /**
   * Tells that the lines from one number to another have been read.
   * @returns ids of the receipts on their way; undefined where nobody could be told now
   */
  tellRead(from: number, through: number): Promise<readonly Uint8Array[] | undefined>;
}

/** Finds conversations by their ids. */
export class Conversations {
  readonly #kinds: { direct(user: string): Conversation; group(name: string): Conversation };

  constructor(kinds: { direct(user: string): Conversation; group(name: string): Conversation }) {
    this.#kinds = kinds;
  }

  of(id: string): Conversation {
    return isGroupId(id) ? this.#kinds.group(nameIn(id)) : this.#kinds.direct(nameIn(id));
  }
}
