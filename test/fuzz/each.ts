import { randomBytes } from 'node:crypto';
import { after, test } from 'node:test';
import { seededRandom } from '../support/random.js';
import { readCorpus, writeCorpus } from './corpus.js';
import { Coverage } from './coverage.js';
import { fuzz, type Target } from './fuzz.js';

/** Our own code, not that of the tests. */
export const OURS = /\/dist\/src\//;

/** A test for each target. FUZZ_SEED shows a run again; FUZZ_KEEP=1 keeps what it found out in test/corpus/. */
export async function fuzzEach(batches: number): Promise<{ readonly coverage: Coverage; readonly planted: Target }> {
  // Blocks are counted in code that is compiled after this, so what is to be tried comes in afterwards.
  const coverage = await Coverage.start();
  const { PLANTED, TARGETS } = await import('./targets.js');
  const seed = process.env.FUZZ_SEED ?? randomBytes(4).toString('hex');
  for (const target of TARGETS) {
    test(`P5 M2 N16 whatever bytes come to ${target.name}, it throws nothing but its own errors`, async (t) => {
      const random = seededRandom(`${seed} ${target.name}`);
      const { inputs, kept } = await fuzz(target, {
        random,
        batches,
        corpus: readCorpus(target.name),
        coverage,
        ours: OURS,
      });
      t.diagnostic(`FUZZ_SEED=${seed}: ${inputs} inputs, ${kept.length} reached something new`);
      if (process.env.FUZZ_KEEP === '1') writeCorpus(target.name, kept);
    });
  }
  after(() => coverage.stop());
  return { coverage, planted: PLANTED };
}
