import type { Range } from '../../wire/datagrams/control.js';
import { WANT_RANGES } from '../../wire/limits.js';
import type { RangeSet } from './range-set.js';

/** Which blocks to ask for, in which order: what a player waits for first, then everything missing from the front. */
export class WantList {
  readonly #have: RangeSet;
  readonly #blocks: number;
  #first: Range[] = [];
  #sequence = 0;
  #listed: Range[] = [];
  #complete = false;
  #paused = false;

  constructor(have: RangeSet, blocks: number) {
    this.#have = have;
    this.#blocks = blocks;
    this.#list();
  }

  get sequence(): number {
    return this.#sequence;
  }

  get ranges(): readonly Range[] {
    return this.#listed;
  }

  /** Replaces what comes first. */
  prefer(ranges: readonly Range[]): void {
    this.#first = ranges.filter(({ first, end }) => first < end && end <= this.#blocks).slice(0, WANT_RANGES / 4);
    this.#list();
  }

  pause(paused: boolean): void {
    this.#paused = paused;
    this.#list();
  }

  /** Asks for more where the last list could not name everything and most of it has come. */
  refresh(): boolean {
    if (this.#complete || this.#paused) return false;
    const last = this.#listed.at(-1);
    if (last !== undefined && !this.#have.covers(last.first, last.first + 1)) return false;
    this.#list();
    return true;
  }

  #list(): void {
    this.#sequence++;
    this.#listed = [];
    if (this.#paused) return;
    for (const { first, end } of this.#first) {
      this.#listed.push(...this.#have.missing(first, end, WANT_RANGES / 2 - this.#listed.length));
    }
    const rest = this.#have.missing(0, this.#blocks, WANT_RANGES - this.#listed.length);
    this.#listed.push(...rest);
    this.#complete = (rest.at(-1)?.end ?? this.#blocks) >= this.#blocks || this.#listed.length < WANT_RANGES;
  }
}
