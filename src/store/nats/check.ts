import type { CheckReport } from '../local.js';
import type { Store } from '../store.js';
import type { NatsRecords } from './records.js';

/** What is read of the store. */
interface Checked extends Store {
  recordsOf(space: string): NatsRecords;
}

const AT_ONCE = 32;

/** Reads everything, and compares every checksum there is: of values, of entries and their places, of blobs. */
export async function checkNats(store: Checked): Promise<CheckReport> {
  const report = { records: 0, entries: 0, blobs: 0, bytes: 0, problems: [] as string[] };
  const tried = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      report.problems.push(error instanceof Error ? error.message : String(error));
    }
  };
  const records = async (space: NatsRecords): Promise<void> => {
    const keys = await space.keys({});
    for (let at = 0; at < keys.length; at += AT_ONCE) {
      const some = keys.slice(at, at + AT_ONCE).map((key) =>
        tried(async () => {
          const found = await space.get(key);
          if (found === undefined) return;
          report.records++;
          report.bytes += found.value.length;
        }),
      );
      await Promise.all(some);
    }
  };
  const log = async (space: string, name: string): Promise<void> => {
    for await (const { value } of store.logs(space).log(name).read()) {
      report.entries++;
      report.bytes += value.length;
    }
  };
  const blob = async (space: string, key: string): Promise<void> => {
    const found = await store.blobs(space).get(key);
    if (found === undefined) return;
    for await (const part of found.content) report.bytes += part.length;
    report.blobs++;
  };
  for (const space of await store.spaces('records')) await records(store.recordsOf(space));
  for (const space of await store.spaces('logs')) {
    for await (const name of store.logs(space).names()) await tried(() => log(space, name));
  }
  for (const space of await store.spaces('blobs')) {
    await tried(async () => {
      for await (const { key } of store.blobs(space).list()) await tried(() => blob(space, key));
    });
  }
  return report;
}
