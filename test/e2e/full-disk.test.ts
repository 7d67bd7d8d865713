import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isMessage, Stage } from '../support/stage.js';

const stage = new Stage();
const bob = stage.newcomer('bob');
const mounted =
  spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24m,mode=700', 'tmpfs', bob.home], { stdio: 'ignore' }).status === 0;
after(async () => {
  if (mounted) spawnSync('umount', ['-l', bob.home]);
  await stage.close();
});

const COUNT = 12;
const texts = (round: string): string[] => Array.from({ length: COUNT }, (_, at) => `${round} ${at}`);

test('N24 what comes to a peer whose disk is full comes once there is room, by itself, and nothing is taken for a replay', {
  skip: !mounted && 'needs to mount a tmpfs',
}, async () => {
  await stage.open();
  await stage.register(bob);
  const alice = await stage.registered('alice');
  const chat = await alice.chat();
  let atBob = await bob.listen();
  chat.type('/msgto bob before');
  await atBob.event(isMessage('before'));
  const hog = join(bob.home, 'hog');
  assert.throws(() => writeFileSync(hog, new Uint8Array(32 << 20)), { code: 'ENOSPC' });
  for (const text of texts('full')) chat.type(text);
  await atBob.event(({ event, code }) => event === 'error' && code === 'disk-full');
  const read = await bob.through(['history', 'alice']);
  assert.ok(read.status === 0 && read.events.some(({ text }) => text === 'before'), read.stdout);
  rmSync(hog);
  for (const text of texts('full')) await atBob.event(isMessage(text), text);
  const first = await atBob.kill();
  atBob = await bob.listen();
  for (const text of texts('after')) chat.type(text);
  for (const text of texts('after')) await atBob.event(isMessage(text), text);
  const second = await atBob.kill();
  assert.deepEqual(
    [...first.events, ...second.events].filter(({ code }) => code !== undefined && code !== 'disk-full'),
    [],
  );
  assert.equal(first.stderr + second.stderr, '');
  chat.end();
  await chat.ended;
});
