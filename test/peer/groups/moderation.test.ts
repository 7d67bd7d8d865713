import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { loginPeer } from '../../../src/peer/session/open.js';
import { GroupRoster } from '../../../src/wire/group-roster.js';
import { PASSWORD, Town, watch } from '../../support/town.js';
import { event } from '../../support/watching.js';

const town = await Town.build();
after(() => town.close());
const owner = await town.owner();

test('the four rules of roles, each with its own refusal, and a new role counts at once', async () => {
  const [adam, abby, beth] = [await town.settle('adam'), await town.settle('abby'), await town.settle('beth')];
  await owner.groups.setRole('adam', 'admin');
  await owner.groups.setRole('abby', 'admin');
  await adam.groups.setRole('beth', 'advanced');
  await beth.groups.create('beths');
  const refused = (attempt: Promise<unknown>, code: string) => assert.rejects(attempt, { code, reason: 'denied' });
  await refused(adam.groups.setRole('owner', 'beginner'), 'role-owner');
  await refused(adam.groups.setRole('beth', 'admin'), 'role-not-granted');
  await refused(owner.groups.setRole('beth', 'super-admin'), 'role-not-granted');
  await refused(adam.groups.setRole('abby', 'beginner'), 'role-outranked');
  await refused(beth.groups.setRole('adam', 'beginner'), 'not-permitted');
  await adam.groups.setRole('beth', 'beginner');
  await refused(beth.groups.create('more'), 'not-permitted');
  await Promise.all([adam.close(), abby.close(), beth.close()]);
});

test('who is kicked or banned from a group is out of it, and back only as allowed', async () => {
  const [carl, dora] = [await town.settle('carl'), await town.settle('dora')];
  await owner.groups.join('lobby');
  await carl.groups.join('lobby');
  await dora.groups.join('lobby');
  const atCarl = watch(carl);
  await assert.rejects(dora.groups.kick('lobby', 'carl'), { code: 'not-permitted' });
  await owner.groups.kick('lobby', 'carl', 'off topic');
  const told = await event(atCarl, 'moderation', (one) => one.action === 'kick');
  assert.deepEqual([told.by, told.reason, told.group], ['owner', 'off topic', '#lobby']);
  await assert.rejects(carl.send('#lobby', 'why?'), { code: 'group-not-joined' });
  await carl.groups.join('lobby');
  await owner.groups.ban('carl', { reason: 'again' }, 'lobby');
  await assert.rejects(carl.groups.join('lobby'), { code: 'group-banned', reason: 'blocked' });
  await owner.groups.unban('carl', 'lobby');
  await carl.groups.join('lobby');
  await owner.groups.settings('lobby', { slow: 0, readOnly: true });
  const { id } = await owner.send('#lobby', 'quiet please');
  await owner.waitFor(id, 'stored', 10_000);
  await assert.rejects(carl.send('#lobby', 'not me'), { code: 'group-read-only', exit: 8 });
  const actions = (await owner.groups.ledger('lobby')).map(({ action }) => action);
  assert.deepEqual(actions.slice(-7), ['join', 'kick', 'join', 'ban', 'unban', 'join', 'settings']);
  await Promise.all([carl.close(), dora.close()]);
});

test('A10 a ban from the directory cuts sessions, revokes, makes groups rekey, and is told at the next login', async () => {
  const [emma, finn] = [await town.settle('emma'), await town.settle('finn')];
  for (const peer of [emma, finn]) await peer.groups.join('random');
  await owner.groups.join('random');
  const [atEmma, atFinn] = [watch(emma), watch(finn)];
  const began = performance.now();
  await owner.groups.ban('finn', { reason: 'flooding', until: Date.now() + 3_600_000 });
  await finn.ended;
  assert.ok(performance.now() - began < 5_000, 'sessions end within 5 s');
  await event(atFinn, 'error', (one) => one.code === 'account-banned');
  await assert.rejects(town.open('finn'), (error: { code?: string; exit?: number; message: string }) => {
    assert.deepEqual([error.code, error.exit], ['account-banned', 4]);
    return error.message.includes('flooding');
  });
  const { id } = await emma.send('#random', 'without finn');
  await emma.waitFor(id, 'stored', 10_000);
  assert.deepEqual((await emma.groups.members('random')).map(({ user }) => user).sort(), ['emma', 'owner']);
  await event(atEmma, 'moderation', (one) => one.user === 'finn');
  await owner.groups.unban('finn');
  const lines = await emma.groups.ledger();
  assert.ok(
    lines.every(({ action }) => action === undefined),
    'what concerns others is only counted',
  );
  assert.deepEqual((await owner.groups.ledger()).map(({ action }) => action).slice(-2), ['ban', 'unban']);
  const again = { home: town.home('finn'), password: PASSWORD, listen: '127.0.0.1:0', rejoin: true };
  const back = await loginPeer({ ...again, user: 'finn', directory: town.link });
  const atBack = watch(back);
  await back.replayUnseen();
  const lifted = await event(atBack, 'moderation', (one) => one.action === 'unban');
  assert.deepEqual([lifted.user, lifted.by, lifted.group], ['finn', 'owner', undefined]);
  await Promise.all([emma.close(), back.close()]);
});

test('who is silenced reads on and writes nothing until it is lifted, whatever the directory lets through', async () => {
  const [gina, hugo] = [await town.settle('gina'), await town.settle('hugo')];
  await owner.groups.create('quiet-room', { kind: 'open' });
  for (const peer of [gina, hugo]) await peer.groups.join('quiet-room');
  const [atGina, atHugo] = [watch(gina), watch(hugo)];
  const until = Date.now() + 3_600_000;
  await assert.rejects(gina.groups.silence('quiet-room', 'hugo', { until }), { code: 'not-permitted' });
  await owner.groups.silence('quiet-room', 'hugo', { until, reason: 'cool down' });
  const told = await event(atHugo, 'moderation', (one) => one.action === 'silence');
  assert.deepEqual([told.by, told.reason, told.until], ['owner', 'cool down', new Date(until).toISOString()]);
  await assert.rejects(hugo.send('#quiet-room', 'why?'), { code: 'silenced', exit: 8 });
  const { id } = await owner.send('#quiet-room', 'you can read this');
  await event(atHugo, 'message', (one) => one.id === id);
  const listed = (await gina.groups.members('quiet-room')).find(({ user }) => user === 'hugo');
  assert.equal(listed?.silenced, new Date(until).toISOString());
  // A program that does not hold itself back is refused by the directory, and one that has the directory's help by members.
  const { assertMayWrite } = GroupRoster.prototype;
  let asked = 0;
  try {
    GroupRoster.prototype.assertMayWrite = function (by) {
      if (asked++ > 0) assertMayWrite.call(this, by);
    };
    await hugo.send('#quiet-room', 'past myself');
    await event(atHugo, 'error', (one) => one.code === 'silenced');
    GroupRoster.prototype.assertMayWrite = () => {};
    const past = await hugo.send('#quiet-room', 'past the directory');
    await hugo.waitFor(past.id, 'stored', 10_000);
  } finally {
    GroupRoster.prototype.assertMayWrite = assertMayWrite;
  }
  await owner.groups.silence('quiet-room', 'hugo', {});
  const said = await hugo.send('#quiet-room', 'thank you');
  await event(atGina, 'message', (one) => one.id === said.id);
  assert.deepEqual(atGina.texts(), ['you can read this', 'thank you']);
  const actions = (await owner.groups.ledger('quiet-room')).map(({ action }) => action);
  assert.deepEqual(actions.slice(-2), ['silence', 'unsilence']);
  await Promise.all([gina.close(), hugo.close()]);
});
