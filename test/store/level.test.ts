import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { utf8 } from '../../src/base/bytes.js';
import { checkStore } from '../../src/store/level/check.js';
import type { Database } from '../../src/store/level/database.js';
import { seal } from '../../src/store/level/envelope.js';
import { ids } from '../../src/store/level/ids.js';
import { openLevelStore } from '../../src/store/level/open.js';
import { storeContract } from './contract.js';
import { temporaryFolder } from './folder.js';
import { localContract } from './local.js';
import { all, code } from './support.js';

const subject = () => {
  const folder = temporaryFolder();
  return {
    open: async () => openLevelStore({ folder: await folder.path }),
    clean: folder.remove,
  };
};

storeContract('level', subject);
localContract('level', subject);

it('the level store finds nothing wrong with itself while it is written and compacted', async () => {
  const folder = temporaryFolder();
  const store = await openLevelStore({ folder: await folder.path });
  let writing = true;
  const write = async () => {
    while (writing) {
      const next = await store.logs('busy').log('x').append(new Uint8Array(200_000));
      await store.blobs('busy').put(`b${next % 3}`, [new Uint8Array(10_000)]);
    }
  };
  const writers = [write(), write(), write()];
  for (let round = 0; round < 5; round++) assert.deepEqual((await store.check()).problems, []);
  writing = false;
  await Promise.all(writers);
  await store.close();
  await folder.remove();
});

it('a check is not misled by a log that is trimmed meanwhile', async () => {
  const folder = temporaryFolder();
  let onPage: (() => Promise<void>) | undefined;
  const store = await openLevelStore({ folder: await folder.path }, (database) => ({
    ...database,
    async page(options) {
      const page = await database.page(options);
      const work = onPage;
      onPage = undefined;
      await work?.();
      return page;
    },
  }));
  const log = store.logs('a').log('x');
  await log.appendMany(Array.from({ length: 900 }, (_, index) => utf8(String(index))));
  onPage = () => log.trim(700);
  const report = await store.check();
  assert.deepEqual(report.problems, []);
  assert.ok(report.entries < 900, 'it was trimmed while the check was reading');
  await store.close();
  await folder.remove();
});

it('a check reports what is wrong with the files twice in a row, and not what was only in motion', async () => {
  const database: Database = {
    get: async () => undefined,
    page: async () => ({ entries: [], more: false }),
    write: async () => {},
    close: async () => {},
  };
  const check = async (problems: readonly (string | undefined)[]) => {
    let count = 0;
    const inspect = async () => {
      const problem = problems[Math.min(count++, problems.length - 1)];
      if (problem !== undefined) throw new Error(problem);
    };
    return (await checkStore({ database, inspect }, { verify: async () => 0 })).problems;
  };
  assert.deepEqual(await check([undefined]), []);
  assert.deepEqual(await check(['a', undefined]), []);
  assert.deepEqual(await check(['a', 'b', undefined]), []);
  assert.deepEqual(await check(['a', 'b', 'b']), ['b']);
});

it('a check is not misled by a blob that is deleted meanwhile', async () => {
  const id = ids.blob('a', 'k');
  const sealed = seal(id, utf8('its record'));
  for (const [now, problems] of [
    [undefined, []],
    [seal(id, utf8('another')), []],
    [sealed, ['unreadable']],
  ] as const) {
    const database: Database = {
      get: async () => now,
      page: async () => ({ entries: [[id, sealed]], more: false }),
      write: async () => {},
      close: async () => {},
    };
    const verify = async () => {
      throw new Error('unreadable');
    };
    assert.deepEqual((await checkStore({ database, inspect: async () => {} }, { verify })).problems, problems);
  }
});

it('the level store shows nothing before it is on the disk', async () => {
  const folder = temporaryFolder();
  let flush: () => void = () => {};
  let held: Promise<void> | undefined;
  const store = await openLevelStore({ folder: await folder.path }, (database) => ({
    ...database,
    async write(ops) {
      await held;
      await database.write(ops);
    },
  }));
  const log = store.logs('a').log('x');
  await log.append(utf8('0'));
  held = new Promise((resolve) => {
    flush = resolve;
  });
  const writes = [log.append(utf8('1')), store.records('a').put('k', utf8('v'))];
  assert.deepEqual(await log.ends(), { first: 0, next: 1 });
  assert.equal((await all(log.read())).length, 1);
  assert.equal(await store.records('a').get('k'), undefined);
  await assert.rejects(store.records('a').create('k', utf8('w')), code('store-exists'), 'but it is judged by it');
  flush();
  await Promise.all(writes);
  assert.deepEqual(await log.ends(), { first: 0, next: 2 });
  await store.close();
  await folder.remove();
});

it('the level store remembers everything over closing and opening', async () => {
  const folder = temporaryFolder();
  const path = await folder.path;
  let store = await openLevelStore({ folder: path });
  const revision = await store.records('a').put('k', utf8('v'));
  await store.logs('a').log('x').appendMany(['0', '1', '2'].map(utf8));
  await store.logs('a').log('x').trim(3);
  await store.blobs('a').put('b', [utf8('blob')]);
  await store.close();
  await writeFile(join(path, 'blobs', '00.part'), 'left over');
  store = await openLevelStore({ folder: path });
  assert.deepEqual(await store.records('a').get('k'), { value: utf8('v'), revision });
  assert.ok((await store.records('a').put('l', utf8('w'))) > revision, 'revisions go on');
  assert.deepEqual(await store.logs('a').log('x').ends(), { first: 3, next: 3 });
  assert.equal(await store.logs('a').log('x').append(utf8('3')), 3);
  assert.deepEqual(await store.blobs('a').stat('b'), { size: 4 });
  assert.equal((await readdir(join(path, 'blobs'))).length, 1, 'left-overs are swept');
  await store.close();
  await folder.remove();
});
