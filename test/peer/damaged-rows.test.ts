import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { sameBytes } from '../../src/base/bytes.js';
import type { PeerApi } from '../../src/peer/api/peer.js';
import { storeFolder } from '../../src/peer/storage/profile.js';
import { openLevelStore } from '../../src/store/level/open.js';
import type { LocalStore } from '../../src/store/local.js';
import { PASSWORD, Town, watch } from '../support/town.js';

const town = await Town.build();
after(() => town.close());
const LINES = ['one', 'two', 'three', 'four'];

/** A profile in which most tables have a row. */
async function lived(): Promise<PeerApi> {
  const [ada, bob] = await Promise.all([town.owner('ada'), town.settle('bob')]);
  const [atAda, atBob] = [watch(ada), watch(bob)];
  for (const line of LINES) await ada.send('bob', line);
  await atBob.message('four');
  await bob.send('ada', 'answer');
  await atAda.message('answer');
  await ada.groups.create('den', { kind: 'open', history: 'shared' });
  await ada.send('#den', 'in here');
  const file = join(town.home('ada'), 'note.txt');
  writeFileSync(file, 'x');
  await ada.files.offer('bob', [file]);
  await ada.preferences.mute('@bob', true);
  await ada.setLifetime('@bob', 3_600);
  await ada.send('bob', 'for an hour');
  await bob.close();
  await ada.send('bob', 'while away');
  return ada;
}

async function withStore<T>(use: (store: LocalStore) => Promise<T>): Promise<T> {
  const store = await openLevelStore({ folder: storeFolder(town.home('ada')) });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

/** The newest row of each table. */
const rowsByTable = (): Promise<Map<string, string>> =>
  withStore(async (store) => {
    const rows = new Map<string, string>();
    for await (const { key } of store.records('peer').range()) rows.set(key.split('/')[0]!, key);
    return rows;
  });

/** Those that are read only when somebody asks for what they hold. */
const READ_LATER = new Set([
  'acceptused',
  'archive',
  'contact',
  'group',
  'kept',
  'keypackage',
  'part',
  'path',
  'place',
  'position',
  'speed',
]);

test('N25 one row that is damaged, in any table, keeps nobody from the rest, and is told', async () => {
  await (await lived()).close();
  const tables = [...(await rowsByTable()).keys()];
  for (const table of [
    'device',
    'conversation',
    'group',
    'part',
    'message',
    'transfer',
    'named',
    'act',
    'preferences',
  ]) {
    assert.ok(tables.includes(table), `${table} is not among ${tables.join(', ')}`);
  }
  const untold: string[] = [];
  for (const table of tables) {
    const key = (await rowsByTable()).get(table);
    if (key === undefined) continue;
    const garbage = new TextEncoder().encode(`no row of ${table}`);
    await withStore((store) => store.records('peer').put(key, garbage));
    const ada = await town.open('ada');
    const lines = (await ada.history({ conversation: '@bob', limit: 100 })).map(({ text }) => text);
    const kept = LINES.filter((line) => lines.includes(line));
    assert.ok(kept.length >= LINES.length - 1, `${table}: history has ${lines.join(', ')}`);
    let exported = 0;
    for await (const _ of ada.export()) exported++;
    assert.ok(exported >= LINES.length, `${table}: ${exported} lines exported`);
    assert.equal((await ada.account.recoveryPhrase(PASSWORD)).split(' ').length, 24, table);
    await ada.send('bob', `after ${table}`);
    assert.equal((await ada.history({ conversation: '@bob', limit: 1 })).at(-1)?.text, `after ${table}`);
    const told = ada.takeSetAside().map(({ code, message }) => `${code} ${message}`);
    await ada.close();
    if (READ_LATER.has(table)) continue;
    if (!/row-set-aside .+ could not be read/.test(told.join('; '))) untold.push(table);
    const keptAside = await withStore((store) => store.records('peer.aside').get(key));
    if (keptAside === undefined || !sameBytes(keptAside.value, garbage)) untold.push(`${table} is not kept`);
  }
  assert.deepEqual(untold, []);
  const ada = await town.open('ada');
  assert.deepEqual(ada.takeSetAside(), [], 'told once');
});
