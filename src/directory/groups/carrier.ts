import type { Cancel, Clock } from '../../base/clock.js';
import type { Act } from '../../wire/acts.js';
import { CARRY_AGAIN_MS } from '../limits.js';
import type { Tables } from '../rows.js';
import type { Ledger } from './ledger.js';

const KEY = 'self';

export interface CarrierInit {
  readonly tables: Tables;
  readonly ledger: Ledger;
  readonly clock: Clock;
  carryOut(act: Act, encoded: Uint8Array): Promise<void>;
}

/**
 * Carries out the acts of the ledger, in order, and keeps on disk how far that has come: an act that is recorded and was broken
 * off, by a crash or a full disk, is finished by whoever comes next, and within seconds by itself.
 */
export class Carrier {
  readonly #init: CarrierInit;
  #last: Promise<void> = Promise.resolve();
  #again: Cancel | undefined;
  #closed = false;

  constructor(init: CarrierInit) {
    this.#init = init;
  }

  /** Acts from before this was counted have been carried out, or were broken off long ago. */
  static async open(init: CarrierInit): Promise<Carrier> {
    const { tables, ledger } = init;
    if ((await tables.carried.get(KEY)) === undefined) await tables.carried.put(KEY, { acts: ledger.size });
    return new Carrier(init);
  }

  /** Resolves when all that is recorded has been carried out. */
  finish(): Promise<void> {
    const mine = this.#last.catch(() => {}).then(() => this.#finish());
    this.#last = mine;
    mine.catch(() => this.#tryAgain());
    return mine;
  }

  close(): void {
    this.#closed = true;
    this.#again?.();
  }

  async #finish(): Promise<void> {
    const { tables, ledger, carryOut } = this.#init;
    const done = (await tables.carried.get(KEY))?.acts ?? 0;
    if (done >= ledger.size) return;
    for await (const { number, act, encoded } of ledger.acts(done)) {
      if (act) await carryOut(act, encoded);
      await tables.carried.put(KEY, { acts: number });
    }
  }

  #tryAgain(): void {
    if (this.#closed) return;
    this.#again?.();
    this.#again = this.#init.clock.after(CARRY_AGAIN_MS, () => void this.finish().catch(() => {}));
  }
}
