import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { systemRandom } from '../../../src/base/random.js';
import type { TransferEvent } from '../../../src/peer/api/events.js';
import { Town, watch } from '../../support/town.js';
import { event } from '../../support/watching.js';

const town = await Town.build();
after(() => town.close());

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function file(name: string, bytes: number): { path: string; sum: string } {
  const path = join(town.home('files'), name);
  mkdirSync(join(path, '..'), { recursive: true });
  const content = systemRandom.bytes(bytes);
  writeFileSync(path, content);
  return { path, sum: sha256(content) };
}

/** The first event of that transfer in that state. */
const state = (
  watched: ReturnType<typeof watch>,
  wanted: TransferEvent['state'],
  id?: string,
): Promise<TransferEvent> =>
  event(watched, 'transfer', (one) => one.state === wanted && (id === undefined || one.id === id));

test('a file is offered with its name, size and type, accepted, and arrives as it was', async () => {
  const [ada, bob] = [await town.settle('ada'), await town.settle('bob')];
  const [atAda, atBob] = [watch(ada), watch(bob)];
  const { path, sum } = file('holiday.jpg', 3_000_001);
  const [offered] = await ada.files.offer('bob', [path]);
  assert.equal(offered!.state, 'offered');
  const seen = await state(atBob, 'offered');
  assert.deepEqual(
    [seen.direction, seen.peer, seen.conversation, seen.size, seen.files],
    ['in', 'ada', '@ada', 3_000_001, [{ name: 'holiday.jpg', size: 3_000_001, type: 'image/jpeg' }]],
  );
  assert.equal(seen.id, offered!.id);
  const folder = join(town.home('bob'), 'here');
  await bob.files.accept(undefined, folder);
  const done = await state(atBob, 'done');
  assert.deepEqual(done.files, [
    { name: 'holiday.jpg', size: 3_000_001, type: 'image/jpeg', sha256: sum, path: join(folder, 'holiday.jpg') },
  ]);
  assert.equal(sha256(readFileSync(join(folder, 'holiday.jpg'))), sum);
  assert.deepEqual(readdirSync(folder), ['holiday.jpg']);
  const sent = await state(atAda, 'done');
  assert.deepEqual([sent.bytes, sent.path, sent.files[0]!.sha256], [3_000_001, 'direct', sum]);
  await Promise.all([ada.close(), bob.close()]);
});
