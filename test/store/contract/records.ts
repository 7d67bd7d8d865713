import assert from 'node:assert/strict';
import { it } from 'node:test';
import { utf8 } from '../../../src/base/bytes.js';
import { MAX_VALUE_BYTES, type Store } from '../../../src/store/store.js';
import { all, code, text } from '../support.js';

export function recordsContract(store: () => Store): void {
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
    await Promise.all([records.create('new', utf8('x')), records.put('new', utf8('y')), records.put('new', utf8('z'))]);
    assert.equal(text((await records.get('new'))?.value), 'z');
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
