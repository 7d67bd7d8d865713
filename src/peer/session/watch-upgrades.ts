import type { Services, ServicesInit } from './services.js';
import { UpgradeWatch } from './upgrade-watch.js';

/** What is heard of later versions, as this peer is put together. */
export const upgradeWatchOf = (
  { tables, disk, clock, scope, self }: Pick<ServicesInit, 'tables' | 'disk' | 'clock' | 'scope' | 'self'>,
  services: Services,
): UpgradeWatch =>
  new UpgradeWatch({
    ...{ tables, disk, clock, scope, self: self.user, feed: services.feed },
    isWanted: () => services.preferences.get().upgrades,
    onError: (error) => services.reporter.unlessAway(error),
  });
