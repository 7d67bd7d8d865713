import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ChangeEvent } from '../../src/peer/api/events.js';
import type { PeerApi } from '../../src/peer/api/peer.js';
import { ScriptedDevice } from '../support/scripted-device.js';
import { Town, watch } from '../support/town.js';
import { event } from '../support/watching.js';

let town: Town;
let ada: PeerApi;
let bob: PeerApi;
let eve: ScriptedDevice;
before(async () => {
  town = await Town.build();
  ada = await town.owner('ada');
  bob = await town.settle('bob');
  for (const peer of [ada, bob]) await peer.groups.join('lobby');
  eve = await ScriptedDevice.open(town.link, 'eve');
});
after(async () => {
  await eve.close();
  await town.close();
});

const change = (watched: ReturnType<typeof watch>, wanted: ChangeEvent['change']): Promise<ChangeEvent> =>
  event(watched, 'change', (one) => one.change === wanted);

/** How many gave each answer. */
const standing = async (peer: PeerApi, id: string): Promise<number[]> =>
  (await peer.polls.show(id)).poll.options.map(({ by }) => by.length);

async function changed(to: string, at: string): Promise<void> {
  const seen = watch(bob);
  const { id } = await ada.send(to, 'se you at six');
  await seen.message('se you at six');
  await ada.waitFor(id, 'stored', 10_000);
  await ada.changes.edit(id, 'see you at six');
  assert.equal((await change(seen, 'edited')).text, 'see you at six');
  // Refused whole, never cut to what fits.
  const long = `${'x'.repeat(16_384)}\nend`;
  await assert.rejects(ada.send(to, long), { code: 'text-too-long' });
  await assert.rejects(ada.changes.edit(id, long), { code: 'text-too-long' });
  await assert.rejects(ada.changes.edit(id, 'ש'.repeat(9_000)), { code: 'text-too-long' });
  await assert.rejects(bob.changes.edit(id, 'never'), { code: 'message-of-others' });
  await assert.rejects(bob.changes.remove(id), { code: 'message-of-others' });
  const atAda = watch(ada);
  await bob.changes.react(id, '👍');
  assert.deepEqual((await change(atAda, 'reaction')).reactions, [{ user: bob.user, emoji: '👍' }]);
  for (const [peer, conversation] of [
    [ada, to],
    [bob, at],
  ] as const) {
    const line = (await peer.history({ conversation })).find((one) => one.id === id);
    assert.deepEqual([line?.text, line?.edited, line?.reactions?.length], ['see you at six', true, 1]);
  }
  await ada.changes.remove(id);
  await change(seen, 'deleted');
  const line = (await bob.history({ conversation: at })).find((one) => one.id === id);
  assert.deepEqual([line?.text, line?.deleted], ['', true]);
}

test('messages are edited, taken back and reacted to, between two and in a group', async () => {
  await changed('@bob', '@ada');
  await changed('#lobby', '#lobby');
});

async function polled(to: string, at: string): Promise<void> {
  const [atAda, atBob] = [watch(ada), watch(bob)];
  const { id, poll } = await ada.polls.ask(to, { question: 'Where?', options: ['Pizza', 'Pasta'] });
  assert.deepEqual([poll.question, poll.several, poll.voters], ['Where?', false, 0]);
  const asked = await event(atBob, 'message', (one) => one.id === id);
  assert.deepEqual([asked.text, asked.poll?.options.length], ['Poll: Where?\n1. Pizza\n2. Pasta', 2]);
  await bob.polls.vote(id, [0]);
  assert.deepEqual((await change(atAda, 'voted')).poll?.options[0]?.by, ['bob']);
  await assert.rejects(bob.polls.vote(id, [0, 1]), { code: 'poll-choice' });
  await assert.rejects(bob.polls.vote(id, [2]), { code: 'poll-choice' });
  await bob.polls.vote(id, [1]);
  await event(atAda, 'change', (one) => one.poll?.options[1]?.by.includes('bob') === true);
  await ada.polls.vote(id, [1]);
  await assert.rejects(bob.polls.close(id), { code: 'message-of-others' });
  await assert.rejects(ada.changes.edit(id, 'another question'), { code: 'poll-fixed' });
  assert.ok((await ada.polls.close(id)).poll.closedAt);
  assert.deepEqual(
    (await change(atBob, 'closed')).poll?.options.map(({ by }) => by.length),
    [0, 2],
  );
  await assert.rejects(bob.polls.vote(id, [0]), { code: 'poll-closed' });
  for (const [peer, conversation] of [
    [ada, to],
    [bob, at],
  ] as const) {
    assert.deepEqual(await standing(peer, id), [0, 2], peer.user);
    const line = (await peer.history({ conversation })).find((one) => one.id === id);
    assert.deepEqual(line?.poll?.voters, 2);
  }
}

