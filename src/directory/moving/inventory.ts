import { createHash, type Hash } from 'node:crypto';
import { hex, utf8 } from '../../base/bytes.js';
import { Failure } from '../../base/errors.js';
import type { Store } from '../../store/store.js';
import { copiedSpaces } from './spaces.js';

/** What a store holds of a directory, counted, and one hash over all of it. */
export interface Inventory {
  readonly records: number;
  readonly entries: number;
  readonly blobs: number;
  readonly bytes: number;
  readonly hash: string;
}

/** Reads everything; what is damaged is thrown. */
export async function inventoryOf(store: Store): Promise<Inventory> {
  const hash = createHash('sha256');
  const counts = { records: 0, entries: 0, blobs: 0, bytes: 0 };
  const take = (kind: 'records' | 'entries' | 'blobs', name: string, value: Uint8Array): void => {
    counts[kind]++;
    counts.bytes += value.length;
    add(hash, name, value);
  };
  for (const space of await copiedSpaces('records', store)) {
    for await (const { key, value } of store.records(space).range()) take('records', `r/${space}/${key}`, value);
  }
  for (const space of await copiedSpaces('logs', store)) {
    for await (const name of store.logs(space).names()) {
      const log = store.logs(space).log(name);
      const { first, next } = await log.ends();
      add(hash, `l/${space}/${name}`, utf8(`${first}-${next}`));
      for await (const { value } of log.read()) take('entries', '', value);
    }
  }
  for (const space of await copiedSpaces('blobs', store)) {
    for await (const { key } of store.blobs(space).list()) {
      const blob = await store.blobs(space).get(key);
      if (blob === undefined) continue;
      const digest = await sha256Of(blob.content);
      take('blobs', `b/${space}/${key}/${blob.size}`, digest);
      counts.bytes += blob.size - digest.length;
    }
  }
  return { ...counts, hash: hex(new Uint8Array(hash.digest())) };
}

/** @throws Failure storage 'copy-differs' */
export function assertSame(source: Inventory, target: Inventory): void {
  if (source.hash === target.hash) return;
  const said = ({ records, entries, blobs }: Inventory): string =>
    `${records} records, ${entries} entries, ${blobs} blobs`;
  throw new Failure('copy-differs', undefined, { details: { source: said(source), target: said(target) } });
}

export async function sha256Of(content: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const hash = createHash('sha256');
  for await (const part of content) hash.update(part);
  return new Uint8Array(hash.digest());
}

function add(hash: Hash, name: string, value: Uint8Array): void {
  hash.update(`${name.length}:${value.length}:${name}`);
  hash.update(value);
}
