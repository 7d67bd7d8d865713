import { SCENARIOS, type ScenarioName } from '../scenarios.js';

/** Lives through seeds, one after the other, and prints the digest of what happened in each; of those that fail, why. */
const [name, ...seeds] = process.argv.slice(2);
const { plan, live } = SCENARIOS[name as ScenarioName];
const make = await plan();
for (const seed of seeds) {
  try {
    console.log(`${seed} ${await live(make, seed)}`);
  } catch (error) {
    process.exitCode = 1;
    console.log(`${seed} failed`);
    console.error(error);
  }
}
