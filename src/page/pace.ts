import { depositBlocks } from '../wire/deposit-blocks.js';
import { DEPOSIT_BLOCK_BYTES } from '../wire/limits.js';
import { view } from './view.js';

const TELL_EVERY_MS = 100;

/** How far a file is, and how fast it goes: what was there before a break has not been moved since. */
export class Pace {
  readonly #word: string;
  readonly #size: number;
  readonly #from: number;
  readonly #began = performance.now();
  #told = 0;

  /** @param from how many blocks are there */
  constructor(word: string, size: number, from: number) {
    this.#word = word;
    this.#size = size;
    this.#from = from;
  }

  /** @param there how many blocks are there now */
  tell(there: number): void {
    const now = performance.now();
    if (now - this.#told < TELL_EVERY_MS && there < depositBlocks(this.#size)) return;
    this.#told = now;
    const seconds = (now - this.#began) / 1_000;
    const rate = seconds > 1 ? (this.#bytes(there) - this.#bytes(this.#from)) / seconds : undefined;
    view.progress(this.#word, this.#bytes(there), this.#size, rate);
  }

  #bytes(blocks: number): number {
    return Math.min(this.#size, blocks * DEPOSIT_BLOCK_BYTES);
  }
}
