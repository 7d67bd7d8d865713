import type { Clock } from '../../base/clock.js';
import type { Scope } from '../../base/scope.js';
import type { KnownPlaces } from './candidates.js';
import type { Link } from './link.js';
import type { ListenAddress } from './listen-address.js';

export interface GivenPeersInit {
  readonly clock: Clock;
  readonly scope: Scope;
  readonly addresses: readonly ListenAddress[];
  /** Who was met at these addresses. */
  readonly places: KnownPlaces;
  /** Makes a link to whoever answers. @throws Failure unreachable, trust */
  call(address: ListenAddress): Promise<Link>;
}

/** Whoever is given may start later, or come back. */
const CALLED_EVERY_MS = 5_000;

/** Calls the addresses that were given by hand, again and again, and keeps a link to whoever is there. */
export function callGivenPeers({ clock, scope, addresses, places, call }: GivenPeersInit): void {
  const keep = async (address: ListenAddress): Promise<void> => {
    const link = await call(address).catch(() => undefined);
    if (link !== undefined) {
      places.set({ user: link.certificate.user, device: link.device }, [address]);
      await link.closed;
    }
    if (!scope.closed) scope.after(clock, CALLED_EVERY_MS, () => scope.run(() => keep(address)));
  };
  for (const address of addresses) scope.run(() => keep(address));
}
