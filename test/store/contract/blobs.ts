import assert from 'node:assert/strict';
import { it } from 'node:test';
import { utf8 } from '../../../src/base/bytes.js';
import type { Store } from '../../../src/store/store.js';
import { all, code } from '../support.js';

export function blobsContract(store: () => Store): void {
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
