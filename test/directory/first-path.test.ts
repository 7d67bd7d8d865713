import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '../../src/base/bytes.js';
import { hasCode } from '../../src/base/errors.js';
import { systemRandom } from '../../src/base/random.js';
import { afterwards, testDirectory } from '../support/directory.js';
import { readRoster, register, signIn } from '../support/directory-client.js';

test('two people register, sign in, see each other and exchange sealed messages through their mailboxes', async (t) => {
  const { link } = await testDirectory(t);
  const [alice, bob] = await Promise.all([register(link, 'alice'), register(link, 'Bob')]);
  const a = await signIn(link, alice);
  afterwards(t, () => a.close());
  assert.equal(a.welcome.user, 'alice');
  assert.equal(a.welcome.startsSeen, 0);
  const roster = await readRoster(a, link, 'BOB', true);
  assert.equal(roster.user, 'Bob');
  assert.deepEqual(
    roster.devices.map(({ certificate }) => certificate),
    [bob.certificate],
  );
  const id = systemRandom.bytes(16);
  const parcel = { user: 'bob', device: bob.device, id, sealed: utf8('sealed') };
  await a.request('mailbox.put', { parcels: [parcel] });
  const b = await signIn(link, bob);
  afterwards(t, () => b.close());
  assert.equal((await a.notices.next('presence', ({ state }) => state === 'online')).user, 'Bob');
  const { entries, more } = await b.request('mailbox.read', { after: 0, limit: 10 });
  assert.equal(more, false);
  assert.deepEqual(
    entries.map(({ position, from, sealed }) => ({ position, from, sealed })),
    [{ position: 1, from: { user: 'alice', device: alice.device }, sealed: utf8('sealed') }],
  );
  await b.request('mailbox.ack', { through: 1 });
  await a.request('mailbox.put', { parcels: [{ ...parcel, id: systemRandom.bytes(16) }] });
  assert.equal((await b.notices.next('mailbox')).position, 2);
});

test('key packages, a direct conversation and its commits', async (t) => {
  const { link } = await testDirectory(t);
  const [alice, bob] = await Promise.all([register(link, 'alice'), register(link, 'bob')]);
  const [a, b] = await Promise.all([signIn(link, alice), signIn(link, bob)]);
  afterwards(t, () => Promise.all([a.close(), b.close()]));
  const packages = [utf8('one'), utf8('two')];
  assert.deepEqual(await b.request('keypackages.publish', { packages }), { kept: 2 });
  const claimed = await a.request('keypackages.claim', { devices: [{ user: 'bob', device: bob.device }] });
  assert.equal(claimed.packages.length, 1);
  assert.deepEqual(await a.request('direct.get', { user: 'bob' }), { number: 0 });
  const group = systemRandom.bytes(16);
  const welcome = { user: 'bob', device: bob.device, id: systemRandom.bytes(16), sealed: utf8('welcome') };
  await a.request('direct.create', { user: 'bob', number: 1, group, parcels: [welcome] });
  assert.deepEqual(await b.request('direct.get', { user: 'alice' }), { number: 1, group });
  assert.equal((await b.notices.next('mailbox')).from.user, 'alice');
  await assert.rejects(
    b.request('direct.create', { user: 'alice', number: 1, group: systemRandom.bytes(16), parcels: [] }),
    (error: unknown) => hasCode(error, 'direct-taken'),
  );
  await b.request('group.commit', { group, epoch: 1, commit: utf8('c1'), parcels: [] });
  assert.equal((await a.notices.next('group.commit')).epoch, 1);
  await assert.rejects(
    a.request('group.commit', { group, epoch: 1, commit: utf8('x'), parcels: [] }),
    (error: unknown) => hasCode(error, 'epoch-taken'),
  );
  const { commits } = await a.request('group.read', { group, from: 1 });
  assert.deepEqual(
    commits.map(({ epoch, commit }) => ({ epoch, commit })),
    [{ epoch: 1, commit: utf8('c1') }],
  );
});
