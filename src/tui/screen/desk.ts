import type { Cancel, Clock } from '../../base/clock.js';
import type { ConversationNote, NotesApi } from '../../peer/api/notes.js';
import type { Conversation } from '../model/conversation.js';
import type { ChatModel } from '../model/model.js';

interface DeskInit {
  readonly notes: NotesApi;
  readonly model: ChatModel;
  readonly clock: Clock;
  /** What stands in the line, which belongs to the open conversation. */
  written(): string;
  failed(error: unknown): void;
}

/** So long after a key the line is on disk. */
const KEEP_AFTER_MS = 400;
/** Numbers beyond have no key. */
const LAST_KEY = 9;

/** Drafts and numbers stay from one start to the next, sealed with the rest of the profile. */
export class Desk {
  readonly #init: DeskInit;
  readonly #kept = new Map<string, ConversationNote>();
  #waiting: Cancel | undefined;
  #writing: Promise<void> = Promise.resolve();
  #loaded = false;

  constructor(init: DeskInit) {
    this.#init = init;
  }

  /** Never rejects: without, the chat begins with an empty line. */
  async load(): Promise<void> {
    const { notes, model, failed } = this.#init;
    try {
      const found = await notes.all();
      for (const note of found) this.#kept.set(note.conversation, note);
      model.setNotes(found);
      this.#loaded = true;
    } catch (error) {
      failed(error);
    }
  }

  /** Something may have changed. */
  touched(): void {
    if (!this.#loaded || this.#waiting !== undefined) return;
    this.#waiting = this.#init.clock.after(KEEP_AFTER_MS, () => void this.keep());
  }

  /** Resolves when all of it is on disk. Never rejects. */
  keep(): Promise<void> {
    this.#waiting?.();
    this.#waiting = undefined;
    if (this.#loaded) this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async #write(): Promise<void> {
    const { notes, failed } = this.#init;
    try {
      for (const note of this.#changed()) {
        await notes.set(note);
        this.#kept.set(note.conversation, note);
      }
    } catch (error) {
      failed(error);
    }
  }

  #changed(): ConversationNote[] {
    const { model } = this.#init;
    const gone = [...this.#kept.values()]
      .filter(({ conversation }) => !model.conversations.has(conversation))
      .map(({ conversation }) => ({ conversation, draft: '', number: 0 }));
    return [...gone, ...Array.from(model.conversations.values(), (one) => this.#noteOf(one))].filter((note) => {
      const before = this.#kept.get(note.conversation);
      return note.draft !== (before?.draft ?? '') || note.number !== (before?.number ?? 0);
    });
  }

  #noteOf({ id, draft, number }: Conversation): ConversationNote {
    const open = id === this.#init.model.selected;
    return {
      conversation: id,
      draft: open ? this.#init.written() : draft,
      number: number <= LAST_KEY ? number : 0,
    };
  }
}
