import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Scope } from '../../src/base/scope.js';
import type { LocalDevice } from '../../src/peer/identity/local-device.js';
import { KnownPlaces } from '../../src/peer/network/candidates.js';
import { Lan } from '../../src/peer/network/lan.js';
import { ManualClock } from '../support/clock.js';
import { seededRandom } from '../support/random.js';

test('the local network is spoken to as it is wanted last, however quickly that changes, and after a failure', async () => {
  const scope = new Scope();
  const wanted = { now: true, fails: true };
  let open = 0;
  const lan = new Lan({
    ...{ self: {} as LocalDevice, clock: new ManualClock(), random: seededRandom('lan'), scope },
    open: async () => {
      open++;
      const close = async (): Promise<void> => void open--;
      return { say: () => {}, update: () => {}, state: () => [], hearsOthers: false, close };
    },
    contacts: async () => {
      if (wanted.fails) throw new Error('the disk does not answer');
      return [];
    },
    isWanted: () => wanted.now,
    isMissing: () => true,
    endpoints: () => [],
    onFound: () => {},
    onError: () => {},
  });
  await assert.rejects(lan.obey(), /the disk does not answer/);
  wanted.fails = false;
  await lan.obey();
  assert.equal(open, 1);
  const turns = [];
  for (const now of [false, true]) {
    wanted.now = now;
    turns.push(lan.obey());
  }
  await Promise.all(turns);
  assert.equal(open, 1, 'wanted again at once');
  await scope.close();
  assert.equal(open, 0);
});

test('whoever answers with the device id of somebody else takes nothing from them', () => {
  const places = new KnownPlaces('lan');
  const place = (host: string) => [{ host, port: 4100 }];
  const target = { device: 'one', identityKey: new Uint8Array(32), endpoints: [] };
  places.set({ user: 'bob', device: 'one' }, place('192.0.2.1'));
  places.set({ user: 'mallory', device: 'one' }, place('192.0.2.66'));
  assert.deepEqual(
    places.candidates({ user: 'Bob', ...target }).map(({ host }) => host),
    ['192.0.2.1'],
  );
});
