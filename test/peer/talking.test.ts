import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { SentEvent, TypingEvent } from '../../src/peer/api/events.js';
import { Town, watch } from '../support/town.js';
import { event, type Watched } from '../support/watching.js';

const town = await Town.build();
after(() => town.close());
let ann = await town.owner('ann');
const [bob, cat] = [await town.settle('bob'), await town.settle('cat')];
for (const peer of [ann, bob, cat]) await peer.groups.join('lobby');

const read = (watched: Watched, id: string): Promise<SentEvent> =>
  event(watched, 'sent', (one) => one.id === id && one.state === 'read');
const typing = (watched: Watched, state: TypingEvent['state'], conversation: string): Promise<TypingEvent> =>
  event(watched, 'typing', (one) => one.state === state && one.conversation === conversation);

for (const [to, back] of [
  ['@bob', '@ann'],
  ['#lobby', '#lobby'],
] as const) {
  test(`a reply names what it answers, in the event and in the history (${to})`, async () => {
    const [atAnn, atBob] = [watch(ann), watch(bob)];
    const { id } = await ann.send(to, `who comes? ${to}`);
    await atBob.message(`who comes? ${to}`);
    await bob.send(back, `I do ${to}`, { replyTo: id });
    const answer = await atAnn.message(`I do ${to}`);
    assert.equal(answer.replyTo, id);
    for (const peer of [ann, bob]) {
      const conversation = peer === ann ? to : back;
      const line = (await peer.history({ conversation })).find((one) => one.id === answer.id);
      assert.equal(line?.replyTo, id);
    }
    await assert.rejects(ann.send(to, 'x', { replyTo: 'ff'.repeat(16) }), { code: 'message-unknown' });
  });
}

test('only messages of the same conversation are answered', async () => {
  const { id } = await ann.send('@bob', 'between us');
  await assert.rejects(ann.send('#lobby', 'leak', { replyTo: id }), { code: 'message-unknown' });
});

test('whoever is named in a text is told so, counted until it is read, and nobody else', async () => {
  const [atBob, atCat] = [watch(bob), watch(cat)];
  await bob.markRead('#lobby');
  await ann.send('#lobby', 'could @Bob, look at this?');
  assert.equal((await atBob.message('could @Bob, look at this?')).mentioned, true);
  assert.equal((await atCat.message('could @Bob, look at this?')).mentioned, undefined);
  await ann.send('#lobby', 'ann@bob.example or @bobby');
  assert.equal((await atBob.message('ann@bob.example or @bobby')).mentioned, undefined);
  await ann.send('#lobby', 'lunch, @all');
  assert.equal((await atCat.message('lunch, @all')).mentioned, true);
  await atBob.message('lunch, @all');
  const summary = async () => (await bob.conversations()).find(({ conversation }) => conversation === '#lobby');
  assert.deepEqual([(await summary())?.unread, (await summary())?.mentions], [3, 2]);
  assert.equal((await bob.history({ conversation: '#lobby' })).at(-1)?.mentioned, true);
  await bob.markRead('#lobby');
  assert.deepEqual([(await summary())?.unread, (await summary())?.mentions], [0, 0]);
});

test('an edit may take a mention back, and bring one', async () => {
  const atCat = watch(cat);
  await cat.markRead('#lobby');
  const mentions = async () =>
    (await cat.conversations()).find(({ conversation }) => conversation === '#lobby')?.mentions;
  const { id } = await ann.send('#lobby', '@cat?');
  await atCat.message('@cat?');
  assert.equal(await mentions(), 1);
  await ann.changes.edit(id, 'nobody in particular');
  await event(atCat, 'change', (one) => one.id === id && one.text === 'nobody in particular');
  assert.equal(await mentions(), 0);
  await ann.changes.edit(id, 'you, @cat.');
  await event(atCat, 'change', (one) => one.id === id && one.text === 'you, @cat.');
  assert.equal(await mentions(), 1);
  await ann.changes.remove(id);
  await event(atCat, 'change', (one) => one.id === id && one.change === 'deleted');
  assert.equal(await mentions(), 0);
});

