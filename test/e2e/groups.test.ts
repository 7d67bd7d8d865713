import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Crowd } from '../support/crowd.js';

const crowd = await Crowd.gather(['ann', 'bob', 'carol', 'dave', 'erin'], '--rooms', 'lobby,den');
after(() => crowd.close());
const { run, does, fails, listen } = crowd;

test('five people make a group, talk, leave and are banned; one is away, one is killed in the middle', async () => {
  await does('ann', 'group', 'create', 'crew', 'bob', 'carol', 'dave');
  for (const name of ['bob', 'carol', 'dave']) await does(name, 'group', 'join', 'crew');
  await fails(8, 'not-invited', 'erin', 'group', 'join', 'crew');
  await fails(8, 'group-not-joined', 'erin', 'send', '#crew', 'hello?');
  await fails(5, 'group-unknown', 'erin', 'send', '#nowhere', 'hello?');
  await fails(8, 'not-permitted', 'erin', 'group', 'create', 'mine');
  await fails(2, 'group-name-taken', 'ann', 'group', 'create', 'Crew');
  const [bob, carol] = await Promise.all([listen('bob'), listen('carol')]);
  // Dave is away all the while.
  await does('ann', 'send', '#crew', 'one');
  for (const one of [bob, carol]) await one.event(({ text, via }) => text === 'one' && via === 'group');
  await carol.kill('SIGKILL');
  await does('bob', 'send', '#crew', 'two');
  const again = await listen('carol');
  await again.event(({ text }) => text === 'two');
  await does('ann', 'group', 'remove', 'crew', 'carol');
  await again.event(({ event, change, user }) => event === 'group' && change === 'removed' && user === 'carol');
  await does('ann', 'send', '#crew', 'three');
  await bob.event(({ text }) => text === 'three');
  const dave = await listen('dave');
  for (const text of ['one', 'two', 'three']) await dave.event((said) => said.text === text);
  assert.ok(!again.events.some(({ text }) => text === 'three'));
  await does('ann', 'ban', 'bob', 'enough', '--group', 'crew');
  await fails(4, 'group-banned', 'bob', 'group', 'join', 'crew');
  await does('dave', 'group', 'leave', 'crew');
  await Promise.all([bob, again, dave].map((one) => one.kill()));
});

test('a ban from the directory ends the session with status 4 at the next try, and stands in the ledger', async () => {
  const erin = await listen('erin');
  await does('ann', 'ban', 'erin', 'spam', '--everywhere');
  await erin.event(({ event, code }) => event === 'error' && code === 'account-banned');
  await erin.kill();
  await fails(4, 'account-banned', 'erin', 'groups');
  const { events } = await run('ann', ['ledger']);
  assert.deepEqual([events.at(-1)?.action, events.at(-1)?.user, events.at(-1)?.reason], ['ban', 'erin', 'spam']);
});

test('the rooms are those which the operator named', async () => {
  const { events } = await run('bob', ['groups']);
  assert.deepEqual(
    events.filter(({ kind }) => kind === 'open').map(({ group }) => group),
    ['#den', '#lobby'],
  );
});
