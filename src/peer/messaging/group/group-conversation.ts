import { toFailure } from '../../../base/errors.js';
import type { Content } from '../../../wire/content.js';
import type { SignalInit } from '../../../wire/signals.js';
import { type Also, type Conversation, type ConversationId, conversationIn } from '../conversation.js';
import type { Groups } from './groups.js';

export interface GroupConversationParts {
  readonly groups: Groups;
  report(error: unknown): void;
}

/** In groups everybody reads at about the same time. */
const TELL_READ_AFTER_MS = 2_000;

/** What the members of a group say to each other, in the order of its log. */
export class GroupConversation implements Conversation {
  readonly id: ConversationId;
  readonly tellReadAfterMs = TELL_READ_AFTER_MS;
  readonly keepsPlaces = true;
  readonly #name: string;
  readonly #parts: GroupConversationParts;

  constructor(name: string, parts: GroupConversationParts) {
    this.id = conversationIn(name);
    this.#name = name;
    this.#parts = parts;
  }

  enqueue<T>(work: () => Promise<T>): Promise<T> {
    return this.#parts.groups.inQueue(this.#name, work);
  }

  send(text: string, also?: Also) {
    return this.#parts.groups.send(this.#name, text, also);
  }

  sendContent(content: Content): Promise<void> {
    return this.#parts.groups.sendContent(this.#name, content);
  }

  isUnsent(id: Uint8Array): boolean {
    return this.#parts.groups.isUnsent(this.#name, id);
  }

  withdraw(id: Uint8Array) {
    return this.#parts.groups.withdraw(this.#name, id);
  }

  async pins(): Promise<readonly Uint8Array[]> {
    return this.#parts.groups.queries.pins(this.#name);
  }

  pin(id: Uint8Array, pinned: boolean): Promise<void> {
    return this.#parts.groups.actions.pin(this.#name, id, pinned);
  }

  async lifetime(): Promise<number> {
    return this.#parts.groups.queries.expire(this.#name);
  }

  async setLifetime(seconds: number): Promise<void> {
    await this.#parts.groups.actions.setExpire(this.#name, seconds);
  }

  tellTyping(active: boolean): void {
    void this.#signal({ type: 'typing', active });
  }

  /** A reader's position alone is told, to who is there: it stands for everything before it. */
  async tellRead(_from: number, through: number): Promise<readonly Uint8Array[] | undefined> {
    return (await this.#signal({ type: 'read', through })) ? [] : undefined;
  }

  /** What is lost is not sent again: the next one says more. */
  async #signal(signal: SignalInit): Promise<boolean> {
    try {
      return await this.#parts.groups.signal(this.#name, signal);
    } catch (error) {
      if (toFailure(error).reason === 'internal') this.#parts.report(error);
      return false;
    }
  }
}
