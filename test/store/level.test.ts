import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { utf8 } from '../../src/base/bytes.js';
import { openLevelStore } from '../../src/store/level/open.js';
import { storeContract } from './contract.js';
import { temporaryFolder } from './folder.js';
import { localContract } from './local.js';

const subject = () => {
  const folder = temporaryFolder();
  return {
    open: async () => openLevelStore({ folder: await folder.path }),
    clean: folder.remove,
  };
};

storeContract('level', subject);
localContract('level', subject);

it('the level store finds nothing wrong with itself while it is written, trimmed and compacted', async () => {
  const folder = temporaryFolder();
  const store = await openLevelStore({ folder: await folder.path });
  const log = store.logs('busy').log('x');
  let writing = true;
  const write = async () => {
    while (writing) {
      const next = await log.append(new Uint8Array(20_000));
      if (next % 50 === 0) await log.trim(next - 100);
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
