import { sameBytes } from '../../base/bytes.js';
import type { Blobs, KeyedRecord, Log, Logs, Records, Store } from '../../store/store.js';
import { sha256Of } from './inventory.js';
import { copiedSpaces } from './spaces.js';
import { Writing } from './writing.js';

/** Entries that are appended together. */
const TOGETHER = 1024;
const TOGETHER_BYTES = 1 << 20;
const EMPTY = new Uint8Array(0);

/**
 * Lets one store hold what the other holds. What is the same already is left as it is, so that a copy that was cut off goes on,
 * and one that is made again costs what has changed. Positions in logs stay; revisions are others.
 * @param signal ends it between two writes
 */
export async function copyStore(from: Store, to: Store, signal: AbortSignal): Promise<void> {
  const writing = new Writing(signal);
  for (const space of await copiedSpaces('records', from, to))
    await copyRecords(from.records(space), to.records(space), writing);
  for (const space of await copiedSpaces('logs', from, to)) await copyLogs(from.logs(space), to.logs(space), writing);
  for (const space of await copiedSpaces('blobs', from, to))
    await copyBlobs(from.blobs(space), to.blobs(space), writing);
  await writing.done();
}

async function copyRecords(from: Records, to: Records, writing: Writing): Promise<void> {
  for await (const [source, target] of paired(from.range(), to.range())) {
    if (source === undefined) await writing.start(() => to.delete(target!.key));
    else if (!isSame(source, target)) await writing.start(() => to.put(source.key, source.value));
  }
}

const isSame = (source: KeyedRecord, target: KeyedRecord | undefined): boolean =>
  target !== undefined && sameBytes(source.value, target.value);

/** As it is now. */
export async function copyRecord(from: Records, to: Records, key: string): Promise<void> {
  const source = await from.get(key);
  if (source === undefined) await to.delete(key);
  else await to.put(key, source.value);
}

async function copyLogs(from: Logs, to: Logs, writing: Writing): Promise<void> {
  for await (const [source, target] of paired(named(from.names()), named(to.names()))) {
    const { key } = source ?? target!;
    await writing.start(() =>
      source === undefined ? to.log(key).delete() : copyLog(from.log(key), to.log(key), true),
    );
  }
}

/** What a copy of one log begins with, or undefined where what is there is something else. */
async function startOf(from: Log, to: Log, compares: boolean): Promise<number | undefined> {
  const [source, target] = [await from.ends(), await to.ends()];
  if (target.next > source.next || target.first > source.first) return undefined;
  if (!compares) return target.next;
  const overlap = { from: source.first, limit: target.next - source.first };
  if (overlap.limit <= 0) return target.next;
  for await (const [mine, theirs] of inStep(from.read(overlap), to.read(overlap))) {
    if (theirs === undefined) break;
    if (mine.position !== theirs.position || !sameBytes(mine.value, theirs.value)) return undefined;
  }
  return target.next;
}

/**
 * Positions stay: what was trimmed is filled with nothing, and trimmed again.
 * @param compares whether what is there already may be of another log
 */
export async function copyLog(from: Log, to: Log, compares: boolean): Promise<void> {
  const start = await startOf(from, to, compares);
  if (start === undefined) await to.delete();
  let position = start ?? 0;
  let together: Uint8Array[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    if (together.length === 0) return;
    position = (await to.appendMany(together, { expect: position })) + together.length;
    together = [];
    bytes = 0;
  };
  const add = async (value: Uint8Array): Promise<void> => {
    if (together.length === TOGETHER || bytes + value.length > TOGETHER_BYTES) await flush();
    together.push(value);
    bytes += value.length;
  };
  const { first, next } = await from.ends();
  const fillTo = async (end: number): Promise<void> => {
    while (position + together.length < end) await add(EMPTY);
  };
  await fillTo(first);
  if (position + together.length < next) {
    for await (const entry of from.read({ from: position + together.length })) {
      // It may be trimmed while it is read.
      await fillTo(entry.position);
      await add(entry.value);
    }
  }
  // Everything may be trimmed, and the next entry has its place all the same.
  await fillTo(next);
  await flush();
  const ends = await from.ends();
  if (ends.first > 0) await to.trim(ends.first);
}

async function copyBlobs(from: Blobs, to: Blobs, writing: Writing): Promise<void> {
  for await (const [source, target] of paired(from.list(), to.list())) {
    if (source === undefined) await writing.start(() => to.delete(target!.key));
    else await writing.start(() => copyBlob(from, to, source.key, target?.size === source.size));
  }
}

/** @param maybe it may be there already */
export async function copyBlob(from: Blobs, to: Blobs, key: string, maybe: boolean): Promise<void> {
  if (maybe && sameBytes(await digestOf(from, key), await digestOf(to, key))) return;
  const blob = await from.get(key);
  if (blob === undefined) await to.delete(key);
  else await to.put(key, blob.content);
}

const digestOf = async (blobs: Blobs, key: string): Promise<Uint8Array> => {
  const blob = await blobs.get(key);
  return blob === undefined ? EMPTY : sha256Of(blob.content);
};

async function* named(names: AsyncIterable<string>): AsyncGenerator<{ readonly key: string }> {
  for await (const key of names) yield { key };
}

/** Two lists in the order of their keys, by key: what only one has stands alone. */
async function* paired<T extends { readonly key: string }>(
  left: AsyncIterable<T>,
  right: AsyncIterable<T>,
): AsyncGenerator<readonly [T, T | undefined] | readonly [undefined, T]> {
  const lefts = left[Symbol.asyncIterator]();
  const rights = right[Symbol.asyncIterator]();
  let [a, b] = await Promise.all([lefts.next(), rights.next()]);
  while (!a.done || !b.done) {
    if (b.done || (!a.done && a.value.key < b.value.key)) {
      yield [a.value as T, undefined];
      a = await lefts.next();
    } else if (a.done || b.value.key < a.value.key) {
      yield [undefined, b.value];
      b = await rights.next();
    } else {
      yield [a.value, b.value];
      [a, b] = await Promise.all([lefts.next(), rights.next()]);
    }
  }
}

async function* inStep<T>(
  left: AsyncIterable<T>,
  right: AsyncIterable<T>,
): AsyncGenerator<readonly [T, T | undefined]> {
  const rights = right[Symbol.asyncIterator]();
  for await (const one of left) {
    const other = await rights.next();
    yield [one, other.done ? undefined : other.value];
  }
}
