import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { errorCode, isMessage, Stage } from '../support/stage.js';

const stage = new Stage();
after(() => stage.close());

test('path says how somebody is reached, and when nobody answers any more, which address was tried and what to do', async () => {
  await stage.open();
  const [ada, bob] = await Promise.all([stage.registered('ada'), stage.registered('bob')]);
  const atBob = await bob.listen();
  const atAda = await ada.listen();
  assert.equal((await ada.through(['send', 'bob', 'hello'])).status, 0);
  await atBob.event(isMessage('hello'));
  const [direct] = (await ada.through(['path', 'bob'])).events;
  assert.deepEqual([direct?.event, direct?.path, direct?.state], ['path', 'direct', 'online']);
  assert.ok(Number(direct?.rtt) >= 0);
  const nobody = await ada.through(['path', 'nobody']);
  assert.deepEqual([nobody.status, errorCode(nobody)], [5, 'user-unknown']);

  await atBob.kill();
  const [mailbox] = (await ada.through(['path', 'bob'])).events;
  assert.deepEqual([mailbox?.path, mailbox?.state, mailbox?.tried], ['mailbox', 'offline', []]);

  await stage.directory.kill('SIGKILL');
  await atAda.event(({ event, state }) => event === 'directory' && state === 'offline');
  const [none] = (await ada.through(['path', 'bob'])).events;
  const tried = none?.tried as { address: string; result: string }[];
  assert.equal(none?.path, 'none');
  assert.ok(tried.length > 0 && tried.every(({ result }) => result === 'refused'), JSON.stringify(none));
  assert.match(String(none?.hint), /Nothing listens there/);
});
