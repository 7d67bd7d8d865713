import type { Entry } from './entry.js';

/**
 * The entries of one conversation, oldest first, by id. Entries are values: a change replaces one, so that what was made
 * of the old one can be kept by identity and is forgotten with it.
 */
export class MessageLog {
  readonly #entries: Entry[] = [];
  readonly #known = new Map<string, Entry>();

  get length(): number {
    return this.#entries.length;
  }

  at(index: number): Entry | undefined {
    return this.#entries[index];
  }

  get last(): Entry | undefined {
    return this.#entries.at(-1);
  }

  find(id: string): Entry | undefined {
    return this.#known.get(id);
  }

  /** Where the entry with that id stands, or -1. Looks from the newest, where most changes happen. */
  indexOf(id: string): number {
    const entry = this.#known.get(id);
    return entry === undefined ? -1 : this.#entries.lastIndexOf(entry);
  }

  /** The id of the entry about an uploaded file. Looks from the newest. */
  findUpload(upload: string): string | undefined {
    return this.#entries.findLast((entry) => entry.upload?.id === upload)?.id;
  }

  /** Adds at the end; false where the id is there already. */
  append(entry: Entry): boolean {
    if (this.#known.has(entry.id)) return false;
    this.#known.set(entry.id, entry);
    this.#entries.push(entry);
    return true;
  }

  /** Whether an error with that text stands there, not older than `since`, and nobody has said anything after it. */
  says(text: string, since: number): boolean {
    const from = this.#entries.findLastIndex(({ kind, at }) => kind === 'message' || at < since);
    return this.#entries.slice(from + 1).some((entry) => entry.kind === 'error' && entry.text === text);
  }

  remove(id: string): void {
    const index = this.indexOf(id);
    if (index === -1) return;
    this.#entries.splice(index, 1);
    this.#known.delete(id);
  }

  /** Puts an entry where its time belongs; false where the id is there already. */
  place(entry: Entry): boolean {
    if (this.#known.has(entry.id)) return false;
    this.#known.set(entry.id, entry);
    const behind = this.#entries.findLastIndex(({ at }) => at <= entry.at);
    this.#entries.splice(behind + 1, 0, entry);
    return true;
  }

  /**
   * A page of what was kept on disk, oldest first. What is there already stays where it is; the rest comes before the
   * first entry that is not older.
   */
  merge(page: readonly Entry[]): void {
    const fresh = page.filter((entry) => !this.#known.has(entry.id));
    if (fresh.length === 0) return;
    for (const entry of fresh) this.#known.set(entry.id, entry);
    const newest = fresh.at(-1)!.at;
    const place = this.#entries.findIndex((entry) => entry.at >= newest);
    this.#entries.splice(place === -1 ? this.#entries.length : place, 0, ...fresh);
  }

  /** Puts another entry in the place of the one with that id; the new one may have an id of its own. */
  replace(id: string, change: (entry: Entry) => Entry): Entry | undefined {
    const index = this.indexOf(id);
    const before = this.#entries[index];
    if (before === undefined) return undefined;
    const next = change(before);
    if (next.id !== id && this.#known.has(next.id)) {
      this.#entries.splice(index, 1);
      this.#known.delete(id);
      return this.#known.get(next.id);
    }
    this.#entries[index] = next;
    this.#known.delete(id);
    this.#known.set(next.id, next);
    return next;
  }
}
