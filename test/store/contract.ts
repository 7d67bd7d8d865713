import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { fromUtf8, utf8 } from '../../src/base/bytes.js';
import { hasCode } from '../../src/base/errors.js';
import { MAX_VALUE_BYTES, type Store } from '../../src/store/store.js';

export interface Subject {
  open(): Promise<Store>;
  /** Runs after each test, when the store is closed. */
  clean(): Promise<void>;
}

export const code =
  (expected: string, details: Readonly<Record<string, unknown>> = {}) =>
  (error: unknown): boolean => {
    assert.ok(hasCode(error, expected), `expected ${expected}, got ${error}`);
    assert.notEqual(error.hint, '', 'every failure names the next step');
    for (const [name, value] of Object.entries(details)) assert.equal(error.details[name], value, name);
    return true;
  };

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const text = (bytes: Uint8Array | undefined): string | undefined => bytes && fromUtf8(bytes);

/** What every implementation of Store must do. */
export function storeContract(name: string, makeSubject: () => Subject): void {
  describe(`${name} store`, () => {
    let subject: Subject;
    let store: Store;
    beforeEach(async () => {
      subject = makeSubject();
      store = await subject.open();
    });
    afterEach(async () => {
      await store.close();
      await subject.clean();
    });
    describe('records', () => recordsContract(() => store));
    describe('logs', () => logsContract(() => store));
    describe('blobs', () => blobsContract(() => store));
    describe('bus', () => busContract(() => store));

    it('refuses everything after close', async () => {
      const records = store.records('a');
      const log = store.logs('a').log('x');
      const blobs = store.blobs('a');
      await store.close();
      await store.close();
      const closed = code('store-closed');
      await assert.rejects(records.get('k'), closed);
      await assert.rejects(records.put('k', utf8('v')), closed);
      await assert.rejects(all(records.range()), closed);
      await assert.rejects(log.append(utf8('v')), closed);
      await assert.rejects(log.ends(), closed);
      await assert.rejects(all(log.read()), closed);
      await assert.rejects(log.trim(1), closed);
      await assert.rejects(log.delete(), closed);
      await assert.rejects(all(store.logs('a').names()), closed);
      await assert.rejects(blobs.put('k', [utf8('v')]), closed);
      await assert.rejects(blobs.get('k'), closed);
      await assert.rejects(blobs.delete('k'), closed);
      await assert.rejects(blobs.usage(), closed);
      assert.throws(() => store.bus.publish('a', utf8('v')), closed);
      await assert.rejects(
        store.bus.subscribe('a', () => {}),
        closed,
      );
    });
  });
}

