import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '../../src/base/bytes.js';
import { type Code, Failure, hasCode } from '../../src/base/errors.js';
import { DirectConversations } from '../../src/directory/delivery/direct.js';
import { GroupLogs } from '../../src/directory/delivery/group-logs.js';
import { KeyPackages } from '../../src/directory/delivery/key-packages.js';
import { Mailboxes } from '../../src/directory/delivery/mailboxes.js';
import { PushQueue } from '../../src/directory/delivery/push-queue.js';
import { openTables } from '../../src/directory/rows.js';
import { openMemoryStore } from '../../src/store/memory/open.js';
import type { Log, Store } from '../../src/store/store.js';
import type { MailboxEntry } from '../../src/wire/directory.js';
import { DIRECT_LEAP, KEY_PACKAGE_LIFETIME_MS, KEY_PACKAGES_KEPT } from '../../src/wire/limits.js';
import { ManualClock } from '../support/clock.js';
import { seededRandom } from '../support/random.js';

const random = seededRandom('delivery');
const from = { user: 'alice', device: 'aaaaaaaaaaaaaaaa' };
const BOB = 'bbbbbbbbbbbbbbbb';
const parcel = (id = random.bytes(16), sealed = utf8('sealed')) => ({ user: 'bob', device: BOB, id, sealed });

function mailboxes(store: Store = openMemoryStore(), quota?: { entries: number; bytes: number }) {
  const stored: MailboxEntry[] = [];
  const boxes = new Mailboxes({
    store,
    clock: new ManualClock(),
    onStored: (_folded, _device, entries) => stored.push(...entries),
    ...(quota && { quota }),
  });
  const all = async (after = 0) => (await boxes.read('bob', BOB, after, 100, 1 << 20)).entries;
  return { boxes, stored, all };
}

test('S8 the same message again is stored once, at the same time and later, after a restart too', async () => {
  const store = openMemoryStore();
  const { boxes, stored, all } = mailboxes(store);
  const one = parcel();
  await Promise.all([boxes.put(from, [one]), boxes.put(from, [one, one]), boxes.put(from, [one])]);
  await boxes.put(from, [one]);
  assert.deepEqual(
    stored.map(({ position }) => position),
    [1],
  );
  await mailboxes(store).boxes.put(from, [one]);
  assert.equal((await all()).length, 1);
  await boxes.put({ ...from, device: 'cccccccccccccccc' }, [one]);
  assert.equal((await all()).length, 2, "another sender's message of the same id is another message");
});

test('a message that is sealed again under its id is stored: its receiver could not open the first', async () => {
  const { boxes, all } = mailboxes();
  const one = parcel();
  await boxes.put(from, [one]);
  await boxes.put(from, [{ ...one, sealed: utf8('sealed anew') }]);
  assert.equal((await all()).length, 2);
});

test('S8 a message that was fetched already is not stored again', async () => {
  const { boxes, all } = mailboxes();
  const one = parcel();
  await boxes.put(from, [one]);
  await boxes.ack('bob', BOB, 1);
  await boxes.put(from, [one]);
  assert.deepEqual(await all(), []);
});

test('messages put without waiting are stored in order, and positions go on after what was acknowledged', async () => {
  const { boxes, stored, all } = mailboxes();
  const sent = Array.from({ length: 20 }, () => parcel());
  await Promise.all(sent.map((one) => boxes.put(from, [one])));
  assert.deepEqual(
    (await all()).map(({ id }) => id),
    sent.map(({ id }) => id),
  );
  assert.deepEqual(
    stored.map(({ position }) => position),
    sent.map((_, index) => index + 1),
  );
  await boxes.ack('bob', BOB, 15);
  assert.deepEqual(
    (await all()).map(({ position }) => position),
    [16, 17, 18, 19, 20],
  );
  await boxes.ack('bob', BOB, 1_000);
  await boxes.put(from, [parcel()]);
  assert.deepEqual(
    (await all()).map(({ position }) => position),
    [21],
  );
});

test('a full mailbox refuses with the limit, and takes again when something was fetched', async () => {
  for (const quota of [
    { entries: 3, bytes: 1 << 20 },
    { entries: 100, bytes: 600 },
  ]) {
    const { boxes, all } = mailboxes(openMemoryStore(), quota);
    // By another device of the same account, which shares with nobody.
    const put = () => boxes.put({ ...from, user: 'bob' }, [parcel(random.bytes(16), new Uint8Array(80))]);
    let refused: unknown;
    for (let i = 0; i < 10 && refused === undefined; i++)
      refused = await put().then(
        () => undefined,
        (error) => error,
      );
    assert.ok(refused instanceof Failure && refused.code === 'mailbox-full' && refused.reason === 'limit');
    const full = (await all()).length;
    await boxes.ack('bob', BOB, 1);
    await put();
    assert.equal((await all()).length, full);
  }
});

