import assert from 'node:assert/strict';
import { it } from 'node:test';
import { openLevelStore } from '../../src/store/level/open.js';
import { startChild } from './child.js';
import { temporaryFolder } from './folder.js';
import { killWhileAppending } from './kill.js';
import { code } from './support.js';

it('S1 kill -9 while appending loses nothing acknowledged', async (t) => {
  const { entries, slowestOpen } = await killWhileAppending(15, 1);
  t.diagnostic(`${entries} entries acknowledged, slowest opening ${slowestOpen.toFixed(0)} ms`);
});

it('S7 a second process is told that the store is in use, and gets it when the first is gone', async () => {
  const folder = temporaryFolder();
  const path = await folder.path;
  const first = startChild('append', [path, 'first']);
  try {
    await first.printed(2);
    await assert.rejects(openLevelStore({ folder: path }), code('store-in-use'));
    first.process.kill('SIGKILL');
    await first.ended;
    const store = await openLevelStore({ folder: path });
    await assert.rejects(openLevelStore({ folder: path }), code('store-in-use'), 'the same process too');
    await store.close();
    await (await openLevelStore({ folder: path })).close();
  } finally {
    first.process.kill('SIGKILL');
    await first.ended;
    await folder.remove();
  }
});
