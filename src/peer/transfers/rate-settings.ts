import type { LocalStore } from '../../store/local.js';
import type { TransferSpeed } from '../api/peer.js';
import type { Tables } from '../storage/tables.js';

const KEY = 'speed';

/** How fast transfers are sent where their offer says nothing else. */
export class RateSettings {
  readonly #tables: Tables;
  readonly #disk: LocalStore;

  constructor(tables: Tables, disk: LocalStore) {
    this.#tables = tables;
    this.#disk = disk;
  }

  async get(): Promise<TransferSpeed> {
    return (await this.#tables.speeds.get(KEY)) ?? {};
  }

  /** For transfers that begin, or go on, from now on. */
  async set({ rate, pace }: TransferSpeed): Promise<void> {
    const row = { ...(rate !== undefined && { rate }), ...(pace !== undefined && { pace }) };
    await this.#disk.write([this.#tables.speeds.put([KEY], row)]);
  }
}
