import { hex } from '../../base/bytes.js';
import type { HistoryRecord, LineRecord } from './record.js';

/** Lines whose words have changed, or were taken back, since a backup was made that has them. */
export class Replaced {
  readonly #since: number;
  readonly #bodies = new Map<string, string>();

  /** @param since when that backup was made; 0 where there was none, endless where another device has written it */
  constructor(since: number) {
    this.#since = since;
  }

  get isEmpty(): boolean {
    return this.#bodies.size === 0;
  }

  /** A line that has been written since. */
  note({ id, body, edited, deleted, receivedAt }: LineRecord): void {
    if ((edited || deleted) && receivedAt <= this.#since) this.#bodies.set(hex(id), body);
  }

  /** Whether the record says what its author does not say any more. */
  has(record: HistoryRecord): boolean {
    if (record.kind !== 'line') return false;
    const body = this.#bodies.get(hex(record.id));
    return body !== undefined && body !== record.body;
  }
}