function recordsContract(store: () => Store): void {
  it('gives back what was put, and nothing where nothing is', async () => {
    const records = store().records('a');
    assert.equal(await records.get('k'), undefined);
    const revision = await records.put('k', utf8('v'));
    assert.deepEqual(await records.get('k'), { value: utf8('v'), revision });
    await records.put('empty', new Uint8Array(0));
    assert.deepEqual((await records.get('empty'))?.value, new Uint8Array(0));
  });

  it('keeps its own copy of values', async () => {
    const records = store().records('a');
    const value = utf8('before');
    const stored = records.put('k', value);
    await stored;
    value.fill(0);
    (await records.get('k'))!.value.fill(0);
    assert.equal(text((await records.get('k'))!.value), 'before');
  });

  it('creates only what is not there', async () => {
    const records = store().records('a');
    await records.create('k', utf8('1'));
    await assert.rejects(records.create('k', utf8('2')), code('store-exists', { key: 'k' }));
    assert.equal(text((await records.get('k'))?.value), '1');
    await records.delete('k');
    await records.create('k', utf8('3'));
    assert.equal(text((await records.get('k'))?.value), '3');
  });

  it('replaces only the revision expected', async () => {
    const records = store().records('a');
    await assert.rejects(records.replace('k', utf8('0'), 1), code('store-conflict', { revision: 0 }));
    const first = await records.create('k', utf8('1'));
    const second = await records.replace('k', utf8('2'), first);
    await assert.rejects(records.replace('k', utf8('3'), first), code('store-conflict', { revision: second }));
    assert.deepEqual(await records.get('k'), { value: utf8('2'), revision: second });
  });

  it('never repeats a revision, also over a deletion', async () => {
    const records = store().records('a');
    const first = await records.create('k', utf8('1'));
    await records.delete('k', first);
    const second = await records.create('k', utf8('1'));
    assert.ok(second > first);
    await assert.rejects(records.replace('k', utf8('2'), first), code('store-conflict'));
  });

  it('deletes: anything without an expectation, only the revision expected with one', async () => {
    const records = store().records('a');
    await records.delete('nothing');
    await assert.rejects(records.delete('nothing', 1), code('store-conflict'));
    const revision = await records.put('k', utf8('1'));
    await assert.rejects(records.delete('k', revision + 1), code('store-conflict', { revision }));
    assert.notEqual(await records.get('k'), undefined);
    await records.delete('k', revision);
    assert.equal(await records.get('k'), undefined);
  });

  it('lets exactly one of many simultaneous creations win', async () => {
    const records = store().records('a');
    for (let round = 0; round < 20; round++) {
      const tries = Array.from({ length: 25 }, (_, index) => records.create(`name/${round}`, utf8(String(index))));
      const settled = await Promise.allSettled(tries);
      const won = settled.flatMap((result, index) => (result.status === 'fulfilled' ? [index] : []));
      assert.equal(won.length, 1);
      for (const result of settled) if (result.status === 'rejected') code('store-exists')(result.reason);
      assert.equal(text((await records.get(`name/${round}`))?.value), String(won[0]));
    }
  });

  it('loses no update among simultaneous compare-and-set loops', async () => {
    const records = store().records('a');
    await records.put('n', utf8('0'));
    const increment = async (): Promise<void> => {
      for (;;) {
        const { value, revision } = (await records.get('n'))!;
        try {
          await records.replace('n', utf8(String(Number(text(value)) + 1)), revision);
          return;
        } catch (error) {
          code('store-conflict')(error);
        }
      }
    };
    await Promise.all(Array.from({ length: 20 }, increment));
    assert.equal(text((await records.get('n'))?.value), '20');
  });

  it('applies writes to one key in the order issued', async () => {
    const records = store().records('a');
    await Promise.all(Array.from({ length: 50 }, (_, index) => records.put('k', utf8(String(index)))));
    assert.equal(text((await records.get('k'))?.value), '49');
    await Promise.all([records.delete('k'), records.create('k', utf8('x')), records.delete('k')]);
    assert.equal(await records.get('k'), undefined);
  });

  it('ranges in byte order, by prefix, bounds, limit and direction', async () => {
    const records = store().records('a');
    const keys = ['a', 'a/1', 'a/2', 'a/2/x', 'a-b', 'a0', 'b', 'B', '~', ' '];
    await Promise.all(keys.map((key) => records.put(key, utf8(key))));
    await store().records('a2').put('other', utf8('space'));
    const keysOf = async (options?: Parameters<typeof records.range>[0]) =>
      (await all(records.range(options))).map(({ key }) => key);
    const sorted = [' ', 'B', 'a', 'a-b', 'a/1', 'a/2', 'a/2/x', 'a0', 'b', '~'];
    assert.deepEqual(await keysOf(), sorted);
    assert.deepEqual(await keysOf({ reverse: true }), [...sorted].reverse());
    assert.deepEqual(await keysOf({ prefix: 'a/' }), ['a/1', 'a/2', 'a/2/x']);
    assert.deepEqual(await keysOf({ prefix: 'a/', from: 'a/2' }), ['a/2', 'a/2/x']);
    assert.deepEqual(await keysOf({ prefix: 'a/', to: 'a/2' }), ['a/1']);
    assert.deepEqual(await keysOf({ from: 'a0', to: 'b' }), ['a0']);
    assert.deepEqual(await keysOf({ from: 'b', to: 'a' }), []);
    assert.deepEqual(await keysOf({ limit: 2 }), [' ', 'B']);
    assert.deepEqual(await keysOf({ limit: 2, reverse: true }), ['~', 'b']);
    assert.deepEqual(await keysOf({ limit: 0 }), []);
    const [only] = await all(records.range({ prefix: 'a0' }));
    assert.deepEqual(only, { key: 'a0', ...(await records.get('a0'))! });
  });

  it('ranges over more than fits in one read, and lets the reader stop', async () => {
    const records = store().records('a');
    const keys = Array.from({ length: 700 }, (_, index) => `k${String(index).padStart(4, '0')}`);
    await Promise.all(keys.map((key) => records.put(key, new Uint8Array(3000))));
    assert.deepEqual(
      (await all(records.range())).map(({ key }) => key),
      keys,
    );
    assert.deepEqual(
      (await all(records.range({ reverse: true, limit: 600 }))).map(({ key }) => key),
      keys.slice(100).reverse(),
    );
    for await (const { key } of records.range()) {
      assert.equal(key, 'k0000');
      break;
    }
  });

  it('refuses unusable names and values that are too large, and takes the largest', async () => {
    const records = store().records('a');
    for (const key of ['', 'é', 'a\nb', 'a\0b', '\x7f', 'k'.repeat(401)]) {
      await assert.rejects(records.put(key, utf8('v')), code('store-key'), JSON.stringify(key));
      await assert.rejects(records.get(key), code('store-key'), JSON.stringify(key));
    }
    for (const space of ['', 'a/b', 'a b', 'x'.repeat(65)]) {
      assert.throws(() => store().records(space), code('store-key'));
      assert.throws(() => store().logs(space), code('store-key'));
      assert.throws(() => store().blobs(space), code('store-key'));
    }
    await assert.rejects(records.put('k', new Uint8Array(MAX_VALUE_BYTES + 1)), code('store-value-size'));
    await records.put('k'.repeat(400), new Uint8Array(MAX_VALUE_BYTES).fill(7));
    assert.equal((await records.get('k'.repeat(400)))?.value.length, MAX_VALUE_BYTES);
  });
}

