import type { Entry, Quote } from '../log/entry.js';
import { quoteOf } from '../log/rows.js';
import type { Conversation } from '../model/conversation.js';

const isAnswerable = (entry: Entry | undefined): boolean =>
  entry?.kind === 'message' && !entry.deleted && !entry.hidden && !entry.id.startsWith('local-');

/** Which message the next one will answer. */
export class Reply {
  #to: Entry | undefined;

  get quote(): Quote | undefined {
    return this.#to && quoteOf(this.#to);
  }

  get active(): boolean {
    return this.#to !== undefined;
  }

  /** The newest of others first, then each one before. @returns false where there is none */
  older({ log }: Conversation): boolean {
    const at = this.#to === undefined ? log.length : log.indexOf(this.#to.id);
    for (let index = at - 1; index >= 0; index--) {
      const entry = log.at(index);
      if (!isAnswerable(entry) || entry!.own) continue;
      this.#to = entry;
      return true;
    }
    return false;
  }

  /** @returns the id that is answered, once */
  take(): string | undefined {
    const id = this.#to?.id;
    this.#to = undefined;
    return id;
  }
}
