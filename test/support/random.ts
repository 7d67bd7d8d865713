import { createHash } from 'node:crypto';
import type { Random } from '../../src/base/random.js';

/** Chance that can be replayed: SHA-256 in counter mode over a printed seed. For tests only. */
export function seededRandom(seed: number | string): Random {
  let counter = 0;
  let pool = new Uint8Array(0);
  return {
    bytes(length) {
      const out = new Uint8Array(length);
      for (let at = 0; at < length; ) {
        if (pool.length === 0) pool = new Uint8Array(createHash('sha256').update(`${seed}:${counter++}`).digest());
        const take = Math.min(pool.length, length - at);
        out.set(pool.subarray(0, take), at);
        pool = pool.subarray(take);
        at += take;
      }
      return out;
    },
  };
}
