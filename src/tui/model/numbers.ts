import { type Conversation, HOME } from './conversation.js';

/** The numbers by which conversations are opened: each keeps its own for as long as it is in the list. */
export class Numbers {
  /** Of conversations that are not in the list yet. */
  readonly #kept = new Map<string, number>();
  readonly #all: ReadonlyMap<string, Conversation>;

  constructor(all: ReadonlyMap<string, Conversation>) {
    this.#all = all;
  }

  /** The number of a conversation that comes into the list: the one it had, else the lowest that is free. */
  next(id: string): number {
    if (id === HOME) return 0;
    const kept = this.#kept.get(id);
    this.#kept.delete(id);
    if (kept !== undefined && this.at(kept) === undefined) return kept;
    const taken = new Set([...this.#kept.values(), ...Array.from(this.#all.values(), ({ number }) => number)]);
    let free = 1;
    while (taken.has(free)) free++;
    return free;
  }

  keep(id: string, number: number): void {
    if (number > 0) this.#kept.set(id, number);
  }

  at(number: number): Conversation | undefined {
    for (const one of this.#all.values()) if (one.number === number) return one;
    return undefined;
  }

  /** Gives a conversation that number; the one that had it gets its. */
  give(conversation: Conversation, number: number): void {
    const other = this.at(number);
    if (other) other.number = conversation.number;
    conversation.number = number;
  }
}
