import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { utf8 } from '../../src/base/bytes.js';
import { systemRandom } from '../../src/base/random.js';
import { startDirectory } from '../../src/directory/directory.js';
import { copyStore } from '../../src/directory/moving/copy.js';
import { inventoryOf } from '../../src/directory/moving/inventory.js';
import { check, migrate } from '../../src/directory/moving/move.js';
import { assertServable, clearStanding, writeStanding } from '../../src/directory/moving/standing.js';
import { openMemoryStore } from '../../src/store/memory/open.js';
import type { Store } from '../../src/store/store.js';
import { parseLink } from '../../src/wire/link.js';
import { code } from '../store/support.js';
import { afterwards, temporaryFolder } from '../support/directory.js';
import { register, signIn } from '../support/directory-client.js';
import { FailingStore } from '../support/failing-store.js';
import { NatsServers, withoutNats } from '../support/nats.js';

const LOOPBACK = { host: '127.0.0.1', port: 0 };
const storeKey = 'a key of more than sixteen characters';
const never = new AbortController().signal;

async function filled(): Promise<Store> {
  const store = openMemoryStore();
  for (let index = 0; index < 100; index++) await store.records('accounts').put(`user${index}`, utf8(`row ${index}`));
  const log = store.logs('mailbox').log('alice/a');
  await log.appendMany(Array.from({ length: 700 }, (_, index) => utf8(String(index))));
  await log.trim(300);
  await store.logs('mailbox').log('alice/b').append(utf8('x'));
  await store.logs('mailbox').log('alice/b').trim(1);
  await store.blobs('uploads').put('g/u/1', [new Uint8Array(100_000).fill(7)]);
  await store.records('lease').put('serving', utf8('of the place'));
  return store;
}

test('S6 a copy that is cut off at any write goes on where it stopped, and nobody serves from it until then', async () => {
  const source = await filled();
  const target = openMemoryStore();
  await writeStanding(target, { state: 'incomplete', where: 'elsewhere', at: 1 });
  let cuts = 0;
  for (let writes = 3, done = false; !done; writes += 40) {
    const disk = new FailingStore(target);
    disk.failAt(writes, true);
    await copyStore(source, disk.store(), never).then(
      () => {
        done = true;
      },
      () => cuts++,
    );
    await assert.rejects(assertServable(target, true), code('store-incomplete', { where: 'elsewhere' }));
  }
  assert.ok(cuts > 1, `${cuts}`);
  assert.deepEqual(await inventoryOf(target), await inventoryOf(source));
  assert.deepEqual(await target.logs('mailbox').log('alice/a').ends(), { first: 300, next: 700 }, 'positions stay');
  assert.deepEqual(await target.logs('mailbox').log('alice/b').ends(), { first: 1, next: 1 });
  assert.deepEqual(await target.spaces('records'), ['accounts', 'moving'], 'the lease belongs to the place');
  await clearStanding(target);
  assert.equal(await assertServable(target, false), false);
});

test('a copy of what is there already writes what has changed, and nothing else', async () => {
  const source = await filled();
  const target = openMemoryStore();
  await copyStore(source, target, never);
  await source.records('accounts').delete('user7');
  await source.records('accounts').put('user8', utf8('another row'));
  await source.logs('mailbox').log('alice/a').append(utf8('more'));
  await source.logs('mailbox').log('alice/b').delete();
  await source.logs('mailbox').log('alice/b').append(utf8('begun anew'));
  await source.blobs('uploads').put('g/u/1', [new Uint8Array(100_000).fill(8)]);
  await target.records('strange').put('k', utf8('not of the source'));
  const disk = new FailingStore(target);
  const writes = 8;
  disk.failAt(writes, true);
  await copyStore(source, disk.store(), never);
  assert.deepEqual(await inventoryOf(target), await inventoryOf(source));
});

