import { delivery } from './delivery.js';
import type { Make, SimulatedTown } from './town.js';

/** Everybody is behind routers: links are tunnels, by a relay that may be hostile and by paths that come and go. */

const CHANGED_EVERY_MS = 9_000;

export const tunnels = (make: Make, seed: string, steps: number): Promise<string> =>
  delivery(async (one) => behindRouters(await make(one)), seed, steps);

function behindRouters(town: SimulatedTown): SimulatedTown {
  const change = (): void => {
    const relay = town.any(['open', 'open', 'hostile', 'shut'] as const);
    const straight = town.any(['open', 'open', 'shut'] as const);
    town.tell(`by the relay: ${relay}, straight: ${straight}`);
    town.web.routers = { noTcp: true, relay, straight };
    town.time.after(town.below(CHANGED_EVERY_MS), change);
  };
  change();
  return town;
}
