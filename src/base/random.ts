import { randomFillSync } from 'node:crypto';

/** The only source of chance: passed in, so that a test can replay a run from its seed. */
export interface Random {
  /** That many unpredictable bytes. */
  bytes(length: number): Uint8Array;
}

export const systemRandom: Random = {
  bytes: (length) => randomFillSync(new Uint8Array(length)),
};

/** An integer in [0, limit), without modulo bias that matters (limit ≤ 2^32, drawn from 2^48). */
export function randomBelow(random: Random, limit: number): number {
  const bytes = random.bytes(6);
  let value = 0;
  for (const byte of bytes) value = value * 256 + byte;
  return value % limit;
}
