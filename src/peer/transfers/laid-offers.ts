import { hex } from '../../base/bytes.js';
import type { LocalStore } from '../../store/local.js';
import type { TransferRow } from '../storage/tables.js';
import { isCalledOff } from './outcomes.js';
import { isOver, type TransferEntry, type TransferStore } from './transfer-store.js';

export type Deposit = NonNullable<TransferRow['deposit']>;

/** Which of the offers made here are laid down: what their rows say of it, by hex of the deposit's id. */
export class LaidOffers {
  readonly #entries: TransferStore;
  readonly #disk: LocalStore;

  constructor(entries: TransferStore, disk: LocalStore) {
    this.#entries = entries;
    this.#disk = disk;
  }

  ids(): ReadonlySet<string> {
    return new Set(this.#entries.all().flatMap(({ row }) => (isLaid(row) ? [hex(row.deposit!.id)] : [])));
  }

  /** The offers of one deposit, and those of them that may still be fetched. */
  of(id: string): { readonly all: readonly TransferEntry[]; readonly open: readonly TransferEntry[] } {
    const all = this.#entries.all().filter(({ row }) => isLaid(row) && hex(row.deposit!.id) === id);
    return { all, open: all.filter((entry) => !isSettled(entry)) };
  }

  /** @param change what is kept of the deposit from now on; undefined: it is one no more */
  async change(entries: readonly TransferEntry[], change: (row: TransferRow) => Deposit | undefined): Promise<void> {
    if (entries.length === 0) return;
    for (const entry of entries) {
      const deposit = change(entry.row);
      const { deposit: _, ...row } = entry.row;
      entry.row = { ...row, ...(deposit !== undefined && { deposit }) };
      if (deposit === undefined) continue;
      delete entry.notLaid;
      delete entry.waiting;
    }
    await this.#disk.write(entries.map((entry) => this.#entries.put(entry)));
    for (const entry of entries) this.#entries.show(entry);
  }
}

export const isLaid = ({ direction, deposit }: TransferRow): boolean => direction === 'out' && deposit !== undefined;

export const mayLay = ({ row, run }: TransferEntry): boolean =>
  row.direction === 'out' && (row.state === 'offered' || (row.state === 'accepted' && run?.running !== true));

/** What only failed may be tried once more, and what lies there is for that. */
export const isSettled = (entry: TransferEntry): boolean =>
  isOver(entry) && (entry.row.state !== 'failed' || isCalledOff(entry.row.failure));
