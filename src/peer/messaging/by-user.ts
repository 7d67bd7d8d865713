import { foldName } from '../../wire/names.js';

/** A list for each person, whichever way the name is written. */
export class ByUser<T> {
  readonly #lists = new Map<string, T[]>();

  of(user: string): T[] {
    const folded = foldName(user);
    const list = this.#lists.get(folded) ?? [];
    this.#lists.set(folded, list);
    return list;
  }

  /** Folded names of those who have something in theirs. */
  users(): string[] {
    return [...this.#lists].filter(([, list]) => list.length > 0).map(([user]) => user);
  }
}
