import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_LIMITS } from '../../src/directory/limits.js';
import { Uploads } from '../../src/directory/uploads/uploads.js';
import { openMemoryStore } from '../../src/store/memory/open.js';
import { DEPOSIT_BLOCK_BYTES } from '../../src/wire/limits.js';
import { UPLOAD_OVERHEAD } from '../../src/wire/uploads.js';
import { ManualClock } from '../support/clock.js';
import { seededRandom } from '../support/random.js';

const HOUR = 3_600_000;
const ANN = { user: 'Ann', folded: 'ann' };
const random = seededRandom('uploads');

async function directory(limits = {}) {
  const store = openMemoryStore();
  const clock = new ManualClock();
  const init = { store, clock, limits: { ...DEFAULT_LIMITS.uploads, ...limits } };
  const uploads = await Uploads.open(init);
  const group = random.bytes(16);
  const file = async (finish: boolean, size = 1_000) => {
    const id = { group, upload: random.bytes(16) };
    await uploads.begin(id, ANN, size);
    await uploads.put(id, 'ann', 0, random.bytes(size + UPLOAD_OVERHEAD));
    if (finish) await uploads.finish(id, 'ann');
    return id;
  };
  const blobs = async (): Promise<number> => {
    let count = 0;
    for await (const _blob of store.blobs('uploads').list()) count++;
    return count;
  };
  return { uploads, clock, group, file, blobs, again: () => Uploads.open(init) };
}

test('what was never finished goes first, what is whole when its time is over; their room is given back', async () => {
  const { uploads, clock, group, file, blobs } = await directory({ lifetimeMs: 30 * HOUR, unfinishedMs: 24 * HOUR });
  const [whole, unfinished] = [await file(true), await file(false)];
  const taken = uploads.usage.bytes;
  clock.advance(24 * HOUR - 1);
  await uploads.sweep();
  assert.deepEqual([await blobs(), uploads.usage.bytes], [2, taken]);
  clock.advance(1);
  await uploads.sweep();
  assert.deepEqual([await blobs(), uploads.usage.bytes], [1, taken / 2]);
  await assert.rejects(uploads.put(unfinished, 'ann', 0, random.bytes(1_000 + UPLOAD_OVERHEAD)), {
    code: 'upload-gone',
  });
  assert.equal((await uploads.list(group)).length, 1);
  clock.advance(6 * HOUR);
  // Over is over, whether or not it has been swept away.
  assert.deepEqual(await uploads.list(group), []);
  await assert.rejects(uploads.get(whole, 0), { code: 'upload-gone' });
  await uploads.sweep();
  assert.deepEqual([await blobs(), uploads.usage.bytes], [0, 0]);
});

test('what is taken back while it is looked whether it is whole is gone, and its room given back once', async () => {
  const { uploads, clock, blobs, again } = await directory({ lifetimeMs: HOUR });
  const id = { deposit: random.bytes(16) };
  const size = 8 * DEPOSIT_BLOCK_BYTES;
  await uploads.begin(id, ANN, size, { to: ['bob'] });
  for (let block = 0; block < 8; block++) {
    await uploads.put(id, 'ann', block, random.bytes(DEPOSIT_BLOCK_BYTES + UPLOAD_OVERHEAD));
  }
  const removed = uploads.remove(id, { folded: 'ann', any: false });
  await Promise.allSettled([uploads.finish(id, 'ann'), removed]);
  await assert.rejects(uploads.find(id, 'ann'), { code: 'upload-gone' });
  assert.deepEqual([await blobs(), uploads.usage.bytes, (await again()).usage.bytes], [0, 0, 0]);
  clock.advance(HOUR);
  await uploads.sweep();
  assert.equal(uploads.usage.bytes, 0);
});

test('going on with an unfinished file gives it its time again, and room that is given back can be taken', async () => {
  const { uploads, clock, file } = await directory({ unfinishedMs: 24 * HOUR, perAccount: 1_000 + UPLOAD_OVERHEAD });
  const id = await file(false);
  clock.advance(20 * HOUR);
  assert.deepEqual(await uploads.begin(id, ANN, 1_000), { have: 1, finished: false, expires: clock.now() + 24 * HOUR });
  clock.advance(20 * HOUR);
  await uploads.sweep();
  await assert.rejects(file(false), { code: 'upload-quota' });
  clock.advance(4 * HOUR);
  await uploads.sweep();
  await file(true);
});

test('what is over and not swept away yet is begun once more, with the blocks that are there', async () => {
  const { uploads, clock, file } = await directory({ lifetimeMs: HOUR });
  const id = await file(true);
  const taken = uploads.usage.bytes;
  clock.advance(HOUR);
  const { have, finished } = await uploads.begin(id, ANN, 1_000);
  assert.deepEqual([have, finished], [1, false]);
  assert.equal(await uploads.finish(id, 'ann'), clock.now() + HOUR);
  assert.equal(uploads.usage.bytes, taken);
});

test('at the start goes what is over, and blocks that a crash has left without their row', async () => {
  const { clock, group, file, blobs, again, uploads } = await directory({ lifetimeMs: HOUR });
  await file(true);
  await uploads.begin({ group, upload: random.bytes(16) }, ANN, 10);
  clock.advance(HOUR);
  const restarted = await again();
  assert.equal(await blobs(), 0);
  assert.deepEqual(await restarted.list(group), []);
  assert.equal(restarted.usage.bytes, 10 + UPLOAD_OVERHEAD, 'what is not over keeps its room');
});

test('P8 N13 nobody takes all the places for files that a group has', async () => {
  const { uploads, group } = await directory();
  const begin = (folded: string) => uploads.begin({ group, upload: random.bytes(16) }, { user: folded, folded }, 1);
  const fill = async (folded: string): Promise<number> => {
    for (let count = 0; ; count++) {
      try {
        await begin(folded);
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'uploads-share');
        return count;
      }
    }
  };
  const first = await fill('ann');
  assert.ok((await fill('ben')) >= Math.floor(first / 2) - 1);
  await begin('cat');
});
