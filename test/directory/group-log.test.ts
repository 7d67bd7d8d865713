import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hex } from '../../src/base/bytes.js';
import { systemClock } from '../../src/base/clock.js';
import { NO_ACTS, signStatement } from '../../src/crypto/acts.js';
import { path } from '../../src/store/keys.js';
import type { Statement } from '../../src/wire/acts.js';
import { CERTIFICATE_LIFETIME_MS, CLOCK_SKEW_MS } from '../../src/wire/limits.js';
import { parseLink } from '../../src/wire/link.js';
import { afterwards, testDirectory } from '../support/directory.js';
import { register, signIn, type TestPeer } from '../support/directory-client.js';
import { seededRandom } from '../support/random.js';

const random = seededRandom('group log');
const QUICK = { burst: 10_000, perSecond: 10_000 };
const FROM = { user: 'alice', device: 'aaaaaaaaaaaaaaaa' };

const created = (link: string, { key }: TestPeer, group: Uint8Array) => {
  const common = { directory: parseLink(link).fingerprint, group, previous: NO_ACTS, at: Date.now() };
  const deed = { action: 'create', name: `g${hex(group).slice(0, 8)}`, kind: 'open', history: 'joined' };
  return signStatement({ ...common, ...deed } as Statement, key);
};

/** A directory with one group, made by its owner over a channel. */
async function withGroup(t: Parameters<typeof testDirectory>[0], groupLog: { entries: number; bytes: number }) {
  const directory = await testDirectory(t, { limits: { groupLog, messages: QUICK } });
  const alice = await register(directory.link, 'alice', { invite: directory.ownerInvite! });
  const client = await signIn(directory.link, alice);
  afterwards(t, () => client.close());
  const id = random.bytes(16);
  await client.request('groups.create', { group: id, ...created(directory.link, alice, id), info: new Uint8Array(8) });
  const group = await directory.site.core.namedGroups.need(id);
  const say = (count: number, bytes = 100) =>
    Promise.all(
      Array.from({ length: count }, () => {
        const message = { id: random.bytes(16), epoch: group.epoch, sealed: random.bytes(bytes) };
        return group.post(FROM, message, { now: 0, role: 'advanced' });
      }),
    );
  return { directory, client, id, group, say };
}

test('a group log keeps so many entries and no more, its positions, and all acts', async (t) => {
  const { client, id, group, say } = await withGroup(t, { entries: 100, bytes: 1 << 30 });
  await say(90);
  assert.equal(group.first, 0);
  await say(60);
  await group.trim();
  assert.deepEqual([group.next, group.next - group.first], [151, 100]);
  const page = await client.request('groups.read', { group: id, from: 1 });
  assert.deepEqual([page.first, page.entries[0]!.seq], [52, 52]);
  const { acts } = await client.request('groups.acts', { group: id, from: 0 });
  assert.deepEqual(
    acts.map(({ seq }) => seq),
    [1],
  );
});

test('a group log is trimmed by itself while it grows', async (t) => {
  const { group, say } = await withGroup(t, { entries: 64, bytes: 1 << 30 });
  for (let round = 0; round < 20; round++) await say(16);
  // The one under way, if there is one, may have begun before the last came.
  await group.trim();
  assert.ok(group.first > 64);
  await group.trim();
  assert.ok(group.next - group.first <= 64 && group.next === 321);
});

test('P8 a group log of large messages is trimmed by their bytes', async (t) => {
  const { group, say } = await withGroup(t, { entries: 10_000, bytes: 200_000 });
  await say(30, 10_000);
  await group.trim();
  assert.ok(group.next - group.first <= 20, 'about 20 of 10,000 bytes');
  assert.ok(group.next - group.first >= 15);
});

test('a Welcome goes when its commit is not kept any more, and not before', async (t) => {
  const { directory, group, id, say } = await withGroup(t, { entries: 50, bytes: 1 << 30 });
  const { namedGroups, store } = directory.site.core;
  const welcomes = store.records('group.welcomes');
  const key = path(hex(id), 0, FROM.device);
  await namedGroups.putWelcome(group, 0, { from: FROM, devices: ['bbbbbbbbbbbbbbbb'], welcome: new Uint8Array(10) });
  await group.trim();
  assert.notEqual(await welcomes.get(key), undefined, 'its commit may still come');
  await group.commit(FROM, { epoch: 0, head: group.head, commit: new Uint8Array(10), info: new Uint8Array(10) });
  assert.deepEqual(await namedGroups.welcomeFor(group, 'bbbbbbbbbbbbbbbb'), { welcome: new Uint8Array(10), seq: 2 });
  await say(40);
  await group.trim();
  assert.notEqual(await welcomes.get(key), undefined);
  await say(60);
  await group.trim();
  assert.equal(await welcomes.get(key), undefined);
});

test('rows of certificates go when nobody would take the certificate any more', async (t) => {
  let offset = 0;
  const clock = { ...systemClock, now: () => Date.now() + offset };
  const { link, site } = await testDirectory(t, { clock });
  await register(link, 'alice');
  const { devices, tables } = site.core;
  const count = async () => {
    let rows = 0;
    for await (const _row of tables.certificates.range()) rows++;
    return rows;
  };
  await devices.sweep();
  assert.equal(await count(), 1);
  offset = CERTIFICATE_LIFETIME_MS + CLOCK_SKEW_MS;
  await devices.sweep();
  assert.equal(await count(), 1, 'clocks may differ');
  offset = CERTIFICATE_LIFETIME_MS + 3 * CLOCK_SKEW_MS;
  await devices.sweep();
  assert.equal(await count(), 0);
});
