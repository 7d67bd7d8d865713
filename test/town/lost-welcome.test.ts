import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedTown } from './town.js';

test('a device that was let in and never heard so is not taken for a restored copy of itself', async () => {
  const make = await SimulatedTown.planned({
    people: { ada: 1, bob: 1 },
    async prepare(town) {
      for (const { peer } of town.residents) await town.done('joining', peer!.groups.join('#lobby'));
    },
  });
  const town = await make('lost welcome');
  const [ada, bob] = [town.find('ada'), town.find('bob')];
  ada.kill();
  await town.done('sending', bob.peer!.send('#lobby', 'while ada is away'));
  await town.pass(5_000);
  // What a device shows is on the directory's disk, and the answer is lost with its program.
  town.directory.killAt = { moment: 'after', writes: 1 };
  ada.start();
  await town.until('the directory dies', () => !town.directory.alive);
  await town.mend();
  await town.pass(10_000);
  const lines = await town.done('history', ada.peer!.history({ conversation: '#lobby' }));
  assert.deepEqual(
    lines.map(({ text }) => text),
    ['while ada is away'],
  );
  town.close();
});
