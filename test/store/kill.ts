import assert from 'node:assert/strict';
import { randomBelow } from '../../src/base/random.js';
import { openLevelStore } from '../../src/store/level/open.js';
import { seededRandom } from '../support/random.js';
import { Acknowledged } from './acknowledged.js';
import { startChild } from './child.js';
import { temporaryFolder } from './folder.js';

/** S1: kills a process that appends, so many times, at times drawn from the seed; nothing acknowledged may be lost. */
export async function killWhileAppending(
  rounds: number,
  seed: number,
): Promise<{ readonly entries: number; readonly slowestOpen: number }> {
  const folder = temporaryFolder();
  const path = await folder.path;
  const random = seededRandom(seed);
  const acknowledged = new Acknowledged();
  let slowestOpen = 0;
  try {
    for (let round = 0; round < rounds; round++) {
      const child = startChild('append', [path, `r${round}`]);
      // One in five is killed while it opens, or about then; the others after some entries.
      if (randomBelow(random, 5) === 0) await new Promise((resolve) => setTimeout(resolve, randomBelow(random, 200)));
      else await child.printed(randomBelow(random, 700));
      child.process.kill('SIGKILL');
      assert.equal(await child.ended, 'SIGKILL');
      acknowledged.add(child.lines);
      const started = performance.now();
      const store = await openLevelStore({ folder: path });
      slowestOpen = Math.max(slowestOpen, performance.now() - started);
      await acknowledged.assertIn(store);
      if (round === rounds - 1) assert.deepEqual((await store.check()).problems, []);
      await store.close();
    }
    return { entries: acknowledged.size, slowestOpen };
  } finally {
    await folder.remove();
  }
}
