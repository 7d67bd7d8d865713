import { randomFillSync } from 'node:crypto';

/** The only source of chance: passed in, so that a test can replay a run from its seed. */
export interface Random {
  /** That many unpredictable bytes. */
  bytes(length: number): Uint8Array;
}

/** Small wishes are filled from here: asking the system costs more than most of them measure. */
const pool = new Uint8Array(8_192);
let left = 0;

export const systemRandom: Random = {
  bytes(length) {
    if (length > 256) return randomFillSync(new Uint8Array(length));
    if (length > left) {
      randomFillSync(pool);
      left = pool.length;
    }
    const at = pool.length - left;
    left -= length;
    const bytes = pool.slice(at, at + length);
    // What was given out is nobody else's to find.
    pool.fill(0, at, at + length);
    return bytes;
  },
};

/** An integer in [0, limit), without modulo bias that matters (limit ≤ 2^32, drawn from 2^48). */
export function randomBelow(random: Random, limit: number): number {
  const bytes = random.bytes(6);
  let value = 0;
  for (const byte of bytes) value = value * 256 + byte;
  return value % limit;
}