test('a page ends at its size, and says that there is more', async () => {
  const { boxes } = mailboxes();
  for (let i = 0; i < 4; i++) await boxes.put(from, [parcel(random.bytes(16), new Uint8Array(1000))]);
  const page = await boxes.read('bob', BOB, 0, 100, 2_500);
  assert.deepEqual([page.entries.length, page.more], [2, true]);
  const one = await boxes.read('bob', BOB, 0, 100, 10);
  assert.deepEqual([one.entries.length, one.more], [1, true], 'at least one');
});

/** A store whose mailbox writes fail while `broken` says so. */
function failingStore(broken: () => boolean): Store {
  const store = openMemoryStore();
  const failing = (log: Log): Log => ({
    ...log,
    appendMany: (values, options) =>
      broken() ? Promise.reject(new Failure('disk-full', 'full')) : log.appendMany(values, options),
  });
  return {
    ...store,
    records: (space) => store.records(space),
    blobs: (space) => store.blobs(space),
    bus: store.bus,
    close: () => store.close(),
    logs: (space) => ({ ...store.logs(space), log: (name) => failing(store.logs(space).log(name)) }),
  };
}

test('S3 a full disk fails the write that met it, keeps what was acknowledged, and goes on when there is room', async () => {
  let full = false;
  const { boxes, all } = mailboxes(failingStore(() => full));
  const [one, two, three] = [parcel(), parcel(), parcel()];
  await boxes.put(from, [one]);
  full = true;
  const refused = await Promise.allSettled([boxes.put(from, [two]), boxes.put(from, [three])]);
  assert.ok(refused.every((result) => result.status === 'rejected' && hasCode(result.reason, 'disk-full')));
  full = false;
  await boxes.put(from, [two]);
  await boxes.put(from, [three]);
  assert.deepEqual(
    (await all()).map(({ id }) => id),
    [one.id, two.id, three.id],
  );
});

test('M8 each key package is given out once, however many ask at once, and not again when it is published again', async () => {
  const tables = openTables(openMemoryStore());
  const packages = new KeyPackages(tables, new ManualClock());
  const published = Array.from({ length: 8 }, (_, index) => utf8(`package ${index}`));
  assert.equal(await packages.publish('bob', BOB, published), 8);
  const claimed = (await Promise.all(Array.from({ length: 20 }, () => packages.claim('bob', BOB)))).filter(
    (one) => one !== undefined,
  );
  assert.equal(claimed.length, 8);
  assert.equal(new Set(claimed.map((one) => Buffer.from(one).toString())).size, 8);
  assert.equal(await packages.publish('bob', BOB, published), 0, 'its answer was lost, and it is repeated');
  assert.equal(await packages.claim('bob', BOB), undefined, 'exhausted');
});

test('M8 an expired key package is not given out, and no more are kept than agreed', async () => {
  const clock = new ManualClock();
  const tables = openTables(openMemoryStore());
  const packages = new KeyPackages(tables, clock);
  await packages.publish('bob', BOB, [utf8('old')]);
  clock.advance(KEY_PACKAGE_LIFETIME_MS);
  assert.equal(await packages.count('bob', BOB), 0);
  assert.equal(await packages.claim('bob', BOB), undefined);
  const many = Array.from({ length: KEY_PACKAGES_KEPT + 10 }, (_, index) => utf8(`new ${index}`));
  assert.equal(await packages.publish('bob', BOB, many), KEY_PACKAGES_KEPT);
  clock.advance(3 * KEY_PACKAGE_LIFETIME_MS);
  await packages.sweep(async () => BOB);
  for await (const { key } of tables.usedKeyPackages.range()) assert.fail(key);
  for await (const { key } of tables.keyPackages.range()) assert.fail(key);
});

function groups() {
  const store = openMemoryStore();
  const tables = openTables(store);
  const logs = new GroupLogs(tables, store);
  return { logs, direct: new DirectConversations(tables, logs) };
}

