import { delivery } from './delivery.js';
import type { Make, SimulatedTown } from './town.js';

/**
 * Everybody is behind routers, which now and then let TCP through and forget its connections: most links are tunnels, by a relay
 * that may be hostile and by paths that come and go.
 */

const CHANGED_EVERY_MS = 9_000;

export const tunnels = (make: Make, seed: string, steps: number): Promise<string> =>
  delivery(async (one) => behindRouters(await make(one)), seed, steps);

function behindRouters(town: SimulatedTown): SimulatedTown {
  const change = (): void => {
    const relay = town.any(['open', 'open', 'hostile', 'shut'] as const);
    const straight = town.any(['open', 'open', 'shut'] as const);
    const noTcp = town.any([true, true, false]);
    town.tell(`by the relay: ${relay}, straight: ${straight}, TCP: ${noTcp ? 'shut' : 'open'}`);
    town.web.routers = { noTcp, relay, straight };
    if (town.below(3) === 0) forget(town);
    town.time.after(town.below(CHANGED_EVERY_MS), change);
  };
  change();
  return town;
}

function forget(town: SimulatedTown): void {
  const gone = town.any([undefined, ...town.residents.map(({ installation }) => installation.host)]);
  town.tell(`connections are forgotten, and broken at ${gone ?? 'nobody'}`);
  town.web.forget(gone);
}
