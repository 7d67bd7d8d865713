import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { hex, utf8 } from '../../src/base/bytes.js';
import { systemRandom } from '../../src/base/random.js';
import { type Directory, startDirectory } from '../../src/directory/directory.js';
import { backUp } from '../../src/directory/moving/backup.js';
import { check, migrate, restore } from '../../src/directory/moving/move.js';
import { openPlace } from '../../src/directory/moving/place.js';
import { WatchedStore } from '../../src/directory/moving/watched-store.js';
import { openMemoryStore } from '../../src/store/memory/open.js';
import type { Store } from '../../src/store/store.js';
import { all, code, text } from '../store/support.js';
import { ManualClock } from '../support/clock.js';
import { afterwards, temporaryFolder } from '../support/directory.js';
import { register, signIn, type TestPeer } from '../support/directory-client.js';
import { NatsServers, withoutNats } from '../support/nats.js';

const LOOPBACK = { host: '127.0.0.1', port: 0 };
const storeKey = 'a key of more than sixteen characters';

const ROWS = 200;
const rowKey = (index: number): string => `row${String(index).padStart(4, '0')}`;

/**
 * Writes a number into one row after the other, each when the one before is acknowledged, then into a log and a blob, and so on
 * with the next number: at any moment none is ahead of the one before it, nor is the last behind the first by more than one.
 */
