import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { GroupEvent, MessageEvent } from '../../../src/peer/api/events.js';
import type { PeerApi } from '../../../src/peer/api/peer.js';
import { Town, watch } from '../../support/town.js';
import { event } from '../../support/watching.js';

const town = await Town.build();
after(() => town.close());

const change = (watched: ReturnType<typeof watch>, wanted: Partial<GroupEvent>): Promise<GroupEvent> =>
  event(watched, 'group', (one) =>
    (Object.entries(wanted) as [keyof GroupEvent, string][]).every(([key, value]) => one[key] === value),
  );

const order = (watched: ReturnType<typeof watch>): [string, number | undefined][] =>
  watched.seen
    .filter((event): event is MessageEvent => event.event === 'message')
    .map(({ text, seq }) => [text, seq] as [string, number | undefined])
    .sort((a, b) => a[1]! - b[1]!);

test('a group is made, joined by invitation, talked in, left; all agree on the order', async () => {
  const owner = await town.owner();
  const [bob, cat] = [await town.settle('bob'), await town.settle('cat')];
  const [atOwner, atBob, atCat] = [watch(owner), watch(bob), watch(cat)];
  await assert.rejects(bob.groups.create('friends'), { code: 'not-permitted' });
  assert.equal(await owner.groups.create('Friends'), '#Friends');
  await assert.rejects(owner.groups.create('friends'), { code: 'group-name-taken' });
  await assert.rejects(bob.send('#friends', 'hello?'), { code: 'group-not-joined' });
  await assert.rejects(bob.send('#nowhere', 'hello?'), { code: 'group-unknown' });
  await assert.rejects(bob.groups.join('friends'), { code: 'not-invited' });
  await owner.groups.invite('friends', 'bob');
  assert.equal((await change(atBob, { change: 'invited' })).by, 'owner');
  assert.equal(await bob.groups.join('#friends'), '#Friends');
  await change(atOwner, { change: 'joined', user: 'bob' });
  const { id } = await owner.send('#friends', 'welcome');
  assert.equal((await owner.waitFor(id, 'stored', 10_000)).state, 'stored');
  const welcome = await atBob.message('welcome');
  assert.deepEqual([welcome.conversation, welcome.from, welcome.via], ['#Friends', 'owner', 'group']);
  await owner.groups.add('friends', 'cat');
  await change(atCat, { change: 'added', user: 'cat' });
  const say = async (peer: PeerApi, text: string) =>
    peer.waitFor((await peer.send('#friends', text)).id, 'stored', 10_000);
  await Promise.all([say(owner, 'one'), say(bob, 'two'), say(owner, 'three')]);
  await Promise.all(['one', 'two', 'three'].map((text) => atCat.message(text)));
  await Promise.all(['one', 'three'].map((text) => atBob.message(text)));
  await atOwner.message('two');
  const lines = async (peer: PeerApi) =>
    (await peer.history({ conversation: '#Friends' }))
      .map(({ text, seq }) => [text, seq])
      .filter(([text]) => text !== 'welcome');
  assert.deepEqual(await lines(owner), order(atCat));
  assert.deepEqual(await lines(bob), order(atCat));
  await bob.groups.leave('friends');
  await change(atCat, { change: 'left', user: 'bob' });
  await owner.send('#friends', 'without bob');
  await atCat.message('without bob');
  await assert.rejects(bob.send('#friends', 'still there?'), { code: 'group-not-joined' });
  assert.deepEqual((await cat.groups.members('friends')).map(({ user }) => user).sort(), ['cat', 'owner']);
  await Promise.all([owner.close(), bob.close(), cat.close()]);
});