async function pinned(to: string, at: string): Promise<void> {
  const atBob = watch(bob);
  const { id } = await ada.send(to, 'meet at ten');
  await atBob.message('meet at ten');
  await ada.waitFor(id, 'stored', 10_000);
  await ada.pins.pin(id, true);
  assert.deepEqual((await change(atBob, 'pinned')).id, id);
  assert.deepEqual(
    (await bob.pins.list(at)).map(({ text, pinned: is }) => [text, is]),
    [['meet at ten', true]],
  );
  assert.equal((await bob.history({ conversation: at })).find((one) => one.id === id)?.pinned, true);
  await ada.pins.pin(id, false);
  await change(atBob, 'unpinned');
  for (const [peer, conversation] of [
    [ada, to],
    [bob, at],
  ] as const)
    assert.deepEqual(await peer.pins.list(conversation), [], peer.user);
}

test('a poll is asked, answered and closed, and messages are pinned, between two and in a room', async () => {
  await polled('@bob', '@ada');
  await polled('#lobby', '#lobby');
  await pinned('@bob', '@ada');
  await pinned('#lobby', '#lobby');
  await assert.rejects(ada.polls.ask('#lobby', { question: 'One?', options: ['yes'] }), { code: 'poll-options' });
  await assert.rejects(ada.polls.ask('#lobby', { question: 'Same?', options: ['a', 'A'] }), { code: 'poll-options' });
  await assert.rejects(ada.polls.ask('#lobby', { question: 'x'.repeat(301), options: ['a', 'b'] }), {
    code: 'poll-options',
  });
});

test('in a group who may not change its settings pins nothing, whatever their program says', async () => {
  const atBob = watch(bob);
  const { id } = await ada.send('#lobby', 'not by everybody');
  await atBob.message('not by everybody');
  await assert.rejects(bob.pins.pin(id, true), { code: 'not-permitted' });
  assert.deepEqual(await ada.pins.list('#lobby'), []);
  const inside = await eve.enter('lobby');
  await eve.post(inside, {
    type: 'text',
    body: 'forged',
    sentAt: 1,
    replyTo: Buffer.from(id, 'hex'),
    does: { what: 'pin', at: 1 },
  });
  await eve.post(inside, { type: 'text', body: 'after it', sentAt: Date.now() });
  await atBob.message('after it');
  assert.deepEqual(await bob.pins.list('#lobby'), []);
});

test('an older program is shown the poll, its result and what is pinned as text', async () => {
  const atBob = watch(bob);
  await eve.begin('bob');
  await eve.say({ type: 'text', body: 'hello', sentAt: Date.now() });
  const hello = await atBob.message('hello');
  const { id } = await bob.polls.ask('@eve', { question: 'Tea?', options: ['yes', 'no'] });
  await bob.polls.close(id);
  await bob.pins.pin(hello.id, true);
  const texts = await eve.heard(({ type, body }) => type === 'text' && String(body).startsWith('Pinned'));
  const bodies = texts.filter(({ type }) => type === 'text').map(({ body }) => body);
  assert.deepEqual(bodies, ['Poll: Tea?\n1. yes\n2. no', 'Poll closed: Tea?\n0 for yes\n0 for no', 'Pinned: hello']);
});
