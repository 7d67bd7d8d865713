import type { LocalStore } from '../../store/local.js';
import type { ConversationNote, NotesApi } from '../api/notes.js';
import type { Tables } from '../storage/tables.js';

/** Drafts and numbers of conversations, kept from one start to the next. */
export class Notes implements NotesApi {
  readonly #tables: Tables;
  readonly #disk: LocalStore;

  constructor(tables: Tables, disk: LocalStore) {
    this.#tables = tables;
    this.#disk = disk;
  }

  async all(): Promise<readonly ConversationNote[]> {
    const notes: ConversationNote[] = [];
    for await (const note of this.#tables.notes.range([])) notes.push(note);
    return notes;
  }

  async set(note: ConversationNote): Promise<void> {
    const { notes } = this.#tables;
    const nothing = note.draft === '' && note.number === 0;
    const key = [note.conversation];
    await this.#disk.write([nothing ? notes.remove(key) : notes.put(key, note)]);
  }
}