async function countInto(store: Store, until: AbortSignal): Promise<void> {
  for (let count = 1; !until.aborted; count++) {
    const value = utf8(String(count));
    for (let index = 0; index < ROWS; index++) {
      await store.records('a').put(rowKey(index), value);
      if (index % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await store.logs('b').log('counts').append(value);
    await store.blobs('c').put('count', [value]);
  }
}

async function readCounts(store: Store): Promise<number[]> {
  const rows = await all(store.records('a').range());
  const blob = await all((await store.blobs('c').get('count'))!.content);
  const { next } = await store.logs('b').log('counts').ends();
  return [...rows.map(({ value }) => Number(text(value))), next, Number(text(blob[0]))];
}

test('a backup is of one moment, though everything is written on meanwhile', async (t) => {
  const folder = await temporaryFolder(t);
  const store = new WatchedStore(openMemoryStore());
  const end = new AbortController();
  const counting = countInto(store, end.signal);
  const to = join(folder, 'backup');
  const secrets = JSON.stringify({ some: 'secrets' });
  let before = 0;
  for (let round = 0; round < 3; round++) {
    const { records } = await backUp({ store, clock: new ManualClock(), secrets, where: 'memory', to });
    assert.equal(records, ROWS);
    const place = await openPlace(`level:${to}`, {}, true);
    const counts = await readCounts(place.store);
    assert.equal(await place.secrets(), secrets);
    await place.close();
    assert.ok(counts.at(-1)! > before, 'it was counted on');
    before = counts.at(-1)!;
    assert.deepEqual(
      counts,
      counts.toSorted((a, b) => b - a),
    );
    assert.ok(counts[0]! - counts.at(-1)! <= 1, `one moment: ${counts}`);
  }
  end.abort();
  await counting;
});

test('writes that wait for a backup keep their order, and none overtakes them', async () => {
  const store = new WatchedStore(openMemoryStore());
  const log = store.logs('l').log('x');
  const writes: Promise<unknown>[] = [];
  const add = (value: string): void => void writes.push(log.append(utf8(value)));
  add('0');
  await store.hold(async () => {
    assert.equal((await log.ends()).next, 1, 'what was begun is done');
    add('1');
    add('2');
    await Promise.resolve();
    assert.equal((await log.ends()).next, 1, 'nothing is written');
  });
  add('3');
  await Promise.resolve().then(() => add('4'));
  await Promise.all(writes);
  add('5');
  await Promise.all(writes);
  const said = await all(log.read());
  assert.deepEqual(
    said.map(({ value }) => text(value)),
    ['0', '1', '2', '3', '4', '5'],
  );
});

async function lettersTo(directory: Directory, account: TestPeer, ...letters: string[]): Promise<void> {
  const client = await signIn(directory.link, account);
  const parcels = letters.map((letter) => ({
    ...{ user: account.user, device: account.device },
    ...{ id: systemRandom.bytes(16), sealed: utf8(letter) },
  }));
  await client.request('mailbox.put', { parcels });
  await client.close();
}

async function lettersOf(directory: Directory, account: TestPeer): Promise<(string | undefined)[]> {
  const client = await signIn(directory.link, account);
  const { entries } = await client.request('mailbox.read', { after: 0, limit: 10 });
  await client.close();
  return entries.map(({ sealed }) => text(sealed));
}

test('a backup put back is the same directory in a new life; what is not as it was made is refused', async (t) => {
  const folder = await temporaryFolder(t);
  const [data, backup, other] = ['data', 'backup', 'other'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const running = await startDirectory({ data, listen: LOOPBACK });
  const alice = await register(running.link, 'alice', { invite: running.ownerInvite! });
  await lettersTo(running, alice, 'one');
  await running.site.backUp(backup);
  await lettersTo(running, alice, 'two');
  await running.site.backUp(backup);
  await lettersTo(running, alice, 'lost');
  await assert.rejects(running.site.backUp(data), code('directory-running'));
  const life = hex(running.site.core.incarnation.id);
  await running.close();

  assert.deepEqual((await check(`level:${backup}`, {})).problems, []);
  await assert.rejects(startDirectory({ data: backup, listen: LOOPBACK }), code('store-backup'));
  await assert.rejects(restore({ from: backup, to: `level:${data}` }), code('store-not-empty'));
  const { at } = await restore({ from: backup, to: `level:${other}` });
  await assert.rejects(
    migrate({ from: `level:${other}`, to: `level:${join(folder, 'elsewhere')}` }),
    /It was put back from .*, and not started since/,
  );
  assert.ok(at! > 0);
  const again = await startDirectory({ data: other, listen: LOOPBACK });
  assert.notEqual(hex(again.site.core.incarnation.id), life, 'devices are told');
  assert.deepEqual(await lettersOf(again, alice), ['one', 'two']);
  const secondLife = hex(again.site.core.incarnation.id);
  await again.close();
  const later = await startDirectory({ data: other, listen: LOOPBACK });
  assert.equal(hex(later.site.core.incarnation.id), secondLife, 'once');
  await later.close();

  const place = await openPlace(`level:${backup}`, {}, true);
  await place.store.records('strange').put('k', utf8('of somebody else'));
  await place.close();
  const third = join(folder, 'third');
  await assert.rejects(restore({ from: backup, to: `level:${third}` }), code('backup-changed'));
  await assert.rejects(startDirectory({ data: third, listen: LOOPBACK }), code('store-incomplete'));
});

describe('a directory in NATS', { skip: withoutNats }, () => {
  test('is backed up while it runs, and put back under another name or into the embedded store', async (t) => {
    const folder = await temporaryFolder(t);
    const servers = await NatsServers.start(1);
    afterwards(t, () => servers.stop());
    const backup = join(folder, 'backup');
    const shared = (name: string) => ({
      data: join(folder, 'node'),
      listen: LOOPBACK,
      store: { servers: servers.addresses, name, passphrase: storeKey },
    });
    const running = await startDirectory(shared('one'));
    const alice = await register(running.link, 'alice', { invite: running.ownerInvite! });
    await lettersTo(running, alice, 'one');
    await running.site.backUp(backup);
    await lettersTo(running, alice, 'lost');
    await running.close();
    await restore({ from: backup, to: `nats://${servers.addresses.join()}?name=two`, storeKey });
    await restore({ from: backup, to: `level:${join(folder, 'data')}` });
    for (const options of [shared('two'), { data: join(folder, 'data'), listen: LOOPBACK }]) {
      const directory = await startDirectory(options);
      assert.deepEqual(await lettersOf(directory, alice), ['one']);
      await directory.close();
    }
  });
});
