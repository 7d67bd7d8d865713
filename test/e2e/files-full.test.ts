import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { systemRandom } from '../../src/base/random.js';
import type { Said } from '../support/processes.js';
import { Stage } from '../support/stage.js';

const stage = new Stage();
const disk = join(stage.workshop.folder, 'disk');
mkdirSync(disk);
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', disk], { stdio: 'ignore' }).status === 0;
after(async () => {
  if (mounted) spawnSync('umount', ['-l', disk]);
  await stage.close();
});

const SIZE = 16_000_000;

test('U9 the disk fills up under a transfer: both are told, nothing is shown, and once there is room it goes on', {
  skip: !mounted && 'needs to mount a tmpfs',
}, async () => {
  await stage.open();
  const [anna, bert] = await Promise.all([stage.registered('anna'), stage.registered('bert')]);
  const path = join(stage.workshop.folder, 'film.bin');
  writeFileSync(path, systemRandom.bytes(SIZE));
  const [atAnna, atBert] = await Promise.all([anna.listen(), bert.listen('--accept', 'all', '--to', disk)]);
  const sending = anna.through(['file', 'bert', path, '--rate', '6MB/s']);
  const is = (state: string) => (said: Said) => said.event === 'transfer' && said.state === state;
  const { id } = await atBert.event((said) => is('running')(said) && Number(said.bytes) > SIZE / 8);
  const hog = join(disk, 'hog');
  assert.throws(() => writeFileSync(hog, new Uint8Array(64 << 20)), { code: 'ENOSPC' });
  const failed = await atBert.event(is('failed'));
  assert.equal((failed.error as { code: string }).code, 'disk-full');
  const { status, events } = await sending;
  assert.deepEqual([status, events.at(-1)?.state], [9, 'failed']);
  assert.match(JSON.stringify(events.at(-1)?.error), /disk/);
  assert.doesNotMatch(JSON.stringify(events.at(-1)?.error), new RegExp(disk));
  assert.deepEqual(
    readdirSync(disk).filter((name) => !name.startsWith('.')),
    ['hog'],
  );
  rmSync(hog);
  assert.equal((await bert.through(['transfers', 'resume', String(id)])).status, 0);
  await Promise.all([atAnna.event(is('done')), atBert.event(is('done'))]);
  assert.ok(readFileSync(join(disk, 'film.bin')).equals(readFileSync(path)));
});
