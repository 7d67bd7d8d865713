import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { MessageEvent } from '../../../src/peer/api/events.js';
import { Town, watch } from '../../support/town.js';
import { event } from '../../support/watching.js';

const town = await Town.build();
/** Beginners make no groups. */
const owner = await town.owner();
after(() => town.close());

const past = (watched: ReturnType<typeof watch>, text: string): Promise<MessageEvent> =>
  event(watched, 'message', (one) => one.text === text && one.history === true);

test('rooms are there from the beginning; a newcomer comes in with nobody online and reads what was said', async () => {
  const ada = await town.settle('ada');
  assert.deepEqual(
    (await ada.groups.list()).map(({ group, state }) => [group, state]),
    [
      ['#help', 'none'],
      ['#lobby', 'none'],
      ['#random', 'none'],
    ],
  );
  assert.equal(await ada.groups.join('lobby'), '#lobby');
  for (const text of ['first', 'second']) {
    const { id } = await ada.send('#lobby', text);
    await ada.waitFor(id, 'stored', 10_000);
    if (text === 'first') await ada.changes.edit(id, 'the first');
  }
  await ada.close();
  const ben = await town.settle('ben');
  const atBen = watch(ben);
  await ben.groups.join('#lobby');
  const { id } = await ben.send('#lobby', 'anybody here?');
  assert.equal((await ben.waitFor(id, 'stored', 10_000)).state, 'stored');
  assert.deepEqual(atBen.texts(), []);
  const back = await town.open('ada');
  const atAda = watch(back);
  await back.replayUnseen();
  await atAda.message('anybody here?');
  const [first, second] = [await past(atBen, 'first'), await past(atBen, 'second')];
  await event(atBen, 'change', (one) => one.text === 'the first');
  assert.deepEqual([first.from, second.from], ['ada', 'ada']);
  const lines = async (peer: typeof ben) =>
    (await peer.history({ conversation: '#lobby' })).map(({ text, from, seq }) => [seq, from, text]);
  assert.deepEqual(await lines(ben), await lines(back));
  const cat = await town.settle('cat');
  const atCat = watch(cat);
  await cat.groups.join('lobby');
  await past(atCat, 'anybody here?');
  await cat.groups.join('random');
  await cat.send('#random', 'elsewhere');
  assert.deepEqual((await cat.groups.members('lobby')).map(({ user }) => user).sort(), ['ada', 'ben', 'cat']);
  await Promise.all([back.close(), ben.close(), cat.close()]);
});

test('who was put out of a room and comes back reads what was said meanwhile', async () => {
  const jon = await town.settle('jon');
  const atJon = watch(jon);
  await owner.groups.create('porch', { kind: 'open', history: 'shared' });
  await jon.groups.join('porch');
  const stored = async (text: string): Promise<void> => {
    const { id } = await owner.send('#porch', text);
    await owner.waitFor(id, 'stored', 10_000);
  };
  await stored('before');
  await atJon.message('before');
  await owner.groups.kick('porch', 'jon');
  await event(atJon, 'group', ({ change }) => change === 'kicked');
  await stored('meanwhile');
  await jon.groups.join('porch');
  await past(atJon, 'meanwhile');
  await stored('after');
  await atJon.message('after');
  await jon.close();
});

test('where history is not shared, a newcomer reads nothing of before', async () => {
  const [dan, eve] = [await town.settle('dan'), await town.settle('eve')];
  await owner.groups.create('quiet', { kind: 'open', history: 'joined' });
  const { id } = await owner.send('#quiet', 'before you came');
  await owner.waitFor(id, 'stored', 10_000);
  const atDan = watch(dan);
  await dan.groups.join('quiet');
  const said = await owner.send('#quiet', 'now you are here');
  await owner.waitFor(said.id, 'stored', 10_000);
  await atDan.message('now you are here');
  assert.deepEqual(
    (await dan.history({ conversation: '#quiet' })).map(({ text }) => text),
    ['now you are here'],
  );
  await Promise.all([dan.close(), eve.close()]);
});

test('a further device of a member comes in by itself, and one that was logged out is removed', async () => {
  const [fay, gus] = [await town.settle('fay'), await town.settle('gus')];
  await fay.groups.join('help');
  await gus.groups.join('help');
  const second = await town.open('fay', 'fay-laptop');
  const atSecond = watch(second);
  const { id } = await gus.send('#help', 'to all of your devices');
  await gus.waitFor(id, 'stored', 10_000);
  await atSecond.message('to all of your devices');
  const atGus = watch(gus);
  await second.send('#help', 'from the laptop');
  await atGus.message('from the laptop');
  await second.logout(false);
  await fay.send('#help', 'the laptop is gone');
  await atGus.message('the laptop is gone');
  await Promise.all([fay.close(), gus.close()]);
});
