import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { PASSWORD, Town, watch } from '../support/town.js';

const town = await Town.build();
after(() => town.close());

test('N29 what waits for an account that is deleted fails once, is said, and its text stays until it is taken away', async () => {
  let [ada, bob] = await Promise.all([town.settle('ada'), town.settle('bob')]);
  const atBob = watch(bob);
  await ada.send('bob', 'first');
  await atBob.message('first');
  await bob.close();
  const port = await town.stopDirectory();
  const { id } = await ada.send('bob', 'queued');
  await ada.close();
  await town.startDirectory(port);
  bob = await town.open('bob');
  await bob.deleteAccount(PASSWORD);
  await bob.close();

  ada = await town.open('ada');
  const seen = watch(ada);
  await ada.replayUnseen();
  assert.equal((await ada.waitFor(id, 'stored', 20_000)).state, 'failed');
  const error = await seen.until((events) => events.find(({ event }) => event === 'error'));
  assert.match(JSON.stringify(error), /user-unknown.*a message to bob could not be sent and is not tried again/);
  await ada.close();

  ada = await town.open('ada');
  const again = watch(ada);
  await ada.replayUnseen();
  const last = async () => (await ada.history({ conversation: '@bob', limit: 1 })).at(-1);
  assert.deepEqual([(await last())?.text, (await last())?.state], ['queued', 'failed']);
  await ada.changes.remove(id);
  assert.equal((await last())?.text, 'first');
  await ada.close();
  assert.deepEqual(
    again.seen.filter(({ event }) => event === 'error'),
    [],
  );
});
