import { type Random, randomBelow } from '../../src/base/random.js';
import type { Attack } from './attack.js';
import { LIES, type LieName } from './lies.js';

/** What a directory can say that lies to people who trust it, and then tells the truth again. */

const IDS: Readonly<Record<LieName, readonly string[]>> = {
  'other values': ['C1', 'M3', 'P5'],
  'hostile words': ['T1', 'T2', 'N8'],
  refusals: ['N8', 'N21'],
  'old answers': ['M6', 'C4'],
  silence: ['N21'],
  'everything twice': ['M6', 'S8'],
  'broken frames': ['P5'],
};

/** How many times at least the two sign in anew while it lies. */
const ROUNDS = 2;

const lying = (name: LieName): Attack => ({
  name: `lies-${name.replaceAll(' ', '-')}`,
  ids: IDS[name],
  what: `a directory that says ${name} to people who sign in, talk and ask`,
  async run(scene, random: Random) {
    const { lied } = await scene.lie({ lie: name, seed: String(randomBelow(random, 2 ** 32)) });
    let hasLied = false;
    void lied.then(() => {
      hasLied = true;
    });
    // Chance may spare all that was said in a round.
    for (let round = 0; round < ROUNDS || !hasLied; round++) {
      scene.bustle(random);
      await scene.settle();
      scene.network.cut();
    }
    await scene.lie({});
    await scene.recover();
  },
});

export const FROM_THE_DIRECTORY: readonly Attack[] = (Object.keys(LIES) as LieName[]).map(lying);
