/**
 * `npm run attack -- --minutes N [--seed S] [--only NAME]`: attacks in an order by chance, for so long, from a seed that is
 * printed. Ends with status 1 where something did not hold.
 */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { seededRandom } from '../support/random.js';
import { ATTACKS } from './attacks.js';
import { pick } from './chance.js';
import { Scene } from './scene.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string' },
    only: { type: 'string', multiple: true },
  },
});
const seed = values.seed ?? randomBytes(4).toString('hex');
const attacks = ATTACKS.filter(({ name }) => values.only === undefined || values.only.includes(name));
if (attacks.length === 0 || !(Number(values.minutes) > 0)) {
  console.error(
    `npm run attack -- --minutes N [--seed S] [--only NAME], where NAME is one of: ${ATTACKS.map(({ name }) => name).join(', ')}`,
  );
  process.exit(2);
}

/** People who have said much are slower to look through: after so many attacks they begin anew. */
const PER_SCENE = 40;
/** Of any of the programs, MB: what is kept for an attacker grows without an end, what is worked on does not. */
const MEMORY_MB = 500;

console.log(`seed ${seed}`);
const random = seededRandom(seed);
const end = performance.now() + Number(values.minutes) * 60_000;
const tried = new Map<string, number>();
const failed: string[] = [];
let most = 0;

/** Nothing here takes a minute where nothing is broken. */
async function within(name: string, work: () => Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${name} has not come to an end`)), 120_000);
  });
  await Promise.race([work(), late]).finally(() => clearTimeout(timer));
}

async function attack(scene: Scene): Promise<boolean> {
  const chosen = pick(random, attacks);
  const { name } = chosen;
  const own = Buffer.from(random.bytes(8)).toString('hex');
  tried.set(name, (tried.get(name) ?? 0) + 1);
  try {
    await within(name, () => scene.stand(chosen, seededRandom(own)));
    most = Math.max(most, ...scene.memory());
    if (most > MEMORY_MB) throw new Error(`a program takes ${most} MB`);
    return true;
  } catch (error) {
    failed.push(name);
    console.log(`FAILED ${name} (after ${tried.get(name)}): ${error instanceof Error ? error.stack : String(error)}`);
    return false;
  }
}

while (performance.now() < end) {
  const scene = await Scene.open();
  for (let at = 0; at < PER_SCENE && performance.now() < end; at++) if (!(await attack(scene))) break;
  await scene.close();
}
const total = [...tried.values()].reduce((sum, count) => sum + count, 0);
console.log(
  [...tried]
    .sort()
    .map(([name, count]) => `  ${name.padEnd(28)} ${count}`)
    .join('\n'),
);
console.log(`${total} attacks, ${failed.length} failed, at most ${most} MB; seed ${seed}`);
process.exit(failed.length === 0 ? 0 : 1);