function logsContract(store: () => Store): void {
  it('numbers entries from 0 and reads them back', async () => {
    const log = store().logs('a').log('x');
    assert.deepEqual(await log.ends(), { first: 0, next: 0 });
    assert.deepEqual(await all(log.read()), []);
    assert.equal(await log.append(utf8('zero')), 0);
    assert.equal(await log.append(utf8('one')), 1);
    assert.deepEqual(await log.ends(), { first: 0, next: 2 });
    assert.deepEqual(await all(log.read()), [
      { position: 0, value: utf8('zero') },
      { position: 1, value: utf8('one') },
    ]);
    assert.deepEqual(await all(log.read({ from: 1 })), [{ position: 1, value: utf8('one') }]);
    assert.deepEqual(await all(log.read({ limit: 1 })), [{ position: 0, value: utf8('zero') }]);
    assert.deepEqual(await all(log.read({ limit: 0 })), []);
    assert.deepEqual(await all(log.read({ from: 2 })), []);
    assert.deepEqual(await all(log.read({ from: 99 })), []);
  });

  it('appends at the expected position only, and tells the actual one', async () => {
    const log = store().logs('a').log('x');
    await assert.rejects(log.append(utf8('0'), { expect: 1 }), code('store-conflict', { position: 0 }));
    assert.equal(await log.append(utf8('0'), { expect: 0 }), 0);
    await assert.rejects(log.append(utf8('0'), { expect: 0 }), code('store-conflict', { position: 1 }));
    assert.deepEqual(await log.ends(), { first: 0, next: 1 });
  });

  it('lets one appender win each position', async () => {
    const log = store().logs('a').log('x');
    for (let position = 0; position < 20; position++) {
      const tries = Array.from({ length: 10 }, (_, index) => log.append(utf8(String(index)), { expect: position }));
      const settled = await Promise.allSettled(tries);
      assert.equal(settled.filter(({ status }) => status === 'fulfilled').length, 1);
    }
    assert.deepEqual(await log.ends(), { first: 0, next: 20 });
  });

  it('gives simultaneous appends positions in the order issued', async () => {
    const log = store().logs('a').log('x');
    const values = Array.from({ length: 300 }, (_, index) => utf8(String(index)));
    const positions = await Promise.all(values.map((value) => log.append(value)));
    assert.deepEqual(positions, [...values.keys()]);
    assert.deepEqual(
      (await all(log.read())).map(({ value }) => value),
      values,
    );
  });

  it('appends many together', async () => {
    const log = store().logs('a').log('x');
    await log.append(utf8('a'));
    assert.equal(await log.appendMany([utf8('b'), utf8('c')]), 1);
    await assert.rejects(
      log.appendMany([utf8('d'), utf8('e')], { expect: 1 }),
      code('store-conflict', { position: 3 }),
    );
    assert.equal(await log.appendMany([utf8('d'), utf8('e')], { expect: 3 }), 3);
    assert.equal((await all(log.read())).map(({ value }) => text(value)).join(''), 'abcde');
    await assert.rejects(log.appendMany([]), code('store-key'));
    const half = new Uint8Array(MAX_VALUE_BYTES / 2 + 1);
    await assert.rejects(log.appendMany([half, half]), code('store-value-size'));
  });

  it('keeps logs apart, also where one name begins another', async () => {
    const logs = store().logs('a');
    const names = ['x', 'x/1', 'x-', 'xx', 'X'];
    await Promise.all(names.map((name) => logs.log(name).append(utf8(name))));
    for (const name of names) assert.deepEqual(await all(logs.log(name).read()), [{ position: 0, value: utf8(name) }]);
    assert.deepEqual(await all(logs.names()), ['X', 'x', 'x-', 'x/1', 'xx']);
    assert.deepEqual(await all(logs.names({ prefix: 'x/' })), ['x/1']);
    assert.deepEqual(await all(store().logs('b').names()), []);
  });

  it('trims, keeping positions', async () => {
    const log = store().logs('a').log('x');
    await log.trim(5);
    for (let index = 0; index < 5; index++) await log.append(utf8(String(index)));
    await log.trim(2);
    assert.deepEqual(await log.ends(), { first: 2, next: 5 });
    await log.trim(1);
    assert.deepEqual(
      (await all(log.read())).map(({ position }) => position),
      [2, 3, 4],
    );
    assert.deepEqual(
      (await all(log.read({ from: 0, limit: 1 }))).map(({ position }) => position),
      [2],
    );
    await log.trim(99);
    assert.deepEqual(await log.ends(), { first: 5, next: 5 });
    assert.deepEqual(await all(log.read()), []);
    assert.equal(await log.append(utf8('5'), { expect: 5 }), 5);
    assert.deepEqual(await all(log.read()), [{ position: 5, value: utf8('5') }]);
  });

  it('trims more than fits in one write', async () => {
    const log = store().logs('a').log('x');
    await log.appendMany(Array.from({ length: 3000 }, (_, index) => utf8(String(index))));
    await log.trim(2999);
    assert.deepEqual(await all(log.read()), [{ position: 2999, value: utf8('2999') }]);
  });

  it('goes on while it is read', async () => {
    const log = store().logs('a').log('x');
    await log.appendMany(Array.from({ length: 600 }, (_, index) => utf8(String(index))));
    const seen: number[] = [];
    for await (const { position } of log.read()) {
      seen.push(position);
      if (position === 10) await log.trim(500);
      if (position === 599) await log.append(utf8('600'));
    }
    assert.deepEqual(
      seen.filter((position) => position >= 500),
      [...Array(101).keys()].map((index) => index + 500),
    );
    assert.deepEqual(
      [...seen].sort((a, b) => a - b),
      seen,
    );
  });

  it('deletes a log and starts it again', async () => {
    const logs = store().logs('a');
    const log = logs.log('x');
    await log.delete();
    await log.appendMany(Array.from({ length: 10 }, (_, index) => utf8(String(index))));
    await log.delete();
    assert.deepEqual(await log.ends(), { first: 0, next: 0 });
    assert.deepEqual(await all(log.read()), []);
    assert.deepEqual(await all(logs.names()), []);
    assert.equal(await log.append(utf8('again'), { expect: 0 }), 0);
    assert.deepEqual(await all(log.read()), [{ position: 0, value: utf8('again') }]);
  });
}

