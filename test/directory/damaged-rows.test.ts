import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openTables } from '../../src/directory/rows.js';
import { openMemoryStore } from '../../src/store/memory/open.js';

const garbage = new TextEncoder().encode('no row');
const keys = async (rows: AsyncIterable<{ key: string }>): Promise<string[]> => {
  const all: string[] = [];
  for await (const { key } of rows) all.push(key);
  return all;
};

test('N25 a row that cannot be read stays, keeps its name, and is walked past where nothing is opened by that', async () => {
  const store = openMemoryStore();
  const told: string[] = [];
  const tables = openTables(store, (space, key) => told.push(`${space} ${key}`));
  await tables.seen.put('ada/1', { starts: 1, lastSeen: 1, endpoints: [] });
  await store.records('seen').put('ben/1', garbage);
  assert.deepEqual(await keys(tables.seen.range()), ['ada/1']);
  assert.deepEqual(await keys(tables.seen.range()), ['ada/1']);
  assert.deepEqual(told, ['seen ben/1'], 'told once');
  assert.deepEqual((await store.records('seen').get('ben/1'))?.value, garbage);

  await store.records('accounts').put('cat', garbage);
  await assert.rejects(tables.accounts.get('cat'), { code: 'row-damaged' });
  await store.records('revoked').put('serial', garbage);
  await assert.rejects(keys(tables.revoked.range()), { code: 'row-damaged' }, 'nothing that was revoked comes back');
  await store.close();
});
