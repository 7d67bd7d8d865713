import type { Range } from '../../wire/datagrams/control.js';

/** A set of integers as half-open ranges, ascending and apart. Made for what mostly arrives in order: the end is tried first. */
export class RangeSet {
  readonly #firsts: number[] = [];
  readonly #ends: number[] = [];
  #size = 0;

  /** Integers in the set. */
  get size(): number {
    return this.#size;
  }

  /** Ranges in the set. */
  get count(): number {
    return this.#firsts.length;
  }

  get largest(): number {
    return (this.#ends.at(-1) ?? 0) - 1;
  }

  clear(): void {
    this.#firsts.length = 0;
    this.#ends.length = 0;
    this.#size = 0;
  }

  /** @returns how many of [first, end) were not in the set before */
  add(first: number, end: number): number {
    if (end <= first) return 0;
    const last = this.#ends.length - 1;
    if (last >= 0 && this.#ends[last] === first) {
      this.#ends[last] = end;
      this.#size += end - first;
      return end - first;
    }
    if (last < 0 || first > this.#ends[last]!) {
      this.#firsts.push(first);
      this.#ends.push(end);
      this.#size += end - first;
      return end - first;
    }
    return this.#insert(first, end);
  }

  #insert(first: number, end: number): number {
    const from = this.#firstReaching(first);
    let covered = 0;
    let to = from;
    let low = first;
    let high = end;
    while (to < this.#firsts.length && this.#firsts[to]! <= end) {
      covered += Math.max(0, Math.min(end, this.#ends[to]!) - Math.max(first, this.#firsts[to]!));
      low = Math.min(low, this.#firsts[to]!);
      high = Math.max(high, this.#ends[to]!);
      to++;
    }
    this.#firsts.splice(from, to - from, low);
    this.#ends.splice(from, to - from, high);
    const added = end - first - covered;
    this.#size += added;
    return added;
  }

  /** Index of the first range whose end is at or after `value`. */
  #firstReaching(value: number): number {
    let low = 0;
    let high = this.#ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#ends[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  has(value: number): boolean {
    return this.covers(value, value + 1);
  }

  /** Whether all of [first, end) is in the set. */
  covers(first: number, end: number): boolean {
    const at = this.#firstReaching(end);
    return at < this.#firsts.length && this.#firsts[at]! <= first;
  }

  /** The newest ranges, largest first. */
  newest(limit: number): Range[] {
    const out: Range[] = [];
    for (let i = this.#firsts.length - 1; i >= 0 && out.length < limit; i--) {
      out.push({ first: this.#firsts[i]!, end: this.#ends[i]! });
    }
    return out;
  }

  /** Forgets all but the newest ranges, in bulk so that the cost is spread. */
  keepNewest(limit: number): void {
    if (this.#firsts.length < limit * 2) return;
    const dropped = this.#firsts.length - limit;
    for (let i = 0; i < dropped; i++) this.#size -= this.#ends[i]! - this.#firsts[i]!;
    this.#firsts.splice(0, dropped);
    this.#ends.splice(0, dropped);
  }

  /** What of [first, end) is missing, ascending, at most `limit` ranges. */
  missing(first: number, end: number, limit: number): Range[] {
    const out: Range[] = [];
    let at = first;
    for (let i = this.#firstReaching(first + 1); at < end && out.length < limit; i++) {
      const next = this.#firsts[i] ?? end;
      if (next > at) out.push({ first: at, end: Math.min(next, end) });
      if (i >= this.#firsts.length) break;
      at = Math.max(at, this.#ends[i]!);
    }
    return out;
  }
}