test('typing is seen over a link and in a group, ends with the message, and can be turned off', async () => {
  const [atBob, atCat] = [watch(bob), watch(cat)];
  const { id } = await ann.send('@bob', 'a link for us');
  await ann.waitFor(id, 'delivered', 10_000);
  ann.typing('@bob', true);
  assert.equal((await typing(atBob, 'started', '@ann')).user, 'ann');
  await ann.send('@bob', 'typed');
  await typing(atBob, 'stopped', '@ann');
  ann.typing('#lobby', true);
  assert.equal((await typing(atCat, 'started', '#lobby')).user, 'ann');
  await typing(atBob, 'started', '#lobby');
  ann.typing('#lobby', false);
  await typing(atCat, 'stopped', '#lobby');
  await cat.preferences.set({ typing: false });
  const before = atCat.seen.length;
  ann.typing('#lobby', true);
  await event(atBob, 'typing', (one) => one.conversation === '#lobby');
  await ann.send('#lobby', 'typed, too');
  await atCat.message('typed, too');
  assert.ok(!atCat.seen.slice(before).some((one) => one.event === 'typing'));
  cat.typing('#lobby', true);
  await cat.send('#lobby', 'from cat');
  await atBob.message('from cat');
  assert.ok(!atBob.seen.some((one) => one.event === 'typing' && one.user === 'cat'));
  await cat.preferences.set({ typing: true });
});

test('a reader is told of, once, and after a restart it is still known', async () => {
  const atAnn = watch(ann);
  const { id } = await ann.send('@bob', 'have you seen this?');
  await ann.waitFor(id, 'delivered', 10_000);
  await bob.markRead('@ann');
  await bob.markRead('@ann');
  assert.equal((await read(atAnn, id)).by, undefined);
  assert.equal((await ann.history({ conversation: '@bob' })).at(-1)?.state, 'read');
  assert.equal(atAnn.seen.filter((one) => one.event === 'sent' && one.state === 'read' && one.id === id).length, 1);
});

test('in a group the readers of a message are told of by name, and stand in the history', async () => {
  const [atAnn, atBob, atCat] = [watch(ann), watch(bob), watch(cat)];
  const { id } = await ann.send('#lobby', 'read me');
  await Promise.all([atBob.message('read me'), atCat.message('read me')]);
  await bob.markRead('#lobby');
  assert.equal((await read(atAnn, id)).by, 'bob');
  await cat.markRead('#lobby');
  await event(atAnn, 'sent', (one) => one.id === id && one.by === 'cat');
  const line = (await ann.history({ conversation: '#lobby' })).find((one) => one.id === id);
  assert.deepEqual([line?.state, line?.readBy], ['read', ['bob', 'cat']]);
});

test('who turns read receipts off tells nobody, and is told of nobody', async () => {
  await bob.preferences.set({ readReceipts: false });
  const [atAnn, atBob] = [watch(ann), watch(bob)];
  const { id } = await ann.send('@bob', 'secretly read');
  await ann.waitFor(id, 'delivered', 10_000);
  await bob.markRead('@ann');
  const answer = await bob.send('@ann', 'an answer');
  await atAnn.message('an answer');
  await ann.markRead('@bob');
  // What is due leaves before the end.
  await ann.close();
  await bob.preferences.set({ readReceipts: true });
  ann = await town.open('ann');
  const again = watch(ann);
  // Turned on again he is told of what is read from now on, and tells of that.
  const later = await bob.send('@ann', 'a later answer');
  await again.message('a later answer');
  await ann.markRead('@bob');
  await read(atBob, later.id);
  const { id: second } = await ann.send('@bob', 'openly read');
  await ann.waitFor(second, 'delivered', 10_000);
  await bob.markRead('@ann');
  await read(again, second);
  assert.ok(!atBob.seen.some((one) => one.event === 'sent' && one.id === answer.id && one.state === 'read'));
  assert.ok(
    ![...atAnn.seen, ...again.seen].some((one) => one.event === 'sent' && one.id === id && one.state === 'read'),
  );
});
