import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { systemRandom } from '../../src/base/random.js';
import type { Said } from '../support/processes.js';
import { errorCode, Stage } from '../support/stage.js';

const stage = await new Stage().open();
after(() => stage.close());
const [anna, bert] = await Promise.all([stage.registered('anna'), stage.registered('bert')]);
const inbox = join(stage.workshop.folder, 'inbox');

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function file(name: string, bytes: number): string {
  const path = join(stage.workshop.folder, 'files', name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, systemRandom.bytes(bytes));
  return path;
}

const transfer =
  (state: string) =>
  (said: Said): boolean =>
    said.event === 'transfer' && said.state === state;

interface Told {
  readonly name: string;
  readonly size: number;
  readonly sha256?: string;
  readonly path?: string;
}
const filesOf = (said: Said | undefined): readonly Told[] => (said?.files ?? []) as readonly Told[];

test('a program that is interrupted twice in the middle of a transfer ends of the signal, not of a fault', async () => {
  const listening = await bert.listen('--accept', 'all', '--to', inbox);
  const sending = anna.start(['file', 'bert', file('long.bin', 20_000_000), '--rate', '1MB']);
  await sending.event(transfer('running'));
  // Two that come together are one to the program.
  const impatient = setInterval(() => sending.child.kill('SIGINT'), 1);
  const { status, signal } = await sending.ended;
  clearInterval(impatient);
  assert.equal(signal ?? status, signal === null ? 130 : 'SIGINT');
  await listening.kill();
});

test('a file by one command each: offered, taken without asking, verified by both', async () => {
  const path = file('holiday.zip', 5_000_003);
  const listening = await bert.listen('--accept', 'all', '--to', inbox);
  const { status, events } = await anna.run(['file', 'bert', path]);
  assert.equal(status, 0);
  const last = events.at(-1);
  assert.deepEqual(
    [last?.event, last?.state, last?.direction, last?.peer, last?.bytes, last?.path],
    ['transfer', 'done', 'out', 'bert', 5_000_003, 'direct'],
  );
  assert.equal(filesOf(last)[0]?.sha256, sha256(readFileSync(path)));
  const done = await listening.event(transfer('done'));
  const [got] = filesOf(done);
  assert.equal(got?.path, join(inbox, 'holiday.zip'));
  assert.equal(sha256(readFileSync(got!.path!)), sha256(readFileSync(path)));
  await listening.kill();
});

test('the other way round, a folder and several files in one transfer', async () => {
  const paths = [file('photos/a.jpg', 10_000), file('photos/deep/b.jpg', 0), file('notes.txt', 100)];
  const to = join(stage.workshop.folder, 'for-anna');
  const listening = await anna.listen('--accept', 'all', '--to', to);
  const folder = join(stage.workshop.folder, 'files', 'photos');
  const { status, events } = await bert.run(['file', '@anna', folder, paths[2]!]);
  assert.equal(status, 0);
  assert.deepEqual(
    filesOf(events.at(-1)).map(({ name, size }) => [name, size]),
    [
      ['photos/a.jpg', 10_000],
      ['photos/deep/b.jpg', 0],
      ['notes.txt', 100],
    ],
  );
  await listening.event(transfer('done'));
  assert.equal(sha256(readFileSync(join(to, 'photos/a.jpg'))), sha256(readFileSync(paths[0]!)));
  assert.equal(readFileSync(join(to, 'photos/deep/b.jpg')).length, 0);
  assert.deepEqual(readdirSync(to).sort(), ['notes.txt', 'photos']);
  await listening.kill();
});

test('an offer waits, is declined by a command, and the sender ends with status 9', async () => {
  const listening = await bert.listen();
  const sending = anna.start(['file', 'bert', file('unwanted.bin', 1_000)]);
  const offered = await listening.event(transfer('offered'));
  assert.deepEqual([offered.direction, offered.peer, filesOf(offered)[0]?.name], ['in', 'anna', 'unwanted.bin']);
  const declined = await bert.through(['decline', String(offered.id).slice(0, 8)]);
  assert.equal(declined.status, 0);
  const { status, events } = await sending.ended;
  assert.deepEqual([status, events.at(-1)?.state], [9, 'declined']);
  await listening.kill();
});

test('an offer made while the receiver is away waits in the mailbox, and is taken by a command', async () => {
  const path = file('later.bin', 200_000);
  const offered = await anna.run(['file', 'bert', path, '--wait', 'offered']);
  assert.deepEqual([offered.status, offered.events.at(-1)?.state], [0, 'offered']);
  const [at, listening] = await Promise.all([anna.listen(), bert.listen('--to', inbox)]);
  const { id } = await listening.event(transfer('offered'));
  const { status, events } = await bert.through(['accept', String(id)]);
  assert.deepEqual([status, events.at(-1)?.state], [0, 'done']);
  assert.equal(sha256(readFileSync(join(inbox, 'later.bin'))), sha256(readFileSync(path)));
  await at.event(transfer('done'));
  await Promise.all([listening.kill(), at.kill()]);
});

test('wrong files and wrong values are said before anything is offered', async () => {
  const none = await anna.run(['file', 'bert', '/no/such/file']);
  assert.deepEqual([none.status, errorCode(none)], [2, 'no-such-file']);
  const rate = await anna.run(['video', 'bert', file('a.mp4', 10), '--rate', 'quick']);
  assert.deepEqual([rate.status, errorCode(rate)], [2, 'argument-invalid']);
  const nobody = await anna.run(['file', 'nobody-here', file('a.mp4', 10)]);
  assert.deepEqual([nobody.status, errorCode(nobody)], [5, 'user-unknown']);
  const two = await anna.run(['video', 'bert', join(stage.workshop.folder, 'files')]);
  assert.deepEqual([two.status, errorCode(two)], [2, 'video-one']);
  assert.equal(existsSync(join(inbox, 'a.mp4')), false);
});
