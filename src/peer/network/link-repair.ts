import type { Clock } from '../../base/clock.js';
import type { Scope } from '../../base/scope.js';
import type { DeviceAddress } from '../../wire/directory.js';
import type { LinkTarget } from './candidates.js';
import { connectionLost } from './channel.js';
import type { Link } from './link.js';
import type { LinkManager } from './link-manager.js';

export interface LinkRepairInit {
  readonly clock: Clock;
  readonly scope: Scope;
  links(): LinkManager;
  /** The directory takes what can't be delivered. */
  isOnline(): boolean;
  /** As what a device is dialled; undefined where it is not to be. @throws Failure */
  target(address: DeviceAddress): Promise<LinkTarget | undefined>;
}

/** After the network changed: links that were lost by it are made again, once the other side has missed them. */
const REMADE_FOR_MS = 10_000;
const REMADE_AFTER_MS = [200, 2_500];

/** Links that died, or may have, without anybody having closed them. */
export class LinkRepair {
  readonly #init: LinkRepairInit;
  #changedAt = Number.NEGATIVE_INFINITY;

  constructor(init: LinkRepairInit) {
    this.#init = init;
  }

  /** This machine has another network. */
  changed(): void {
    this.#changedAt = this.#init.clock.monotonic();
  }

  /** Who was linked before the network changed is linked to again, from here: the others can't know where this is now. */
  lost({ certificate: { user, deviceId: device } }: Link): void {
    const { clock, scope, links, target } = this.#init;
    if (clock.monotonic() - this.#changedAt > REMADE_FOR_MS) return;
    const again = async (): Promise<void> => {
      links().mayRetry(device);
      const to = await target({ user, device }).catch(() => undefined);
      if (to !== undefined) await links().reach(to);
    };
    for (const ms of REMADE_AFTER_MS) scope.after(clock, ms, () => scope.run(again));
  }

  /** A link that is not heard: another one beside it takes its place, or else the mailbox what waits for an answer. */
  silent(link: Link): void {
    this.#init.scope.run(() => this.#beside(link));
  }

  async #beside(link: Link): Promise<void> {
    const { links, target, isOnline } = this.#init;
    const { user, deviceId: device } = link.certificate;
    const to = await target({ user, device }).catch(() => undefined);
    if (to !== undefined) await links().beside(to);
    if (link.silent && link.isAwaiting && isOnline()) link.close(connectionLost(user));
  }
}
