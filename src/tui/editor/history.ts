const KEPT = 500;

/** What was sent before, walked with the arrow keys; what was being written is kept at the end of it. */
export class InputHistory {
  readonly #entries: string[] = [];
  #at = 0;
  #draft = '';

  add(text: string): void {
    if (text !== '' && this.#entries.at(-1) !== text) this.#entries.push(text);
    if (this.#entries.length > KEPT) this.#entries.shift();
    this.#at = this.#entries.length;
    this.#draft = '';
  }

  /** The entry before the one shown, or undefined at the oldest. */
  previous(current: string): string | undefined {
    if (this.#at === 0) return undefined;
    if (this.#at === this.#entries.length) this.#draft = current;
    this.#at -= 1;
    return this.#entries[this.#at];
  }

  /** The entry after the one shown, at last what was being written; undefined there. */
  next(): string | undefined {
    if (this.#at === this.#entries.length) return undefined;
    this.#at += 1;
    return this.#at === this.#entries.length ? this.#draft : this.#entries[this.#at];
  }
}
