import { isWithinShare } from '../guard/shares.js';
import type { UploadRow } from './rows.js';

/** How many deposits wait for each person, and from whom: so that nobody keeps others from laying something down there. */
export class Waiting {
  /** By folded name of the receiver, then of the sender. */
  readonly #counts = new Map<string, Map<string, number>>();

  add({ by, to = [] }: UploadRow): void {
    for (const user of to) this.#change(user, by.folded, 1);
  }

  remove({ by, to = [] }: UploadRow): void {
    for (const user of to) this.#change(user, by.folded, -1);
  }

  hasRoom(user: string, from: string, most: number): boolean {
    const senders = this.#counts.get(user);
    const all = [...(senders?.values() ?? [])].reduce((sum, one) => sum + one, 0);
    return isWithinShare({ own: senders?.get(from) ?? 0, all }, 1, most);
  }

  #change(user: string, from: string, by: number): void {
    const senders = this.#counts.get(user) ?? new Map<string, number>();
    const now = (senders.get(from) ?? 0) + by;
    if (now === 0) senders.delete(from);
    else senders.set(from, now);
    if (senders.size === 0) this.#counts.delete(user);
    else this.#counts.set(user, senders);
  }
}
