import type { Clock } from '../../base/clock.js';
import type { Scope } from '../../base/scope.js';
import type { HostAddress } from '../../transfer/transfer.js';

const LOOK_EVERY_MS = 1_000;

interface Watched {
  readonly clock: Clock;
  readonly scope: Scope;
  local(): Promise<readonly HostAddress[]>;
}

/** Looks whether this machine has come to another network, once something is under way that others have to find. */
export class AddressWatch {
  readonly #watched: Watched;
  readonly #onMoved: (now: readonly HostAddress[]) => Promise<void>;
  #last = '';
  #isOn = false;

  constructor(watched: Watched, onMoved: (now: readonly HostAddress[]) => Promise<void>) {
    this.#watched = watched;
    this.#onMoved = onMoved;
  }

  begin(): void {
    if (this.#isOn) return;
    this.#isOn = true;
    const { clock, scope, local } = this.#watched;
    const look = async (): Promise<void> => {
      const now = await local();
      const before = this.#last;
      this.#last = JSON.stringify(now);
      if (before !== '' && before !== this.#last) await this.#onMoved(now);
      again();
    };
    const again = (): void => scope.after(clock, LOOK_EVERY_MS, () => scope.run(look, again));
    scope.run(look, again);
  }
}
