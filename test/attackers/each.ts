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
  for (const attack of attacks) {
    const { name, ids, what } = attack;
    test(`${ids.join(' ')} ${what}`, async (t) => {
      t.diagnostic(`ATTACK_SEED=${seed}`);
      await scene.stand(attack, seededRandom(`${seed} ${name}`));
    });
  }
}
