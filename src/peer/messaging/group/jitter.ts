import type { Clock } from '../../../base/clock.js';
import { type Random, randomBelow } from '../../../base/random.js';
import type { Scope } from '../../../base/scope.js';

/** Random delays for members who would otherwise all do the same at the same moment. */

/** The longest delay after a lost race; it doubles with each, so that of fifty members who race not all lose again. */
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
 * The delay before this member does what any one of `size` has to do; it does nothing if it sees it done by then. The
 * distribution makes few wait briefly, so that somebody acts soon and few act in vain (RFC 5401 §3.2.2).
 * @returns milliseconds, at most `latest`
 */
export function backOff(random: Random, latest: number, size: number): number {
  const lambda = Math.log(Math.max(1, size)) + 1;
  const chance = randomBelow(random, 2 ** 32) / 2 ** 32;
  return (latest / lambda) * Math.log(1 + chance * (Math.exp(lambda) - 1));
}
