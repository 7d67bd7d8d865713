import assert from 'node:assert/strict';
import { cp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hex, utf8 } from '../../src/base/bytes.js';
import { hasCode } from '../../src/base/errors.js';
import { type Random, randomBelow } from '../../src/base/random.js';
import { openLevelStore } from '../../src/store/level/open.js';
import type { LocalStore } from '../../src/store/local.js';
import { seededRandom } from '../support/random.js';
import { temporaryFolder } from './folder.js';
import { all } from './support.js';

export interface FlipResult {
  readonly found: number;
  /** Nothing that was stored is other than it was. */
  readonly harmless: number;
}

/**
 * @param checkedFirst as of LevelStoreOptions
 *
 * S5: flips one bit in one file of a closed store, so many times, each time in a fresh copy. Opening it, reading all of
 * it and checking it must either report damage or find everything as it was.
 */
export async function flipBits(rounds: number, seed: number, checkedFirst?: number): Promise<FlipResult> {
  const folder = temporaryFolder();
  const original = join(await folder.path, 'original');
  const copy = join(await folder.path, 'copy');
  const random = seededRandom(seed);
  const result = { found: 0, harmless: 0 };
  try {
    await populate(original);
    const files = await filesOf(original);
    await cp(original, copy, { recursive: true });
    const expected = await contentOf(copy, checkedFirst);
    assert.ok(expected !== undefined, 'the store is well before any flip');
    for (let round = 0; round < rounds; round++) {
      await rm(copy, { recursive: true });
      await cp(original, copy, { recursive: true });
      const flip = await flipOne(copy, files, random);
      const found = await contentOf(copy, checkedFirst);
      if (found === undefined) result.found++;
      else {
        assert.deepEqual(found, expected, `seed ${seed}, round ${round}: ${flip} was not noticed`);
        result.harmless++;
      }
    }
    return result;
  } finally {
    await folder.remove();
  }
}

/** Several tables, a log in use, overwritten and deleted keys, trimmed logs, blobs. */
async function populate(folder: string): Promise<void> {
  for (let session = 0; session < 4; session++) {
    const store = await openLevelStore({ folder });
    const records = store.records('people');
    for (let index = 0; index < 120; index++) {
      await store.write([
        {
          kind: 'put',
          space: 'people',
          key: `person/${(index * 7) % 200}`,
          value: utf8(`${session}/${index}`.repeat(20)),
        },
        { kind: 'append', space: 'talk', log: `room/${index % 5}`, value: utf8(`${session}/${index} `.repeat(30)) },
      ]);
      if (index % 9 === 0) await records.delete(`person/${index}`);
    }
    await store
      .logs('talk')
      .log('room/1')
      .trim(10 * session);
    await store.blobs('files').put(`blob/${session}`, [new Uint8Array(30_000 + session).fill(session)]);
    await store.close();
  }
}

/**
 * Each file as likely as the next one, so that the small ones which everything hangs on get their share; but those that
 * hold nothing (LevelDB's own log, the lock) once in ten only.
 */
async function flipOne(folder: string, files: readonly string[], random: Random): Promise<string> {
  const holdsNothing = (name: string) => name.startsWith('lock') || name.includes('LOG');
  const any = randomBelow(random, 10) === 0;
  const candidates = files.filter((name) => any || !holdsNothing(name));
  const file = candidates[randomBelow(random, candidates.length)]!;
  const bytes = await readFile(join(folder, file));
  const bit = randomBelow(random, bytes.length * 8);
  bytes[bit >> 3]! ^= 1 << (bit & 7);
  await writeFile(join(folder, file), bytes);
  return `bit ${bit & 7} of byte ${bit >> 3} of ${file}`;
}

async function filesOf(folder: string): Promise<string[]> {
  const names = (await readdir(folder, { recursive: true })).sort();
  const sizes = await Promise.all(names.map((name) => stat(join(folder, name))));
  return names.filter((_, index) => sizes[index]!.isFile() && sizes[index]!.size > 0);
}

/** Everything that is stored, as text, or undefined where damage was reported. */
async function contentOf(folder: string, checkedFirst: number | undefined): Promise<string[] | undefined> {
  let store: LocalStore | undefined;
  try {
    store = await openLevelStore({ folder, ...(checkedFirst !== undefined && { checkedFirst }) });
    const content = await readAll(store);
    const { problems } = await store.check();
    return problems.length > 0 ? undefined : content;
  } catch (error) {
    if (hasCode(error, 'store-damaged')) return undefined;
    throw error;
  } finally {
    await store?.close();
  }
}

async function readAll(store: LocalStore): Promise<string[]> {
  const records = store.records('people');
  const lines: string[] = [];
  for (const { key } of await all(records.range())) lines.push(`${key}: ${hex((await records.get(key))!.value)}`);
  for (let index = 0; index < 200; index++) {
    lines.push(`person/${index} ${(await records.get(`person/${index}`)) === undefined ? 'is not' : 'is'} there`);
  }
  for await (const name of store.logs('talk').names()) {
    const log = store.logs('talk').log(name);
    lines.push(`${name}: ${JSON.stringify(await log.ends())}`);
    for await (const { position, value } of log.read()) lines.push(`${name} ${position}: ${hex(value)}`);
  }
  for (const { key } of await all(store.blobs('files').list())) {
    for await (const part of (await store.blobs('files').get(key))!.content) lines.push(`${key}: ${hex(part)}`);
  }
  return lines;
}
