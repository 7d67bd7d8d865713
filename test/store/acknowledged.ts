import assert from 'node:assert/strict';
import { fromUtf8 } from '../../src/base/bytes.js';
import type { Store } from '../../src/store/store.js';

/** What children/append printed: every entry that was acknowledged, over several runs. */
export class Acknowledged {
  readonly #entries = new Map<string, Map<number, string>>();

  add(lines: readonly string[]): void {
    for (const line of lines) {
      const [log, position, value] = line.split(' ');
      if (value === undefined || !log!.startsWith('log/')) continue;
      const entries = this.#entries.get(log!) ?? new Map<number, string>();
      this.#entries.set(log!, entries);
      assert.ok(!entries.has(Number(position)), `${log} ${position} was given out twice`);
      entries.set(Number(position), value);
    }
  }

  get size(): number {
    return [...this.#entries.values()].reduce((sum, entries) => sum + entries.size, 0);
  }

  /** Every entry is there, at its place. */
  async assertIn(store: Store): Promise<void> {
    for (const [log, entries] of this.#entries) {
      const found = new Map<number, string>();
      for await (const { position, value } of store.logs('test').log(log).read()) found.set(position, fromUtf8(value));
      for (const [position, value] of entries) assert.equal(found.get(position), value, `${log} ${position}`);
    }
  }
}
