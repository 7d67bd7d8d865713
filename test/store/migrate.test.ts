import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { crc32 } from 'node:zlib';
import { fromUtf8, utf8 } from '../../src/base/bytes.js';
import { openLevelStore } from '../../src/store/level/open.js';
import type { Store } from '../../src/store/store.js';
import { startChild } from './child.js';
import { temporaryFolder } from './folder.js';
import { MIGRATIONS } from './migrations.js';
import { all, code } from './support.js';

const WORDS = Array.from({ length: 50 }, (_, index) => `word${String(index).padStart(2, '0')}`);
const upper = WORDS.map((word) => word.toUpperCase());

interface Words {
  readonly records: readonly string[];
  readonly all: readonly string[];
  readonly said: readonly string[];
}

async function wordsIn(store: Store): Promise<Words> {
  const texts = (values: readonly { readonly value: Uint8Array }[]) => values.map(({ value }) => fromUtf8(value));
  const logs = store.logs('words');
  return {
    records: texts(await all(store.records('words').range())),
    all: texts(await all(logs.log('all').read())),
    said: texts(await all(logs.log('said').read())),
  };
}

/** What the store holds in each format. */
const FORMATS: Readonly<Record<number, Words>> = {
  1: { records: WORDS, all: [], said: WORDS },
  2: { records: upper, all: [], said: upper },
  3: { records: [], all: upper, said: upper },
};

describe('migrations', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let path: string;
  beforeEach(async () => {
    folder = temporaryFolder();
    path = await folder.path;
  });
  afterEach(() => folder.remove());

  async function makeOld(): Promise<void> {
    const store = await openLevelStore({ folder: path });
    await Promise.all(WORDS.map((word) => store.records('words').put(word, utf8(word))));
    await store.logs('words').log('said').appendMany(WORDS.map(utf8));
    await store.close();
  }

  async function openWith(count: number): Promise<Words> {
    const store = await openLevelStore({ folder: path, migrations: MIGRATIONS.slice(0, count) });
    const words = await wordsIn(store);
    assert.deepEqual((await store.check()).problems, []);
    await store.close();
    return words;
  }

  it('run once, in order, and from where the store is', async () => {
    await makeOld();
    assert.deepEqual(await openWith(0), FORMATS[1]);
    assert.deepEqual(await openWith(1), FORMATS[2]);
    assert.deepEqual(await openWith(2), FORMATS[3]);
    assert.deepEqual(await openWith(2), FORMATS[3]);
  });

  it('do not run on a new store, which begins in the newest format', async () => {
    const store = await openLevelStore({ folder: path, migrations: MIGRATIONS });
    await store.records('words').put('a', utf8('a'));
    await store.close();
    assert.deepEqual(await openWith(2), { records: ['a'], all: [], said: [] });
    await assert.rejects(openWith(1), code('store-newer', { found: 3, known: 2 }));
  });

  it('S6 killed at each write, the store is in the old format or the new one, whole', async () => {
    for (const when of ['before', 'after']) {
      for (let nth = 1; ; nth++) {
        await folder.remove();
        folder = temporaryFolder();
        path = await folder.path;
        await makeOld();
        const child = startChild('migrate', [path, String(nth), when]);
        const end = await child.ended;
        if (end === 0) {
          assert.deepEqual(child.lines, [String(nth - 1)]);
          assert.equal(nth - 1, MIGRATIONS.length);
          break;
        }
        assert.equal(end, 'SIGKILL');
        const format = when === 'before' ? nth : nth + 1;
        assert.deepEqual(await openWith(format - 1), FORMATS[format], `killed ${when} write ${nth}`);
        assert.deepEqual(await openWith(2), FORMATS[3]);
      }
    }
  });

  it('S6 an old program refuses the new format and changes nothing', async () => {
    await makeOld();
    await openWith(2);
    await assert.rejects(openWith(0), code('store-newer', { found: 3, known: 1 }));
    await assert.rejects(openWith(1), code('store-newer', { found: 3, known: 2 }));
    assert.deepEqual(await openWith(2), FORMATS[3]);
  });

  it('S6 an old program refuses a new layout of the files', async () => {
    await makeOld();
    const head = await readFile(join(path, 'head'));
    const at = 'p2pchat store'.length;
    head.writeUInt32BE(2, at);
    head.writeUInt32BE(crc32(head.subarray(0, at + 4)), at + 4);
    await writeFile(join(path, 'head'), head);
    await assert.rejects(openWith(0), code('store-newer', { found: 2, known: 1 }));
  });

  it('must be numbered without gaps', async () => {
    const wrong = openLevelStore({ folder: path, migrations: [MIGRATIONS[1]!] });
    await assert.rejects(wrong, /wrong format number/);
  });
});