test('one device makes the next group of a conversation; the same again is no error', async () => {
  const { direct, logs } = groups();
  const tries = Array.from({ length: 10 }, (_, index) => ({
    by: index % 2 ? 'bob' : 'alice',
    group: random.bytes(16),
  }));
  const results = await Promise.allSettled(
    tries.map(({ by, group }) => direct.create(by, by === 'bob' ? 'alice' : 'bob', { number: 1, group })),
  );
  const winners = tries.filter((_, index) => results[index]!.status === 'fulfilled');
  assert.equal(winners.length, 1);
  const { group } = winners[0]!;
  assert.deepEqual(await direct.get('alice', 'bob'), { number: 1, group });
  await direct.create('bob', 'alice', { number: 1, group });
  await assert.rejects(
    direct.create('alice', 'bob', { number: 2 + DIRECT_LEAP, group: random.bytes(16) }),
    (error: unknown) => hasCode(error, 'direct-taken'),
  );
  // Where the directory has lost some, the next one is not the next number.
  const beyond = { number: 1 + DIRECT_LEAP, group: random.bytes(16) };
  await direct.create('alice', 'bob', beyond);
  assert.deepEqual(await direct.get('alice', 'bob'), beyond);
  await assert.rejects(direct.create('alice', 'eve', { number: 1, group }), (error: unknown) =>
    hasCode(error, 'group-taken'),
  );
  await assert.rejects(logs.membersFor('eve', group), (error: unknown) => hasCode(error, 'group-unknown'));
});

test('one commit ends each epoch, and the log is read from any of them', async () => {
  const { logs } = groups();
  const group = random.bytes(16);
  const entry = (epoch: number, text: string) => ({ epoch, commit: utf8(text), from });
  const coded = (code: Code) => (error: unknown) => hasCode(error, code);
  await assert.rejects(logs.append(group, entry(2, 'too far')), coded('epoch-ahead'));
  const first = await Promise.allSettled(['a', 'b', 'c'].map((text) => logs.append(group, entry(1, text))));
  assert.equal(first.filter((result) => result.status === 'fulfilled').length, 1);
  const { commits } = await logs.read(group, 0, 10, 1 << 20);
  assert.equal(await logs.append(group, commits[0]!), false, 'the same again');
  await assert.rejects(logs.append(group, entry(1, 'other')), coded('epoch-taken'));
  await assert.rejects(logs.append(group, entry(0, 'other')), coded('epoch-taken'));
  await assert.rejects(logs.append(group, entry(3, 'other')), coded('epoch-ahead'));
  for (let epoch = 2; epoch < 6; epoch++) assert.equal(await logs.append(group, entry(epoch, `c${epoch}`)), true);
  const page = await logs.read(group, 3, 2, 1 << 20);
  assert.deepEqual([page.commits.map(({ epoch }) => epoch), page.more], [[3, 4], true]);
  assert.deepEqual((await logs.read(group, 6, 10, 1 << 20)).commits, []);
});

test('a slow reader gets what it missed from the log, in order and once', async () => {
  let room = true;
  const log: MailboxEntry[] = [];
  const got: number[] = [];
  const queue = new PushQueue({
    hasRoom: () => room,
    send: ({ position }) => got.push(position),
    read: async (after) => ({
      entries: log.filter(({ position }) => position > after).slice(0, 3),
      more: log.length > after + 3,
    }),
    onError: (error) => assert.fail(String(error)),
  });
  const arrive = () => {
    const entry = { position: log.length + 1, from, id: random.bytes(16), sealed: utf8('x'), storedAt: 0 };
    log.push(entry);
    queue.push([entry]);
  };
  for (let i = 0; i < 3; i++) arrive();
  room = false;
  for (let i = 0; i < 10; i++) arrive();
  assert.deepEqual(got, [1, 2, 3]);
  room = true;
  queue.drained();
  arrive();
  await new Promise((resolve) => setImmediate(resolve));
  arrive();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(
    got,
    log.map(({ position }) => position),
  );
});

test('entries that arrive out of order are pushed in order', async () => {
  const log = [1, 2, 3, 4].map((position) => ({
    position,
    from,
    id: random.bytes(16),
    sealed: utf8('x'),
    storedAt: 0,
  }));
  const got: number[] = [];
  const queue = new PushQueue({
    hasRoom: () => true,
    send: ({ position }) => got.push(position),
    read: async (after) => ({ entries: log.filter(({ position }) => position > after), more: false }),
    onError: (error) => assert.fail(String(error)),
  });
  for (const index of [0, 2, 1, 3]) queue.push([log[index]!]);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(got, [1, 2, 3, 4]);
});
