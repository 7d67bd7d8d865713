import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { PeerApi } from '../../src/peer/api/peer.js';
import { Town, watch } from '../support/town.js';
import { WarpClock } from '../support/warp.js';
import { event, events, type Watched } from '../support/watching.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let [annsClock, bobsClock] = [new WarpClock(), new WarpClock()];
const town = await Town.build();
after(() => town.close());
let ann = await town.owner('ann');
let [bob, cat] = [await town.settle('bob'), await town.settle('cat')];
await Promise.all([ann.close(), bob.close()]);
ann = await town.openBy(annsClock, 'ann');
bob = await town.openBy(bobsClock, 'bob');

const expired = (watched: Watched, id: string) =>
  event(watched, 'change', (one) => one.id === id && one.change === 'expired');
const texts = async (peer: PeerApi, conversation: string) =>
  (await peer.history({ conversation })).map(({ text }) => text);

async function reopen(clock: WarpClock): Promise<void> {
  await bob.close();
  bobsClock = clock;
  bob = await town.openBy(clock, 'bob');
}

test('messages disappear on both sides, from history, search and export, and stay away', async () => {
  const [atAnn, atBob] = [watch(ann), watch(bob)];
  await ann.send('@bob', 'this one stays');
  await atBob.message('this one stays');
  await bob.setLifetime('@ann', 3600);
  assert.deepEqual((await event(atAnn, 'setting')).expire, 3600);
  assert.equal((await event(atBob, 'setting')).by, 'bob');
  const { id } = await ann.send('@bob', 'gone in an hour');
  const received = await atBob.message('gone in an hour');
  const left = Date.parse(received.expiresAt!) - Date.parse(received.receivedAt);
  assert.ok(Math.abs(left - HOUR) < 5_000, `${left} ms`);
  assert.equal((await ann.conversations())[0]?.expire, 3600);
  await ann.changes.edit(id, 'gone in an hour, edited');
  await event(atBob, 'change', (one) => one.id === id);
  for (const clock of [annsClock, bobsClock]) clock.leap(HOUR - 60_000);
  assert.ok((await texts(bob, '@ann')).includes('gone in an hour, edited'));
  for (const clock of [annsClock, bobsClock]) clock.leap(60_000);
  await Promise.all([expired(atAnn, id), expired(atBob, id)]);
  for (const [peer, conversation] of [
    [ann, '@bob'],
    [bob, '@ann'],
  ] as const) {
    assert.deepEqual(await texts(peer, conversation), ['this one stays']);
    assert.deepEqual(await peer.search({ words: 'gone' }), []);
    for await (const { text } of peer.export()) assert.ok(!text.includes('gone'));
    const [summary] = await peer.conversations();
    assert.deepEqual([summary?.last?.text, summary?.unread], ['this one stays', peer === bob ? 1 : 0]);
  }
  await ann.setLifetime('@bob', 0);
  await event(atBob, 'setting', (one) => one.expire === 0);
});

test('what was not seen before its time is over is never shown', async () => {
  await ann.setLifetime('@bob', 3600);
  await ann.send('@bob', 'nobody looks');
  const { id } = await ann.send('@bob', 'nobody looks twice');
  assert.equal((await ann.waitFor(id, 'delivered', 10_000)).state, 'delivered');
  const atBob = watch(bob);
  bobsClock.leap(HOUR);
  await expired(atBob, id);
  await bob.replayUnseen();
  assert.deepEqual(events(atBob, 'message'), []);
});

test('X3 a clock that is wrong at the next start deletes nothing early, and keeps nothing for ever', async () => {
  const { id } = await ann.send('@bob', 'wrong clocks');
  assert.equal((await ann.waitFor(id, 'delivered', 10_000)).state, 'delivered');
  // In the running program the wall clock counts for nothing.
  bobsClock.set(2 * HOUR);
  await ann.send('@bob', 'another');
  assert.ok((await texts(bob, '@ann')).includes('wrong clocks'));
  // Ahead by a day: the directory's clock says that it is not over.
  const ahead = new WarpClock();
  ahead.set(DAY);
  await reopen(ahead);
  assert.ok((await texts(bob, '@ann')).includes('wrong clocks'));
  // A year back: its whole life at most.
  const back = new WarpClock();
  back.set(-365 * DAY);
  await reopen(back);
  const atBob = watch(bob);
  back.leap(HOUR);
  await expired(atBob, id);
  await reopen(new WarpClock());
});

test('the time goes on while the program does not run', async () => {
  await ann.send('@cat', 'hello');
  await ann.setLifetime('@cat', 3600);
  const { id } = await ann.send('@bob', 'while you sleep');
  assert.equal((await ann.waitFor(id, 'delivered', 10_000)).state, 'delivered');
  await Promise.all([bob.close(), cat.close()]);
  const port = await town.stopDirectory();
  const later = new WarpClock();
  later.set(HOUR + 1_000);
  bobsClock = later;
  bob = await town.openBy(later, 'bob');
  assert.ok(!(await texts(bob, '@ann')).includes('while you sleep'));
  const atAnn = watch(ann);
  // What has not left when its time is over is not sent at all.
  const lost = await ann.send('@cat', 'too late');
  annsClock.leap(HOUR);
  await expired(atAnn, lost.id);
  await town.startDirectory(port);
  cat = await town.open('cat');
  const atCat = watch(cat);
  await event(atAnn, 'directory', ({ state }) => state === 'online');
  await ann.send('@cat', 'the last');
  await atCat.message('the last');
  assert.ok(!(await texts(cat, '@ann')).includes('too late'));
});

test('in a group only who may change its settings sets it; newcomers know it, and see nothing that is over', async () => {
  await ann.groups.join('lobby');
  await cat.groups.join('lobby');
  const [atAnn, atCat] = [watch(ann), watch(cat)];
  await assert.rejects(cat.setLifetime('#lobby', 60), { code: 'not-permitted' });
  await ann.send('#lobby', 'stays');
  await ann.setLifetime('#lobby', 1);
  assert.equal((await event(atCat, 'setting')).expire, 1);
  const { id } = await cat.send('#lobby', 'a second');
  await Promise.all([expired(atAnn, id), expired(atCat, id)]);
  const dan = await town.settle('dan');
  const atDan = watch(dan);
  await dan.groups.join('lobby');
  await atDan.message('stays');
  assert.equal(await dan.lifetime('#lobby'), 1);
  await dan.send('#lobby', 'from dan');
  assert.ok((await atCat.message('from dan')).expiresAt !== undefined);
  assert.ok(!atDan.texts().includes('a second'));
  assert.ok(!(await texts(ann, '#lobby')).includes('a second'));
  await dan.close();
});