function blobsContract(store: () => Store): void {
  const read = async (key: string, range?: { start?: number; end?: number }): Promise<Uint8Array | undefined> => {
    const blob = await store().blobs('a').get(key, range);
    return blob && new Uint8Array(Buffer.concat(await all(blob.content)));
  };
  async function* stream(bytes: Uint8Array, step: number): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
  }
  const pattern = (size: number) => new Uint8Array(size).map((_, index) => (index * 31) ^ (index >> 8));

  it('streams in and out, whole and in parts', async () => {
    const blobs = store().blobs('a');
    for (const size of [0, 1, 65_535, 65_536, 65_537, 200_000]) {
      const bytes = pattern(size);
      assert.deepEqual(await blobs.put('k', stream(bytes, 50_001)), { size });
      assert.deepEqual(await blobs.stat('k'), { size });
      assert.deepEqual(await read('k'), bytes);
      for (const [start, end] of [
        [0, 1],
        [65_530, 65_540],
        [100_000, 200_000],
        [199_999, 300_000],
        [5, 5],
        [9, 3],
      ] as const) {
        assert.deepEqual(
          await read('k', { start, end }),
          bytes.slice(start, Math.max(start, end)),
          `${size}: ${start}-${end}`,
        );
      }
    }
  });

  it('knows nothing of what is not there', async () => {
    const blobs = store().blobs('a');
    assert.equal(await blobs.get('k'), undefined);
    assert.equal(await blobs.stat('k'), undefined);
    await blobs.delete('k');
    await assert.rejects(blobs.put('', []), code('store-key'));
  });

  it('replaces and deletes', async () => {
    const blobs = store().blobs('a');
    await blobs.put('k', [utf8('old')]);
    await blobs.put('k', [utf8('n'), utf8('ew')]);
    assert.deepEqual(await read('k'), utf8('new'));
    assert.deepEqual(await blobs.usage(), { blobs: 1, bytes: 3 });
    await blobs.delete('k');
    assert.equal(await read('k'), undefined);
    assert.deepEqual(await blobs.usage(), { blobs: 0, bytes: 0 });
  });

  it('shows nothing of a stream that breaks off, and keeps what was there', async () => {
    const blobs = store().blobs('a', { quota: 200_000 });
    await blobs.put('k', [utf8('old')]);
    const broken = (async function* () {
      yield pattern(150_000);
      throw new Error('connection lost');
    })();
    await assert.rejects(blobs.put('k', broken), /connection lost/);
    assert.deepEqual(await read('k'), utf8('old'));
    assert.deepEqual(await blobs.usage(), { blobs: 1, bytes: 3 });
    await blobs.put('k', [pattern(150_000)]);
  });

  it('holds the cap of one blob and the quota of the space', async () => {
    const blobs = store().blobs('a', { quota: 100 });
    await assert.rejects(blobs.put('k', [pattern(11)], { maxBytes: 10 }), code('store-quota', { limit: 10 }));
    await blobs.put('k', [pattern(10)], { maxBytes: 10 });
    await assert.rejects(blobs.put('l', [pattern(60), pattern(31)]), code('store-quota', { limit: 100 }));
    await blobs.put('l', [pattern(90)]);
    await assert.rejects(blobs.put('m', [pattern(1)]), code('store-quota'));
    await blobs.delete('k');
    await blobs.put('m', [pattern(10)]);
    assert.deepEqual(await blobs.usage(), { blobs: 2, bytes: 100 });
  });

  it('counts what is being written', async () => {
    const blobs = store().blobs('a', { quota: 100 });
    const tries = await Promise.allSettled(['k', 'l', 'm'].map((key) => blobs.put(key, [pattern(40), pattern(1)])));
    assert.equal(tries.filter(({ status }) => status === 'fulfilled').length, 2);
  });

  it('lists by prefix, and keeps spaces apart', async () => {
    const blobs = store().blobs('a');
    for (const key of ['b/2', 'b/1', 'a', 'c']) await blobs.put(key, [utf8(key)]);
    await store()
      .blobs('b')
      .put('other', [utf8('x')]);
    assert.deepEqual(await all(blobs.list({ prefix: 'b/' })), [
      { key: 'b/1', size: 3 },
      { key: 'b/2', size: 3 },
    ]);
    assert.deepEqual(
      (await all(blobs.list())).map(({ key }) => key),
      ['a', 'b/1', 'b/2', 'c'],
    );
  });

  it('leaves one whole winner of simultaneous puts', async () => {
    const blobs = store().blobs('a');
    await Promise.all(Array.from({ length: 8 }, (_, index) => blobs.put('k', [new Uint8Array(100_000).fill(index)])));
    const winner = (await read('k'))!;
    assert.deepEqual(winner, new Uint8Array(100_000).fill(winner[0]!));
    assert.deepEqual(await blobs.usage(), { blobs: 1, bytes: 100_000 });
  });
}

