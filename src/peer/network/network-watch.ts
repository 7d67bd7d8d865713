import { networkInterfaces } from 'node:os';
import type { Clock } from '../../base/clock.js';
import type { Scope } from '../../base/scope.js';
import { type Interfaces, interfaceAddresses } from '../../net/interfaces.js';

export interface NetworkWatchInit {
  readonly clock: Clock;
  readonly scope: Scope;
  readonly interfaces?: () => Interfaces;
  /** The machine has other addresses, or was asleep: what was connected may not be any more. */
  onChange(): void;
}

const LOOK_EVERY_MS = 1_000;
/** So much more time between two looks is no load: the machine slept, or this program was stopped. */
const ASLEEP_MS = 4_000;

const fingerprint = (interfaces: Interfaces): string =>
  interfaceAddresses(interfaces)
    .map(({ address }) => address)
    .sort()
    .join(' ');

/** Notices within a second that the network is another one. No system call tells it that Node has. */
export function watchNetwork({ clock, scope, interfaces = networkInterfaces, onChange }: NetworkWatchInit): void {
  let before = { addresses: fingerprint(interfaces()), now: clock.now(), monotonic: clock.monotonic() };
  const look = (): void => {
    const next = { addresses: fingerprint(interfaces()), now: clock.now(), monotonic: clock.monotonic() };
    // While a machine sleeps its wall clock goes on and the other one stands still; while a program is stopped both go on.
    const passed = Math.max(next.now - before.now, next.monotonic - before.monotonic);
    const isOther = next.addresses !== before.addresses || passed > LOOK_EVERY_MS + ASLEEP_MS;
    before = next;
    scope.after(clock, LOOK_EVERY_MS, look);
    if (isOther) onChange();
  };
  scope.after(clock, LOOK_EVERY_MS, look);
}
