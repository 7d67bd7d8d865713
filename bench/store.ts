import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLevelStore } from '../src/store/level/open.js';
import type { LocalStore } from '../src/store/local.js';
import { medianOf, type Report } from './support/report.js';

const VALUE = new Uint8Array(300).fill(7);
/** Of one run; every rate is the median of three. */
const SECONDS = 1;
const RUNS = 3;

/** The embedded store: every write is on the disk before it counts. */
export default async function benchStore(report: Report): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'p2pchat-bench-'));
  try {
    const path = join(folder, 'store');
    const store = await openLevelStore({ folder: path });
    await benchFsync(report, folder);
    await benchAppends(report, store);
    await benchRecords(report, store);
    await benchBlobs(report, store);
    await store.close();
    await benchOpening(report, path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What the disk itself does, to compare with. */
async function benchFsync(report: Report, folder: string): Promise<void> {
  const file = await open(join(folder, 'fsync'), 'w');
  const rate = await perSecond(1, async () => {
    await file.write(VALUE);
    await file.datasync();
  });
  await file.close();
  report.add({
    name: 'write and fdatasync of 300 bytes, one after the other',
    value: rate,
    unit: '/s',
    note: 'the disk itself',
  });
}

async function benchAppends(report: Report, store: LocalStore): Promise<void> {
  for (const writers of [1, 8, 32, 256]) {
    const log = store.logs('bench').log(`writers/${writers}`);
    const rate = await perSecond(writers, () => log.append(VALUE));
    report.add({ name: `durable appends of 300 bytes, ${writers} at a time`, value: rate, unit: '/s' });
  }
  let id = 0;
  const rate = await perSecond(32, () =>
    store.write([
      { kind: 'create', space: 'seen', key: `message/${id++}`, value: new Uint8Array(0) },
      { kind: 'append', space: 'bench', log: 'deduplicated', value: VALUE },
    ]),
  );
  report.add({ name: 'deduplicated messages (create and append), 32 at a time', value: rate, unit: '/s' });
}

async function benchRecords(report: Report, store: LocalStore): Promise<void> {
  const records = store.records('bench');
  let key = 0;
  report.add({
    name: 'durable puts of 300 bytes, 32 at a time',
    value: await perSecond(32, () => records.put(`key/${key++}`, VALUE)),
    unit: '/s',
  });
  let at = 0;
  report.add({
    name: 'gets, 8 at a time',
    value: await perSecond(8, () => records.get(`key/${(at++ * 7919) % key}`)),
    unit: '/s',
  });
  let count = 0;
  const started = performance.now();
  for await (const _ of records.range({ limit: 50_000 })) count++;
  report.add({ name: 'range', value: count / seconds(started), unit: '/s', note: 'records' });
}

async function benchBlobs(report: Report, store: LocalStore): Promise<void> {
  const size = 256 * 1024 * 1024;
  const block = new Uint8Array(1024 * 1024).fill(3);
  const blobs = store.blobs('bench');
  let started = performance.now();
  await blobs.put(
    'large',
    Array.from({ length: size / block.length }, () => block),
  );
  report.add({ name: 'blob of 256 MiB in, durable', value: size / 1e6 / seconds(started), unit: 'MB/s' });
  started = performance.now();
  for await (const _ of (await blobs.get('large'))!.content);
  report.add({ name: 'blob of 256 MiB out, verified', value: size / 1e6 / seconds(started), unit: 'MB/s' });
}

/** After all of the above: every checksum of LevelDB's files is compared. */
async function benchOpening(report: Report, path: string): Promise<void> {
  const started = performance.now();
  const store = await openLevelStore({ folder: path });
  const milliseconds = seconds(started) * 1000;
  const { bytes } = await store.check();
  await store.close();
  report.add({
    name: 'opening',
    value: milliseconds,
    unit: 'ms',
    note: `${Math.round(bytes / 1e6)} MB of values and blobs`,
  });
}

const seconds = (since: number): number => (performance.now() - since) / 1000;

/** How often `work` is done in a second by so many at a time, each beginning again when it has ended. */
function perSecond(workers: number, work: () => Promise<unknown>): Promise<number> {
  return medianOf(RUNS, async () => {
    const started = performance.now();
    let count = 0;
    const loop = async (): Promise<void> => {
      for (; seconds(started) < SECONDS; count++) await work();
    };
    await Promise.all(Array.from({ length: workers }, loop));
    return count / seconds(started);
  });
}
