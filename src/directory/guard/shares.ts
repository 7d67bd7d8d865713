/** What one account takes of a pool that several share, and what all together take. */
export interface Taken {
  readonly own: number;
  readonly all: number;
}

/**
 * Whether one account may take `more` of a pool of `size`: never more than it leaves free for others. So one alone gets half
 * of it, n of them leave a part of n + 1, and nobody who takes much keeps out who wants little.
 */
export const isWithinShare = ({ own, all }: Taken, more: number, size: number): boolean =>
  own + more <= size - (all + more);
