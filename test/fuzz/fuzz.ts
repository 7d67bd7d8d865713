import type { Random } from '../../src/base/random.js';
import { randomBelow } from '../../src/base/random.js';
import { oneIn, pick } from '../attackers/chance.js';
import { mutate } from '../support/mls-fuzz.js';
import type { Coverage } from './coverage.js';

/** Something that takes bytes of others. It throws what it may throw to whoever calls it, and nothing else. */
export interface Target {
  readonly name: string;
  /** Inputs as honest programs make them. */
  seeds(random: Random): readonly Uint8Array[];
  /** @throws what an input must never lead to */
  run(input: Uint8Array): void;
}

export interface Fuzzed {
  readonly inputs: number;
  /** Those that reached code which none before had reached, the seeds among them. */
  readonly kept: readonly Uint8Array[];
}

interface FuzzInit {
  readonly random: Random;
  readonly batches: number;
  /** What an earlier run has kept. */
  readonly corpus: readonly Uint8Array[];
  readonly coverage: Coverage;
  /** The scripts whose blocks count. */
  readonly ours: RegExp;
}

/** Inputs between two looks at the coverage, which cost more than most inputs. */
const BATCH = 64;
const LONGEST = 4_096;

/** @throws an error with the input, in base64, where the target threw what it must not */
function tried({ name, run }: Target, input: Uint8Array): void {
  try {
    run(input);
  } catch (error) {
    throw new Error(`${name} on ${Buffer.from(input).toString('base64')}`, { cause: error });
  }
}

/**
 * Changes inputs, and keeps those which reach something new to change them further.
 */
export async function fuzz(target: Target, { random, batches, corpus, coverage, ours }: FuzzInit): Promise<Fuzzed> {
  await coverage.forget(ours);
  const kept: Uint8Array[] = [];
  const tryOut = async (input: Uint8Array): Promise<void> => {
    tried(target, input);
    if ((await coverage.news('one')) > 0) kept.push(input);
  };
  let inputs = 0;
  for (const input of [...target.seeds(random), ...corpus]) await tryOut(input);
  if (kept.length === 0) kept.push(new Uint8Array(0));
  for (let batch = 0; batch < batches; batch++) {
    const made = Array.from({ length: BATCH }, () => variant(kept, random));
    for (const input of made) tried(target, input);
    inputs += made.length;
    // V8 forgets nothing that ran once: which of them it was shows when they run again, one after the other.
    if ((await coverage.news('many')) > 0) for (const input of made) await tryOut(input);
  }
  return { inputs, kept };
}

function variant(kept: readonly Uint8Array[], random: Random): Uint8Array {
  const one = pick(random, kept);
  if (!oneIn(random, 6)) return mutate(one, random).slice(0, LONGEST);
  const other = pick(random, kept);
  const cut = Buffer.concat([
    one.subarray(0, randomBelow(random, one.length + 1)),
    other.subarray(randomBelow(random, other.length + 1)),
  ]);
  return new Uint8Array(cut.subarray(0, LONGEST));
}
