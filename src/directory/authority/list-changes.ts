import { wholeSeconds } from '../../crypto/ca.js';
import type { CrlDelta } from '../../wire/directory.js';
import { CRL_DELTA_ENTRIES, CRL_MAX_AGE_MS } from '../../wire/limits.js';
import type { CrlRow } from '../rows.js';

const SIGNATURE_BYTES = 64;

/** What has changed on the list since it was told last: added up, so that many lists are told as one. */
export class ListChanges {
  /** When it was revoked, or undefined where it is on the list no more. */
  readonly #touched = new Map<string, number | undefined>();
  #base = 0;
  #row: CrlRow | undefined;

  note(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>, row: CrlRow): void {
    // What was listed before the first is known to nobody who asks for changes.
    if (this.#row === undefined) this.#base = row.number;
    else {
      for (const [serial, at] of after) if (before.get(serial) !== at) this.#touched.set(serial, at);
      for (const serial of before.keys()) if (!after.has(serial)) this.#touched.set(serial, undefined);
    }
    this.#row = row;
  }

  /** Told from now on from here. @returns undefined where it takes the whole list */
  take(): CrlDelta | undefined {
    const row = this.#row;
    const touched = [...this.#touched];
    const base = this.#base;
    this.#touched.clear();
    if (row === undefined) return undefined;
    this.#base = row.number;
    const added = touched.flatMap(([serial, at]) => (at === undefined ? [] : [{ serial, at: wholeSeconds(at) }]));
    const removed = touched.flatMap(([serial, at]) => (at === undefined ? [serial] : []));
    if (added.length > CRL_DELTA_ENTRIES || removed.length > CRL_DELTA_ENTRIES) return undefined;
    const thisUpdate = wholeSeconds(row.at);
    const dates = { thisUpdate, nextUpdate: thisUpdate + CRL_MAX_AGE_MS };
    return { base, number: row.number, ...dates, added, removed, signature: row.der.slice(-SIGNATURE_BYTES) };
  }
}
