import type { Check } from '../api/peer.js';
import type { LanState } from '../network/lan.js';
import type { Network } from '../network/network.js';

const NAME = 'local network';
const BY_HAND = "Give one side the other's address: p2pchat login --peer HOST:PORT, as doctor says it there.";
const QUIET = 'nothing is said there: it is turned off, or links come in from this machine only';

const passed = (says: string): Check => ({ name: NAME, ok: true, says });
const failed = (says: string, hint: string): Check => ({ name: NAME, ok: false, says, hint });

/** Whether contacts can find each other here by multicast: it is asked for all of them, now. */
export async function localNetwork(network: Network): Promise<Check> {
  const probe = await network.probeLan();
  return probe === undefined ? passed(QUIET) : judged(probe.state, unheard(network, probe.answered));
}

/** People linked from this network who did not answer, whoever else did: something between filters, or they want it off. */
function unheard({ links }: Network, answered: ReadonlySet<string>): string[] {
  const near = links.all().filter(({ path, device }) => path === 'lan' && !answered.has(device));
  return [...new Set(near.map(({ certificate }) => certificate.user))].sort();
}

function judged({ places, hearsOthers }: LanState, silent: readonly string[]): Check {
  if (places.length === 0) return passed('there is no network but this machine itself');
  const broken = places.filter(({ failure }) => failure !== undefined);
  if (broken.length === places.length) {
    return failed(`multicast fails: ${broken.map(({ at, failure }) => `${at}: ${failure}`).join('; ')}`, BY_HAND);
  }
  if (!places.some(({ hearsItself }) => hearsItself)) {
    return failed('multicast is filtered on this machine', `Allow UDP 5353 in the firewall here. ${BY_HAND}`);
  }
  if (silent.length > 0) {
    return passed(
      `${silent.join(', ')} linked from here did not answer by multicast: it is filtered between, or off there`,
    );
  }
  if (hearsOthers) return passed('multicast works: others are heard by it');
  return passed(`nobody else is heard by multicast: nobody is there, or it is filtered. ${BY_HAND}`);
}
