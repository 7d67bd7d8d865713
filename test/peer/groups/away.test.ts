import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { PeerApi } from '../../../src/peer/api.js';
import type { ErrorEvent } from '../../../src/peer/events.js';
import { Town, watch } from '../../support/town.js';
import { event } from '../../support/watching.js';

const KEPT = 16;
const SAID = 24;
const QUICK = { burst: 1_000, perSecond: 1_000 };

const town = await Town.build({ groupLog: { entries: KEPT, bytes: 1 << 20 }, messages: QUICK });
after(() => town.close());

async function talk(peer: PeerApi, room: string, name: string): Promise<void> {
  let last = '';
  for (let at = 0; at < SAID; at++) last = (await peer.send(room, `${name} ${at}`)).id;
  await peer.waitFor(last, 'stored', 20_000);
}

const missing = (watched: ReturnType<typeof watch>): Promise<ErrorEvent> =>
  event(watched, 'error', (one) => one.code === 'group-log-trimmed');

const texts = async (peer: PeerApi, conversation: string): Promise<string[]> =>
  (await peer.history({ conversation, limit: 1_000 })).map(({ text }) => text);

/** Opens the profile again, watching from the first moment that a program can. */
async function comeBack(user: string): Promise<{ peer: PeerApi; at: ReturnType<typeof watch> }> {
  const peer = await town.open(user);
  const at = watch(peer);
  await peer.replayUnseen();
  return { peer, at };
}

/** The group, once its log holds no more than is kept; the keys for a newcomer may still have come in between. */
async function trimmed(name: string) {
  const { namedGroups } = town.directory.site.core;
  const group = await namedGroups.need((await namedGroups.find(name)).group!);
  for (let tries = 0; tries < 10; tries++) {
    await group.trim();
    if (group.next - group.first === KEPT) return group;
  }
  throw new Error(`the log holds ${group.next - group.first} entries`);
}

test('C3 C5 who was away for longer than the log is kept comes in again, and reads what it still has of a shared history', async () => {
  const [ada, cat] = [await town.settle('ada'), await town.settle('cat')];
  await ada.groups.join('lobby');
  await cat.groups.join('lobby');
  const atCat = watch(cat);
  await ada.send('#lobby', 'while cat is here');
  await atCat.message('while cat is here');
  await cat.close();
  const dora = await town.settle('dora');
  await dora.groups.join('lobby');
  await talk(ada, '#lobby', 'away');
  await trimmed('lobby');
  const { peer: back, at } = await comeBack('cat');
  assert.match((await missing(at)).message, /^#lobby: you were away for longer/);
  const atAda = watch(ada);
  const said = await back.send('#lobby', 'cat is back');
  await back.waitFor(said.id, 'stored', 10_000);
  await atAda.message('cat is back');
  await at.message(`away ${SAID - 1}`);
  await ada.send('#lobby', 'welcome back');
  await at.message('welcome back');
  const read = await texts(back, '#lobby');
  assert.equal(new Set(read).size, read.length, 'nothing twice');
  assert.ok(read.includes('while cat is here') && !read.includes('away 0'));
  await Promise.all([ada.close(), back.close(), dora.close()]);
});

test('C3 where nobody came or went meanwhile, who fell behind reads on and loses only what is not kept', async () => {
  const owner = await town.owner();
  await owner.groups.create('quiet', { kind: 'open', history: 'joined' });
  const ben = await town.settle('ben');
  const atBen = watch(ben);
  await ben.groups.join('quiet');
  await owner.send('#quiet', 'while ben is here');
  await atBen.message('while ben is here');
  await ben.close();
  await talk(owner, '#quiet', 'away');
  const group = await trimmed('quiet');
  const { epoch } = group;
  const { peer: back, at } = await comeBack('ben');
  await missing(at);
  await owner.send('#quiet', 'welcome back');
  await at.message('welcome back');
  const kept = Array.from({ length: KEPT }, (_, index) => `away ${SAID - KEPT + index}`);
  assert.deepEqual(await texts(back, '#quiet'), ['while ben is here', ...kept, 'welcome back']);
  assert.equal(group.epoch, epoch, 'nobody had to come in again');
  await Promise.all([owner.close(), back.close()]);
});
