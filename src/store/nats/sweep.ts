import type { ObjectStore } from '@nats-io/obj';
import { systemClock } from '../../base/clock.js';
import { repeat } from '../../base/interval.js';
import type { Logger } from '../../base/log.js';
import { parse } from './blobs.js';
import type { Cluster } from './cluster.js';
import { unseal } from './envelope.js';
import { BLOB_INDEX } from './store.js';
import type { Layout } from './streams.js';

export interface SweepInit {
  readonly cluster: Cluster;
  readonly objects: ObjectStore;
  readonly layout: Layout;
  readonly log: Logger;
}

const EVERY_MS = 3_600_000;
/** What is younger may be about to be used: by a blob being written, by a write that expects a deletion's revision. */
const OLD_MS = 3_600_000;

/**
 * Forgets from time to time what deletions and broken-off writes leave behind. Every node does it: once or twice makes no
 * difference. @returns ends it
 */
export function startSweeping(init: SweepInit): () => Promise<void> {
  return repeat(
    systemClock,
    EVERY_MS,
    () => sweep(init, systemClock.now() - OLD_MS),
    (error) => init.log.error('sweep failed', { error: String(error) }),
  );
}

/** @param before what was written since then, wall clock, stays */
export async function sweep(init: SweepInit, before: number): Promise<void> {
  await sweepDeletions(init, before);
  await sweepObjects(init, before);
}

async function sweepDeletions({ cluster, layout }: SweepInit, before: number): Promise<void> {
  for (const subject of await cluster.subjects(layout.records, `${layout.recordSubjects}.>`)) {
    const last = await cluster.last(layout.records, subject);
    if (last === undefined || last.header.get('KV-Operation') === '' || last.time.getTime() > before) continue;
    await cluster.purgeAll(layout.records, last);
  }
}

/** Objects that no record names. */
async function sweepObjects({ cluster, objects, layout }: SweepInit, before: number): Promise<void> {
  const all = await objects.list();
  if (all.length === 0) return;
  const named = new Set<string>();
  for (const subject of await cluster.subjects(layout.records, `${layout.recordSubjects}.>`)) {
    if (!subject.startsWith(`${layout.recordSubjects}.${BLOB_INDEX}`)) continue;
    const last = await cluster.last(layout.records, subject);
    if (last !== undefined && last.data.length > 0) named.add(parse(unseal(subject, last.data)).name);
  }
  for (const { name, mtime } of all) {
    if (!named.has(name) && Date.parse(mtime) < before) await objects.delete(name);
  }
}
