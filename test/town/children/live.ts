import { agreement, aRoom, joiningRace } from '../agreement.js';
import { delivery, twoPeople } from '../delivery.js';
import type { SimulatedTown } from '../town.js';

type Make = (seed: string) => Promise<SimulatedTown>;

const SCENARIOS: Readonly<Record<string, { plan(): Promise<Make>; live(make: Make, seed: string): Promise<string> }>> =
  {
    agreement: { plan: aRoom, live: agreement },
    delivery: { plan: twoPeople, live: delivery },
    joining: { plan: aRoom, live: joiningRace },
  };

/** Lives through seeds, one after the other, and prints the digest of what happened in each. */
const [name, ...seeds] = process.argv.slice(2);
const { plan, live } = SCENARIOS[name!]!;
const make = await plan();
for (const seed of seeds) console.log(`${seed} ${await live(make, seed)}`);
