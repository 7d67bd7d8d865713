import type { Random } from '../../src/base/random.js';
import type { Scene } from './scene.js';

/**
 * One thing that somebody hostile does to a directory and two people who talk, all of them real programs. Whatever it is,
 * afterwards the programs are there, the two talk, nothing was shown that nobody said, and no terminal got a sequence.
 */
export interface Attack {
  /** What `npm run attack -- --only NAME` picks. */
  readonly name: string;
  /** Rows of the catalogue. */
  readonly ids: readonly string[];
  readonly what: string;
  run(scene: Scene, random: Random): Promise<void>;
}
