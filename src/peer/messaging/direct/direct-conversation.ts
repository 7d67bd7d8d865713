import type { Content } from '../../../wire/content.js';
import { foldName } from '../../../wire/names.js';
import { type Also, type Conversation, type ConversationId, conversationWith } from '../conversation.js';
import type { DirectPins } from '../direct-pins.js';
import type { ExpirationSetting } from '../expiration-setting.js';
import type { History } from '../history.js';
import type { DirectSender } from './sender.js';

export interface DirectConversationParts {
  readonly sender: DirectSender;
  readonly history: History;
  readonly setting: ExpirationSetting;
  readonly pins: DirectPins;
  isBlocked(user: string): boolean;
  /** To the devices of a person that a link is up to. */
  typing(user: string, active: boolean): void;
}

const TELL_READ_AFTER_MS = 400;
const IDS_PER_RECEIPT = 256;

/** What two people say to each other, on all their devices. */
export class DirectConversation implements Conversation {
  readonly id: ConversationId;
  readonly tellReadAfterMs = TELL_READ_AFTER_MS;
  readonly keepsPlaces = false;
  readonly #user: string;
  readonly #parts: DirectConversationParts;

  constructor(user: string, parts: DirectConversationParts) {
    this.id = conversationWith(user);
    this.#user = user;
    this.#parts = parts;
  }

  enqueue<T>(work: () => Promise<T>): Promise<T> {
    return this.#parts.sender.enqueue(this.#user, work);
  }

  send(text: string, also?: Also) {
    return this.#parts.sender.sendText(this.#user, text, also);
  }

  sendContent(content: Content): Promise<Uint8Array> {
    return this.#parts.sender.sendContent(this.#user, content);
  }

  isUnsent(id: Uint8Array): boolean {
    return this.#parts.sender.isUnsent(id, this.#user);
  }

  withdraw(id: Uint8Array) {
    return this.#parts.sender.withdraw(id, this.#user);
  }

  pins(): Promise<readonly Uint8Array[]> {
    return this.#parts.pins.list(this.#user);
  }

  pin(id: Uint8Array, pinned: boolean, words: string): Promise<void> {
    return this.#parts.pins.set(this.#user, { id, pinned, words });
  }

  async lifetime(): Promise<number> {
    return (await this.#parts.history.head(this.id)).expire?.seconds ?? 0;
  }

  setLifetime(seconds: number): Promise<void> {
    return this.#parts.setting.set(this.#user, seconds);
  }

  tellTyping(active: boolean): void {
    if (!this.#parts.isBlocked(this.#user)) this.#parts.typing(foldName(this.#user), active);
  }

  /** Receipts name the messages, and are kept like any message until they arrive. */
  async tellRead(from: number, through: number): Promise<readonly Uint8Array[]> {
    if (this.#parts.isBlocked(this.#user)) return [];
    const ids: Uint8Array[] = [];
    for await (const { id, state, deleted } of this.#parts.history.rows(this.id, from, through)) {
      if (state === undefined && !deleted) ids.push(id);
    }
    const receipts: Uint8Array[] = [];
    while (ids.length > 0) {
      const content = { type: 'receipt', state: 'read', ids: ids.splice(0, IDS_PER_RECEIPT) } as const;
      receipts.push(await this.sendContent(content));
    }
    return receipts;
  }
}
