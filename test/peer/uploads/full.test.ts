import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Town, watch } from '../../support/town.js';

let town: Town;
let folder: string;
let mounted = false;
before(async () => {
  town = await Town.build();
  // The directory's blobs lie on a disk that a file of ours fills.
  await town.stopDirectory();
  folder = join(town.home('directory'), 'databases', 'main', 'store', 'blobs');
  mkdirSync(folder, { recursive: true });
  mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'none', folder]).status === 0;
  await town.startDirectory();
});
after(async () => {
  await town.close().catch(() => {});
  if (mounted) execFileSync('umount', ['-l', folder]);
});

test('S3 a full disk, at the directory or here, ends an upload or a download with its own error and leaves nothing', async (t) => {
  if (!mounted) return t.skip('only root can mount a small file system (Linux)');
  const owner = await town.owner();
  await owner.groups.join('lobby');
  const file = join(town.home('owner'), 'large.bin');
  writeFileSync(file, randomBytes(6 << 20));
  const begun = await owner.uploads.send('lobby', file);
  await assert.rejects(owner.uploads.finished(begun.id), { code: 'directory-full' });
  const watched = watch(owner);
  writeFileSync(file, randomBytes(1 << 20));
  const small = await owner.uploads.send('lobby', file);
  assert.equal((await owner.uploads.finished(small.id)).state, 'stored', 'the room was given back');
  assert.ok(watched.seen.some((event) => event.event === 'upload' && event.state === 'stored'));

  const full = join(town.home('owner'), 'full');
  mkdirSync(full);
  assert.equal(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'none', full]).status, 0);
  try {
    const fetching = await owner.uploads.download(small.id, full);
    await assert.rejects(owner.uploads.finished(fetching.id), { code: 'disk-full', exit: 10 });
    assert.deepEqual(readdirSync(full), []);
  } finally {
    execFileSync('umount', ['-l', full]);
    rmSync(full, { recursive: true, force: true });
  }
  await owner.close();
});
