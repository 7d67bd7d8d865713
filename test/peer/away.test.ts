import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { KEY_PACKAGE_LIFETIME_MS } from '../../src/wire/limits.js';
import { acquainted, HOUR, PATIENCE_MS, say, texts, world } from '../support/away.js';
import { watch } from '../support/town.js';

test('N26 what is said to somebody who is away for longer than a certificate lives is there when they come back', async (t) => {
  const town = await world(t);
  await acquainted(town);
  let total = 0;
  for (const hours of [40, 73, 30 * 24]) {
    await town.pass((hours - total) * HOUR);
    total = hours;
    const ada = await town.open('ada');
    await say(ada, 'bob', `after ${hours} hours`);
    await town.close(ada);
  }
  const bob = await town.open('bob');
  const atBob = watch(bob);
  await bob.replayUnseen();
  await atBob.message('after 720 hours');
  assert.deepEqual(await texts(bob, 'ada'), ['day 0', 'after 40 hours', 'after 73 hours', 'after 720 hours']);
  assert.deepEqual(
    atBob.seen.filter(({ event }) => event === 'error'),
    [],
  );
});

test('N26 a first message to somebody who is away for longer than a certificate lives is there when they come back', async (t) => {
  const town = await world(t);
  await town.register('ada');
  await town.register('bob');
  await town.close(await town.open('bob'));
  await town.pass(73 * HOUR);
  const ada = await town.open('ada');
  await say(ada, 'bob', 'first contact');
  await town.close(ada);
  const bob = await town.open('bob');
  const atBob = watch(bob);
  await bob.replayUnseen();
  await atBob.message('first contact');
});

test('N26 to one who has no keys left a message is not stored for nobody: it waits, and goes when they are there', async (t) => {
  const town = await world(t);
  await town.register('ada');
  await town.register('bob');
  await town.close(await town.open('bob'));
  // Longer than any key package lives.
  await town.pass(20 * KEY_PACKAGE_LIFETIME_MS);
  const ada = await town.open('ada');
  const atAda = watch(ada);
  const { id } = await ada.send('bob', 'first contact');
  await atAda.until((events) => events.find((one) => one.event === 'error' && one.code === 'no-key-packages'));
  assert.equal((await ada.waitFor(id, 'queued', 1)).state, 'queued');
  const bob = await town.open('bob');
  await watch(bob).message('first contact');
  await ada.waitFor(id, 'delivered', PATIENCE_MS);
});

test('N26 an offer of a file reaches somebody who was away for longer than a certificate lives', async (t) => {
  const town = await world(t);
  await acquainted(town);
  await town.pass(73 * HOUR);
  const ada = await town.open('ada');
  await mkdir(join(town.folder, 'files'));
  const path = join(town.folder, 'files', 'notes.txt');
  await writeFile(path, 'kept for you');
  await ada.files.offer('bob', [path]);
  const bob = await town.open('bob');
  const atBob = watch(bob);
  await bob.replayUnseen();
  await atBob.until((events) => events.find((one) => one.event === 'transfer'));
});
