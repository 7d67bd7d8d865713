import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { PeerApi } from '../../src/peer/api/peer.js';
import { Town, watch } from '../support/town.js';
import { event, events, type Watched } from '../support/watching.js';

const town = await Town.build();
after(() => town.close());
const ann = await town.owner('ann');
let bob = await town.settle('bob');
let laptop = await town.open('ann', 'laptop');
for (const peer of [ann, bob]) await peer.groups.join('lobby');

const change = (watched: Watched, id: string, kind: string) =>
  event(watched, 'change', (one) => one.id === id && one.change === kind);
const summary = async (peer: PeerApi, name: string) =>
  (await peer.conversations()).find(({ conversation }) => conversation === name);

for (const [to, back] of [
  ['@bob', '@ann'],
  ['#lobby', '#lobby'],
] as const) {
  test(`what one device changes, takes back or reacts to, the other one shows (${to})`, async () => {
    const atLaptop = watch(laptop);
    const { id } = await ann.send(to, `from the desk ${to}`);
    const own = await atLaptop.message(`from the desk ${to}`);
    assert.deepEqual([own.from, own.conversation], ['ann', to]);
    await ann.changes.edit(id, `from my desk ${to}`);
    await change(atLaptop, id, 'edited');
    const atAnn = watch(ann);
    await laptop.changes.react(id, '✅');
    await change(atAnn, id, 'reaction');
    const line = (await laptop.history({ conversation: to })).find((one) => one.id === id);
    assert.deepEqual([line?.text, line?.edited, line?.reactions?.length], [`from my desk ${to}`, true, 1]);
    await laptop.changes.remove(id);
    await change(atAnn, id, 'deleted');
    assert.equal((await ann.history({ conversation: to })).find((one) => one.id === id)?.deleted, true);
    assert.equal((await summary(laptop, to))?.unread, 0);
  });

  test(`what one device has read, the other one has too, and the author is told once (${to})`, async () => {
    const [atLaptop, atBob, atAnn] = [watch(laptop), watch(bob), watch(ann)];
    const { id } = await bob.send(back, `read once ${to}`);
    await Promise.all([atLaptop.message(`read once ${to}`), atAnn.message(`read once ${to}`)]);
    assert.ok(((await summary(laptop, to))?.unread ?? 0) > 0);
    await laptop.markRead(to);
    await event(atBob, 'sent', (one) => one.id === id && one.state === 'read');
    await event(atAnn, 'unread', (one) => one.conversation === to && one.unread === 0);
    assert.equal((await summary(ann, to))?.unread, 0);
    await ann.markRead(to);
    await bob.send(back, `and after ${to}`);
    await atAnn.message(`and after ${to}`);
    assert.equal(events(atBob, 'sent').filter((one) => one.id === id && one.state === 'read').length, 1);
  });
}

/** Stops the directory; resolves when all of them know. */
async function withoutDirectory(peers: readonly PeerApi[]): Promise<number> {
  const away = peers.map((peer) => event(watch(peer), 'directory', ({ state }) => state === 'offline'));
  const port = await town.stopDirectory();
  await Promise.all(away);
  return port;
}

test('what is changed before it has left arrives changed, and what is taken back does not arrive', async () => {
  await Promise.all([bob.close(), laptop.close()]);
  const port = await withoutDirectory([ann]);
  const atAnn = watch(ann);
  const kept = await ann.send('@bob', 'a tpyo');
  await ann.changes.edit(kept.id, 'a typo');
  const taken = await ann.send('@bob', 'never mind');
  await ann.changes.remove(taken.id);
  await change(atAnn, taken.id, 'deleted');
  const inGroup = await ann.send('#lobby', 'a group tpyo');
  await ann.changes.edit(inGroup.id, 'a group typo');
  const takenThere = await ann.send('#lobby', 'never mind, all');
  await ann.changes.remove(takenThere.id);
  for (const conversation of ['@bob', '#lobby'])
    assert.ok(!(await ann.history({ conversation })).some(({ text }) => text.startsWith('never mind')));
  await town.startDirectory(port);
  bob = await town.open('bob');
  const atBob = watch(bob);
  await event(atAnn, 'directory', ({ state }) => state === 'online');
  await ann.send('@bob', 'the end');
  await ann.send('#lobby', 'the end, all');
  await Promise.all([atBob.message('the end'), atBob.message('the end, all')]);
  await bob.replayUnseen();
  for (const [conversation, text] of [
    ['@ann', 'a typo'],
    ['#lobby', 'a group typo'],
  ] as const) {
    const lines = await bob.history({ conversation });
    assert.ok(lines.some((line) => line.text === text && line.edited));
    assert.ok(!lines.some((line) => line.text.startsWith('never mind')));
  }
  assert.ok(!atBob.texts().some((one) => one.startsWith('never mind')));
  laptop = await town.open('ann', 'laptop');
});

test('what one device has straight while the directory is away is taken back there, and from who comes later', async () => {
  await bob.close();
  const [atAnn, atLaptop] = [watch(ann), watch(laptop)];
  await ann.send('#lobby', 'both here?');
  await atLaptop.message('both here?');
  const port = await withoutDirectory([ann, laptop]);
  for (const conversation of ['@bob', '#lobby']) {
    const { id } = await ann.send(conversation, `straight ${conversation}`);
    await atLaptop.message(`straight ${conversation}`);
    await ann.changes.remove(id);
    await change(atAnn, id, 'deleted');
  }
  const back = [ann, laptop].map((peer) => event(watch(peer), 'directory', ({ state }) => state === 'online'));
  await town.startDirectory(port);
  bob = await town.open('bob');
  const atBob = watch(bob);
  await Promise.all(back);
  for (const conversation of ['@bob', '#lobby']) await ann.send(conversation, `that was all ${conversation}`);
  await Promise.all(['@bob', '#lobby'].map((one) => atLaptop.message(`that was all ${one}`)));
  await Promise.all(['@bob', '#lobby'].map((one) => atBob.message(`that was all ${one}`)));
  for (const [peer, conversation] of [
    [laptop, '@bob'],
    [laptop, '#lobby'],
    [bob, '@ann'],
    [bob, '#lobby'],
  ] as const) {
    const lines = await peer.history({ conversation });
    assert.ok(!lines.some(({ text }) => text.startsWith('straight')), `${peer.user} ${conversation}`);
  }
  assert.ok(!atBob.texts().includes('straight @bob'));
});

test('M6 S8 changes made in one breath with what they change are not lost, and nothing is there twice', async () => {
  const atBob = watch(bob);
  for (const [to, back] of [
    ['@bob', '@ann'],
    ['#lobby', '#lobby'],
  ] as const) {
    const sent = await Promise.all(Array.from({ length: 10 }, (_, at) => ann.send(to, `${to} draft ${at}`)));
    await Promise.all(sent.map(({ id }, at) => ann.changes.edit(id, `${to} final ${at}`)));
    await ann.send(to, `${to} over`);
    await atBob.message(`${to} over`);
    for (const [peer, conversation] of [
      [ann, to],
      [bob, back],
    ] as const) {
      const lines = (await peer.history({ conversation, limit: 500 })).filter(
        ({ text }) => text.startsWith(`${to} draft`) || text.startsWith(`${to} final`),
      );
      const said = lines.map(({ text }) => text).sort();
      assert.deepEqual(said, Array.from({ length: 10 }, (_, at) => `${to} final ${at}`).sort());
    }
  }
});
