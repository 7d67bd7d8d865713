import { asBuffer } from '../../base/bytes.js';
import type { Op } from './commit.js';
import { seal, unseal } from './envelope.js';
import { ids } from './ids.js';

/** How many are taken at once. After a crash the rest of them stays unused. */
const BLOCK = 1_000_000;

const ID = ids.meta('revisions');

/**
 * Numbers that are never given out twice, also over crashes: the bound of those taken is written with the first write
 * that uses one of them.
 */
export class Revisions {
  #last: number;
  #bound: number;

  /** @param stored the sealed record of the last bound, if there is one */
  constructor(stored: Uint8Array | undefined) {
    this.#last = stored === undefined ? 0 : Number(asBuffer(unseal(ID, stored)).readBigUInt64BE());
    this.#bound = this.#last;
  }

  static readonly id = ID;

  next(): number {
    return ++this.#last;
  }

  /** What must be written along with the revisions given out so far. */
  reservation(): readonly Op[] {
    if (this.#last <= this.#bound) return [];
    this.#bound = this.#last + BLOCK;
    const body = new Uint8Array(8);
    asBuffer(body).writeBigUInt64BE(BigInt(this.#bound));
    return [{ type: 'put', key: ID, value: seal(ID, body) }];
  }
}
