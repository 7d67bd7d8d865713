import { hex } from '../../base/bytes.js';
import type { LocalStore } from '../../store/local.js';
import type { GuestRow } from '../storage/guest-row.js';
import type { Tables } from '../storage/tables.js';

/** The links that were made here, on disk and at hand. */
export class GuestRows {
  readonly #tables: Tables;
  readonly #disk: LocalStore;
  readonly #rows = new Map<string, GuestRow>();

  constructor(tables: Tables, disk: LocalStore) {
    this.#tables = tables;
    this.#disk = disk;
  }

  /** What an earlier program left. */
  async load(): Promise<void> {
    for await (const row of this.#tables.guests.range([])) this.#rows.set(hex(row.id), row);
  }

  /** @param id in hex */
  get(id: string): GuestRow | undefined {
    return this.#rows.get(id);
  }

  /** Oldest first. */
  all(): readonly GuestRow[] {
    return [...this.#rows.values()].sort((a, b) => a.at - b.at);
  }

  async keep(row: GuestRow): Promise<void> {
    this.#rows.set(hex(row.id), row);
    await this.#disk.write([this.#tables.guests.put([hex(row.id)], row)]);
  }

  /** One that is still there: others may have changed, or forgotten it meanwhile. */
  async change(id: string, change: (row: GuestRow) => Partial<GuestRow>): Promise<void> {
    const row = this.#rows.get(id);
    if (row !== undefined) await this.keep({ ...row, ...change(row) });
  }

  async forget({ id }: GuestRow): Promise<void> {
    this.#rows.delete(hex(id));
    await this.#disk.write([this.#tables.guests.remove([hex(id)])]);
  }
}
