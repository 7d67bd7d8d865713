import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hex } from '../src/base/bytes.js';
import { systemRandom } from '../src/base/random.js';
import { openLevelStore } from '../src/store/level/open.js';
import type { Report } from './support/report.js';

const VALUE_BYTES = 64 * 1024;
const TOGETHER = 32;
const LOGS = 200;

/** How long a large embedded store takes to its first answer, compared before it opens and behind it. `opening:2` has 2 GB. */
export default async function benchOpening(report: Report, [gigabytes = '4']: readonly string[]): Promise<void> {
  const folder = join(await mkdtemp(join(tmpdir(), 'p2pchat-bench-')), 'store');
  try {
    await fill(folder, Number(gigabytes) * 1e9);
    for (const [name, checkedFirst] of [
      ['compared first', Number.POSITIVE_INFINITY],
      ['compared behind', undefined],
    ] as const) {
      const began = performance.now();
      const store = await openLevelStore({ folder, ...(checkedFirst !== undefined && { checkedFirst }) });
      await store.records('accounts').get('somebody');
      const first = performance.now() - began;
      for await (const _ of store.logs('mailbox').log('log/7').read({ limit: 100 }));
      const read = performance.now() - began;
      await store.close();
      const note = `${gigabytes} GB; 100 entries of a mailbox read after ${Math.round(read)} ms`;
      report.add({ name: `opening to the first answer, ${name}`, value: first, unit: 'ms', note });
    }
  } finally {
    await rm(join(folder, '..'), { recursive: true, force: true });
  }
}

async function fill(folder: string, bytes: number): Promise<void> {
  const store = await openLevelStore({ folder });
  await store.records('accounts').put('somebody', systemRandom.bytes(300));
  for (let written = 0, index = 0; written < bytes; written += VALUE_BYTES * TOGETHER, index++) {
    const values = Array.from({ length: TOGETHER }, () => systemRandom.bytes(VALUE_BYTES));
    await store
      .logs('mailbox')
      .log(`log/${index % LOGS}`)
      .appendMany(values);
    if (index % 50 === 0) await store.records('seen').put(hex(systemRandom.bytes(8)), systemRandom.bytes(300));
  }
  await store.close();
}
