import type { Clock } from '../../../base/clock.js';
import { type Random, randomBelow } from '../../../base/random.js';
import type { Scope } from '../../../base/scope.js';

/** How those who would do the same at the same time get out of each other's way. */

/** Who was not first stands back up to this long, twice as long each time, so that fifty who come at once don't all lose. */
const STEP_MS = 30;
const LATEST_MS = 1_000;

interface JitterInit {
  readonly scope: Scope;
  readonly clock: Clock;
  readonly random: Random;
}

/** @param tries how often another was first */
export function jitter({ scope, clock, random }: JitterInit, tries: number): Promise<void> {
  const longest = Math.min(LATEST_MS, STEP_MS * 2 ** tries);
  return scope.pause(clock, randomBelow(random, longest));
}

/**
 * For what one of `size` has to do, whoever: so long before this one does it, unless it sees it done. Few come early, so
 * few do it in vain, and somebody comes soon (RFC 5401 §3.2.2).
 * @returns milliseconds, at most `latest`
 */
export function backOff(random: Random, latest: number, size: number): number {
  const lambda = Math.log(Math.max(1, size)) + 1;
  const chance = randomBelow(random, 2 ** 32) / 2 ** 32;
  return (latest / lambda) * Math.log(1 + chance * (Math.exp(lambda) - 1));
}
