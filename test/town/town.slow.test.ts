import { test } from 'node:test';
import { SCENARIOS, type ScenarioName } from './scenarios.js';
import { liveThrough, seedsOf } from './seeds.js';

for (const scenario of Object.keys(SCENARIOS) as ScenarioName[]) {
  const seeds = seedsOf(scenario, 1_000);
  test(`M5 M7 P7 ${scenario} in ${seeds.length} seeds`, async () => {
    await liveThrough(scenario, seeds);
  });
}