test('a store that was moved or is a backup is served where its operator says so, and then begins a new life', async () => {
  const store = openMemoryStore();
  for (const [state, why] of [
    ['moved', 'store-moved'],
    ['backup', 'store-backup'],
  ] as const) {
    await writeStanding(store, { state, where: 'nats://a', at: 1 });
    await assert.rejects(assertServable(store, false), code(why, { where: 'nats://a' }));
    assert.equal(await assertServable(store, true), true);
  }
  await writeStanding(store, { state: 'restored', where: 'a backup', at: 1 });
  assert.equal(await assertServable(store, false), true, 'restored: told without being said');
});

describe('moving between the embedded store and NATS', { skip: withoutNats }, () => {
  test('a directory goes there and back with everything in it, under the same fingerprint', async (t) => {
    const folder = await temporaryFolder(t);
    const servers = await NatsServers.start(1);
    afterwards(t, () => servers.stop());
    const marks = join(folder, 'marks');
    const data = join(folder, 'a');
    const embedded = await startDirectory({ data, marks, listen: LOOPBACK });
    const alice = await register(embedded.link, 'alice', { invite: embedded.ownerInvite! });
    const client = await signIn(embedded.link, alice);
    const parcels = ['one', 'two', 'three'].map((text) => ({
      ...{ user: alice.user, device: alice.device },
      ...{ id: systemRandom.bytes(16), sealed: utf8(text) },
    }));
    await client.request('mailbox.put', { parcels });
    await client.request('mailbox.ack', { through: 1 });
    const { fingerprint } = parseLink(embedded.link);
    const { incarnation } = embedded.site.core;
    await client.close();
    const nats = `nats://${servers.addresses.join(',')}`;
    const level = `level:${data}`;
    await assert.rejects(migrate({ from: level, to: nats, storeKey }), code('directory-running'));
    await embedded.close();
    const nowhere = `level:${join(folder, 'nowhere')}`;
    await assert.rejects(migrate({ from: nowhere, to: nats, storeKey }), code('directory-none'));
    await assert.rejects(migrate({ from: level, to: nats, storeKey: 'short' }), code('key-file-short'));
    const moved = await migrate({ from: level, to: nats, storeKey });
    assert.deepEqual((await check(nats, { storeKey })).problems, []);
    await assert.rejects(startDirectory({ data, listen: LOOPBACK }), code('store-moved', { where: nats }));
    await assert.rejects(migrate({ from: level, to: nats, storeKey }), code('store-moved'));

    const store = { servers: servers.addresses, passphrase: storeKey };
    const node = await startDirectory({ data: join(folder, 'node'), listen: LOOPBACK, store });
    assert.equal(parseLink(node.link).fingerprint, fingerprint);
    assert.deepEqual(node.site.core.incarnation.id, incarnation.id);
    const there = await signIn(node.link, alice);
    const { entries } = await there.request('mailbox.read', { after: 0, limit: 10 });
    assert.deepEqual(
      entries.map(({ position }) => position),
      [2, 3],
    );
    await there.request('mailbox.ack', { through: 2 });
    await there.close();
    await assert.rejects(migrate({ from: nats, to: level, storeKey }), code('directory-running'));
    await node.close();
    const other = await startDirectory({ data: join(folder, 'other'), listen: LOOPBACK });
    await other.close();
    const elsewhere = `level:${join(folder, 'other')}`;
    await assert.rejects(migrate({ from: nats, to: elsewhere, storeKey }), code('store-not-empty'));

    // Back to where it came from: what it left there is brought up to date.
    const back = await migrate({ from: nats, to: level, storeKey });
    assert.ok(back.records >= moved.records);
    assert.deepEqual((await check(level, {})).problems, []);
    const again = await startDirectory({ data, marks, listen: LOOPBACK });
    afterwards(t, () => again.close());
    assert.equal(parseLink(again.link).fingerprint, fingerprint);
    assert.deepEqual(again.site.core.incarnation.id, incarnation.id, 'nothing was set back');
    const home = await signIn(again.link, alice);
    assert.deepEqual((await home.request('mailbox.read', { after: 0, limit: 10 })).entries.length, 1);
    await home.close();
    await assert.rejects(
      startDirectory({ data: join(folder, 'node'), listen: LOOPBACK, store }),
      code('store-moved', { where: level }),
    );
  });
});
