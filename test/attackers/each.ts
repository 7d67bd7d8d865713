import { randomBytes } from 'node:crypto';
import { after, test } from 'node:test';
import { seededRandom } from '../support/random.js';
import type { Attack } from './attack.js';
import { Scene } from './scene.js';

/** A test for each attack, on one scene. */
export async function tryEach(attacks: readonly Attack[]): Promise<void> {
  const scene = await Scene.open();
  after(() => scene.close());
  const seed = process.env.ATTACK_SEED ?? randomBytes(4).toString('hex');
  for (const { name, ids, what, run } of attacks) {
    test(`${ids.join(' ')} ${what}`, async (t) => {
      t.diagnostic(`ATTACK_SEED=${seed}`);
      await run(scene, seededRandom(`${seed} ${name}`));
      await scene.check();
    });
  }
}
