import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sealer } from '../../../src/crypto/vault.js';
import { openTables } from '../../../src/peer/storage/tables.js';
import { PathMemory } from '../../../src/peer/transfers/path-memory.js';
import { openMemoryStore } from '../../../src/store/memory/open.js';
import { ManualClock } from '../../support/clock.js';
import { seededRandom } from '../../support/random.js';

const HOUR = 3_600_000;

test('what paths carried is kept for each person and path, for a day', async () => {
  const random = seededRandom('paths');
  const [disk, clock] = [openMemoryStore(), new ManualClock()];
  const memory = new PathMemory({ tables: openTables(disk, sealer(random.bytes(32), random)), disk, clock });
  const path = { from: '10.1.0.0/24', to: '192.0.2.0/24', rate: 120_000.5, minRtt: 50.25 };
  await memory.put('Bob', path);
  clock.advance(20 * HOUR);
  const other = { ...path, to: '198.51.100.0/24' };
  await memory.put('bob', other);
  assert.deepEqual(await memory.get('carol'), []);
  const plain = async () => (await memory.get('bob')).map(({ from, to, rate, minRtt }) => ({ from, to, rate, minRtt }));
  assert.deepEqual(await plain(), [other, path]);
  // A newer measurement takes the place of the older; one that turned out wrong leaves nothing.
  await memory.put('bob', { ...path, rate: 7 });
  assert.deepEqual(await plain(), [{ ...path, rate: 7 }, other]);
  await memory.put('bob', { ...path, rate: 0, minRtt: 0 });
  assert.deepEqual(await plain(), [other]);
  clock.advance(25 * HOUR);
  assert.deepEqual(await plain(), []);
  for (let i = 0; i < 20; i++) await memory.put('bob', { ...path, to: `10.0.${i}.0/24` });
  assert.equal((await plain()).length, 8);
});
