import { agreement, aRoom, aSmallRoom, joiningRace } from './agreement.js';
import { delivery, threeDevices, twoPeople } from './delivery.js';
import type { Make } from './town.js';
import { tunnels } from './tunnels.js';

export interface Scenario {
  plan(): Promise<Make>;
  /** @returns a digest of all that happened */
  live(make: Make, seed: string): Promise<string>;
}

/** The small ones cost a fifth of the others: they are lived through in many more seeds. */
export const SCENARIOS = {
  agreement: { plan: aRoom, live: agreement },
  delivery: { plan: twoPeople, live: delivery },
  joining: { plan: aRoom, live: joiningRace },
  'small-agreement': { plan: aSmallRoom, live: (make, seed) => agreement(make, seed, 12) },
  'small-delivery': { plan: threeDevices, live: (make, seed) => delivery(make, seed, 8) },
  'small-tunnels': { plan: threeDevices, live: (make, seed) => tunnels(make, seed, 8) },
  'small-joining': { plan: aSmallRoom, live: (make, seed) => joiningRace(make, seed, 1) },
} as const satisfies Readonly<Record<string, Scenario>>;

export type ScenarioName = keyof typeof SCENARIOS;
