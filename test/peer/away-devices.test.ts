import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { KEY_PACKAGE_LIFETIME_MS } from '../../src/wire/limits.js';
import { HOUR, say, texts, world } from '../support/away.js';
import { watch } from '../support/town.js';

/** Two devices of bob, away for so long that neither has keys left; then the desk is there, and ada writes. */
async function laptopMissing(t: TestContext) {
  const town = await world(t);
  await town.register('ada');
  await town.register('bob');
  await town.close(await town.open('bob'));
  await town.close(await town.login('bob', 'laptop'));
  await town.pass(20 * KEY_PACKAGE_LIFETIME_MS);
  const desk = await town.open('bob');
  const ada = await town.open('ada');
  const atDesk = watch(desk);
  await say(ada, 'bob', 'one', 'delivered');
  await say(ada, 'bob', 'two', 'delivered');
  await say(desk, 'ada', 'three', 'delivered');
  await atDesk.message('two');
  return { town, desk, ada };
}

test('N26 a second device that could not be added has no hole when it comes back', async (t) => {
  const { town, ada, desk } = await laptopMissing(t);
  // Kept over the end of the program that said it.
  await town.close(ada);
  await town.close(desk);
  await town.open('ada');
  await town.open('bob');
  const laptop = await town.open('laptop');
  const atLaptop = watch(laptop);
  await laptop.replayUnseen();
  await Promise.all([atLaptop.message('one'), atLaptop.message('two'), atLaptop.message('three')]);
  assert.deepEqual((await texts(laptop, 'ada')).sort(), ['one', 'three', 'two']);
});

test('N26 what was taken back before a missing device came is not owed to it', async (t) => {
  const { town, ada } = await laptopMissing(t);
  const [first] = await ada.history({ conversation: 'bob' });
  assert.equal(first?.text, 'one');
  await ada.changes.remove(first.id);
  const laptop = await town.open('laptop');
  const atLaptop = watch(laptop);
  await laptop.replayUnseen();
  await atLaptop.message('two');
  assert.deepEqual(
    (await texts(laptop, 'ada')).filter((text) => text === 'one'),
    [],
  );
});

test('N26 a second device that was away for longer than its certificate lives stays in the conversation', async (t) => {
  const town = await world(t);
  await town.register('ada');
  await town.register('bob');
  await town.close(await town.login('bob', 'laptop'));
  const [ada, desk] = [await town.open('ada'), await town.open('bob')];
  await say(ada, 'bob', 'day 0', 'delivered');
  await town.close(desk);
  await town.close(ada);
  for (const day of [4, 8]) {
    await town.pass(4 * 24 * HOUR);
    const [there, at] = [await town.open('ada'), await town.open('bob')];
    await say(there, 'bob', `day ${day}`, 'delivered');
    await town.close(at);
    await town.close(there);
  }
  const laptop = await town.open('laptop');
  const atLaptop = watch(laptop);
  await laptop.replayUnseen();
  await atLaptop.message('day 8');
  assert.deepEqual(await texts(laptop, 'ada'), ['day 0', 'day 4', 'day 8']);
});
