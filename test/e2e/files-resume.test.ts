import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { systemRandom } from '../../src/base/random.js';
import type { Said } from '../support/processes.js';
import { Stage } from '../support/stage.js';

const stage = await new Stage().open();
after(() => stage.close());
const [anna, bert] = await Promise.all([stage.registered('anna'), stage.registered('bert')]);

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const SIZE = 24 << 20;
/** So slow that the middle lasts long enough to be met. */
const RATE = '12MB/s';

function file(name: string): string {
  const path = join(stage.workshop.folder, name);
  writeFileSync(path, systemRandom.bytes(SIZE));
  return path;
}

const inTheMiddle = ({ event, state, bytes }: Said): boolean =>
  event === 'transfer' && state === 'running' && Number(bytes) > SIZE / 4;
const transfer =
  (state: string) =>
  (said: Said): boolean =>
    said.event === 'transfer' && said.state === state;

test('U8 the receiver is killed in the middle: the next one goes on where it stopped', async () => {
  const path = file('received.bin');
  const to = join(stage.workshop.folder, 'to-bert');
  const first = await bert.listen('--accept', 'all', '--to', to);
  const sending = anna.start(['file', 'bert', path, '--rate', RATE]);
  await first.event(inTheMiddle);
  await first.kill('SIGKILL');
  assert.deepEqual(
    readdirSync(to).filter((name) => !name.startsWith('.')),
    [],
  );
  const second = await bert.listen('--to', to);
  const resumed = await second.event(transfer('running'));
  assert.ok(Number(resumed.bytes) > SIZE / 5, `went on at ${resumed.bytes}`);
  await second.event(transfer('done'));
  const { status, events } = await sending.ended;
  assert.deepEqual([status, events.at(-1)?.state], [0, 'done']);
  assert.equal(sha256(readFileSync(join(to, 'received.bin'))), sha256(readFileSync(path)));
  assert.deepEqual(readdirSync(to), ['received.bin']);
  await second.kill();
});

test('U8 the sender is killed in the middle: whatever program is next on its profile goes on', async () => {
  const path = file('sent.bin');
  const to = join(stage.workshop.folder, 'to-bert-too');
  const receiving = await bert.listen('--accept', 'all', '--to', to);
  const sending = anna.start(['file', 'bert', path, '--rate', RATE]);
  await receiving.event(inTheMiddle);
  await sending.kill('SIGKILL');
  const next = await anna.listen();
  const { bytes } = await next.event(transfer('running'));
  await next.event(transfer('done'));
  assert.ok(Number(bytes) < SIZE);
  await receiving.event(transfer('done'));
  assert.equal(sha256(readFileSync(join(to, 'sent.bin'))), sha256(readFileSync(path)));
  await Promise.all([receiving.kill(), next.kill()]);
});

test('paused by a command, it rests on both sides until it is resumed; cancelled, the sender ends with status 9', async () => {
  const path = file('paused.bin');
  const to = join(stage.workshop.folder, 'to-bert-again');
  mkdirSync(to);
  const receiving = await bert.listen('--accept', 'all', '--to', to);
  // Slower: three commands are started while it runs.
  const sending = anna.start(['file', 'bert', path, '--rate', '1MB/s']);
  const { id } = await receiving.event(inTheMiddle);
  const paused = await anna.through(['transfers', 'pause', String(id)]);
  assert.deepEqual([paused.status, paused.events[0]?.state], [0, 'paused']);
  await receiving.event(transfer('paused'));
  const before = receiving.events.length;
  assert.equal((await anna.through(['transfers', 'resume', String(id)])).status, 0);
  await receiving.event(() => receiving.events.slice(before).some(transfer('running')));
  const cancelled = await bert.through(['transfers', 'cancel', String(id)]);
  assert.deepEqual([cancelled.status, cancelled.events[0]?.state], [0, 'failed']);
  const { status, events } = await sending.ended;
  assert.deepEqual([status, events.at(-1)?.state], [9, 'failed']);
  assert.deepEqual(readdirSync(to), []);
  await receiving.kill();
});
