import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import type { PeerApi } from '../../src/peer/api/peer.js';
import { Town, watch } from '../support/town.js';
import { event, events } from '../support/watching.js';

const town = await Town.build();
after(() => town.close());
const ann = await town.owner('ann');
let [bob, mallory] = [await town.settle('bob'), await town.settle('mallory')];
for (const peer of [ann, bob, mallory]) await peer.groups.join('lobby');

const summary = async (peer: PeerApi, name: string) =>
  (await peer.conversations()).find(({ conversation }) => conversation === name);

test('of somebody blocked nothing is shown, and they see no more than of somebody who is away', async () => {
  const [atBob, atMallory] = [watch(bob), watch(mallory)];
  const first = await mallory.send('@bob', 'before');
  await mallory.waitFor(first.id, 'delivered', 10_000);
  await bob.markRead('@mallory');
  await bob.preferences.block('mallory', true);
  const said = atBob.seen.length;
  const { id } = await mallory.send('@bob', 'can you hear me?');
  assert.equal((await mallory.waitFor(id, 'stored', 10_000)).state, 'stored');
  mallory.typing('@bob', true);
  const file = `${town.home('mallory')}/offer.txt`;
  writeFileSync(file, 'something');
  const [offer] = await mallory.files.offer('@bob', [file]);
  assert.ok(await mallory.files.reached(offer!.id, 10_000));
  await mallory.changes.edit(first.id, 'after');
  // Another person's message stands behind all that: by then it has been taken in.
  await ann.send('@bob', 'hello from ann');
  await atBob.message('hello from ann');
  await bob.close();
  bob = await town.open('bob');
  const again = watch(bob);
  await bob.replayUnseen();
  await assert.rejects(bob.send('@mallory', 'x'), { code: 'user-blocked' });
  for (const one of [...atBob.seen.slice(said), ...again.seen])
    assert.ok(!JSON.stringify(one).includes('mallory') || one.event === 'presence', JSON.stringify(one));
  assert.deepEqual(
    (await bob.history({ conversation: '@mallory' })).map(({ text }) => text),
    ['before'],
  );
  assert.equal((await summary(bob, '@mallory'))?.unread, 0);
  assert.ok(!bob.files.list().some(({ peer }) => peer === 'mallory'));
  assert.ok(!events(atMallory, 'sent').some((one) => one.id === id && one.state === 'delivered'));
});

test('in groups the lines of somebody blocked are hidden and do not count; unblocked they can be read', async () => {
  const atBob = watch(bob);
  await bob.markRead('#lobby');
  assert.deepEqual(bob.preferences.get().blocked, ['@mallory']);
  const { id } = await mallory.send('#lobby', '@bob look here');
  const hidden = await event(atBob, 'message', (one) => one.id === id);
  assert.deepEqual([hidden.text, hidden.hidden, hidden.mentioned], ['', true, undefined]);
  const hello = await ann.send('#lobby', 'hello lobby');
  await atBob.message('hello lobby');
  await mallory.changes.react(hello.id, '👀');
  mallory.typing('#lobby', true);
  await ann.send('#lobby', 'still there?');
  await atBob.message('still there?');
  assert.deepEqual([(await summary(bob, '#lobby'))?.unread, (await summary(bob, '#lobby'))?.mentions], [2, 0]);
  const line = async () => (await bob.history({ conversation: '#lobby' })).find((one) => one.id === id);
  assert.deepEqual([(await line())?.text, (await line())?.hidden], ['', true]);
  assert.equal((await bob.search({ words: 'look' })).length, 0);
  for await (const exported of bob.export('#lobby')) assert.ok(!exported.text.includes('look'));
  assert.ok(!atBob.seen.some((one) => one.event === 'change' || one.event === 'typing'));
  await bob.preferences.block('@Mallory', false);
  assert.deepEqual([(await line())?.text, (await line())?.hidden], ['@bob look here', undefined]);
  assert.deepEqual([(await summary(bob, '#lobby'))?.unread, (await summary(bob, '#lobby'))?.mentions], [3, 1]);
  const { id: after } = await mallory.send('@bob', 'and now?');
  await atBob.message('and now?');
  assert.equal((await mallory.waitFor(after, 'delivered', 10_000)).state, 'delivered');
});

test('an invitation of somebody blocked is not shown', async () => {
  await ann.groups.setRole('mallory', 'advanced');
  await bob.preferences.block('mallory', true);
  const atBob = watch(bob);
  await mallory.groups.create('trap');
  await mallory.groups.invite('trap', 'bob');
  await ann.send('@bob', 'after the invitation');
  await atBob.message('after the invitation');
  assert.ok(!atBob.seen.some((one) => one.event === 'group'));
  assert.ok(!(await bob.groups.list()).some(({ group }) => group === '#trap'));
  await bob.preferences.block('mallory', false);
  assert.ok((await bob.groups.list()).some(({ group }) => group === '#trap'));
});

test('what is muted is there, marked, and counts only where it names one', async () => {
  const atBob = watch(bob);
  for (const name of ['#lobby', '@ann', '@mallory']) await bob.markRead(name);
  await bob.preferences.mute('#Lobby', true);
  await bob.preferences.mute('ann', true);
  assert.deepEqual(bob.preferences.get().muted, ['#lobby', '@ann']);
  await mallory.send('#lobby', 'quiet word');
  assert.equal((await atBob.message('quiet word')).muted, true);
  await mallory.send('#lobby', '@all quiet');
  await atBob.message('@all quiet');
  await mallory.send('#lobby', 'psst @bob');
  await atBob.message('psst @bob');
  await ann.send('@bob', 'just so');
  await atBob.message('just so');
  assert.deepEqual([(await summary(bob, '#lobby'))?.unread, (await summary(bob, '#lobby'))?.mentions], [1, 1]);
  assert.deepEqual([(await summary(bob, '@ann'))?.unread, (await summary(bob, '@ann'))?.muted], [0, true]);
  await bob.preferences.mute('@ann', false);
  assert.equal((await summary(bob, '@ann'))?.unread, 1);
});

test('whoever is away is shown so, and comes back', async () => {
  const atBob = watch(bob);
  await ann.setPresence('away');
  await event(atBob, 'presence', (one) => one.user === 'ann' && one.state === 'away');
  assert.equal((await bob.users()).find(({ user }) => user === 'ann')?.state, 'away');
  const member = async () => (await bob.groups.members('lobby')).find(({ user }) => user === 'ann');
  assert.equal((await member())?.presence, 'away');
  await ann.setPresence('online');
  await event(atBob, 'presence', (one) => one.user === 'ann' && one.state === 'online');
});
