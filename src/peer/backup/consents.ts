import type { LocalStore } from '../../store/local.js';
import type { Tables } from '../storage/tables.js';

export interface ConsentsInit {
  readonly tables: Tables;
  readonly disk: LocalStore;
}

/** The devices of the account that have asked for what is kept here, and which of them may have it. */
export class Consents {
  readonly #init: ConsentsInit;

  constructor(init: ConsentsInit) {
    this.#init = init;
  }

  /** Undefined of one that has never asked. */
  async isAllowed(device: string): Promise<boolean | undefined> {
    return (await this.#init.tables.sharing.get(device))?.allowed;
  }

  async set(device: string, allowed: boolean): Promise<void> {
    await this.#init.disk.write([this.#init.tables.sharing.put([device], { device, allowed })]);
  }

  /** Those that may, or those that wait for an answer. */
  async all(which: 'allowed' | 'waiting'): Promise<string[]> {
    const all: string[] = [];
    for await (const { device, allowed } of this.#init.tables.sharing.range([])) {
      if (allowed === (which === 'allowed')) all.push(device);
    }
    return all;
  }
}