function busContract(store: () => Store): void {
  const settle = () => new Promise((resolve) => setImmediate(resolve));

  it('delivers to those who listen, in order, until they stop', async () => {
    const heard: string[] = [];
    const stop = await store().bus.subscribe('room/1', (message, subject) => heard.push(`${subject}:${text(message)}`));
    store().bus.publish('room/1', utf8('a'));
    store().bus.publish('room/1', utf8('b'));
    store().bus.publish('room/2', utf8('c'));
    store().bus.publish('room/1/x', utf8('d'));
    assert.deepEqual(heard, [], 'handlers run later');
    await settle();
    stop();
    store().bus.publish('room/1', utf8('e'));
    await settle();
    assert.deepEqual(heard, ['room/1:a', 'room/1:b']);
  });

  it('delivers everything below a prefix', async () => {
    const heard: string[] = [];
    await store().bus.subscribe('room/*', (_, subject) => heard.push(subject));
    for (const subject of ['room', 'room/1', 'room/1/x', 'rooms/1']) store().bus.publish(subject, utf8(''));
    await settle();
    assert.deepEqual(heard, ['room/1', 'room/1/x']);
  });

  it('survives a handler that throws', async () => {
    const heard: string[] = [];
    await store().bus.subscribe('a', () => {
      throw new Error('broken handler');
    });
    await store().bus.subscribe('a', (message) => heard.push(text(message)!));
    store().bus.publish('a', utf8('x'));
    await settle();
    assert.deepEqual(heard, ['x']);
  });
}
