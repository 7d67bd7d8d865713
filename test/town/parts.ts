import type { Random } from '../../src/base/random.js';
import type { VirtualTime } from './time.js';
import type { Trace } from './trace.js';
import type { Web } from './web.js';

/** What everybody in a town shares. */
export interface TownParts {
  readonly time: VirtualTime;
  readonly web: Web;
  readonly trace: Trace;
  readonly seed: string;
  /** The town's own chance; programs have theirs. */
  readonly dice: Random;
  tell(line: string): void;
  /** Something that must not happen has happened. */
  fail(error: unknown): void;
}
