import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { seen } from '../support/seen.js';
import { Stage } from '../support/stage.js';

const NEXT = 'marble lantern orbit canyon';
const stage = await new Stage().open();
after(() => stage.close());
const kept = (name: string): string => join(stage.workshop.folder, `${name}.backup`);

test('what is new is added to a backup, and what was taken back or edited since is in it no more', async () => {
  const [cora, dan] = await Promise.all([stage.registered('cora'), stage.registered('dan')]);
  const file = kept('added');
  // What is begun from the shell goes through the program that runs.
  const running = await cora.listen();
  const says = async (words: readonly string[]) => {
    const { status, events, stdout } = await cora.through(words);
    assert.equal(status, 0, stdout);
    return events;
  };
  const pass = ['--under', 'passphrase', '--passphrase-file', stage.workshop.file(`${NEXT}\n`)];
  const ids: string[] = [];
  for (const text of ['one', 'two', 'three']) ids.push(String((await says(['send', 'dan', text]))[0]?.id));
  assert.equal((await says(['backup', file, ...pass]))[0]?.lines, 3);
  await says(['send', 'dan', 'four']);
  const [more] = await says(['backup', file, ...pass]);
  assert.deepEqual([more?.mode, Number(more?.lines) < 4], ['added', true]);
  const before = readFileSync(file).subarray(0, 200);
  await says(['delete', ids[0]!]);
  await says(['edit', 'two, edited', '--id', ids[1]!]);
  await says(['backup', file, ...pass]);
  // Under another key: nothing of the old file is left in it.
  assert.notDeepEqual(readFileSync(file).subarray(0, 200), before);
  const again = stage.newcomer('cora');
  const { status, stdout, events } = await again.run(['restore', file, ...pass.slice(2)]);
  assert.equal(status, 0, stdout);
  assert.equal(events[0]?.lines, 4);
  assert.deepEqual(await seen(again, 'dan'), await seen({ does: says }, 'dan'));

  // And the new device goes on with the same file, which the first one takes in.
  await again.does(['send', 'dan', 'five']);
  await again.does(['backup', file, ...pass]);
  await running.event(({ text }) => text === 'five');
  await says(['import', file, ...pass]);
  assert.deepEqual(
    (await seen({ does: says }, 'dan')).map(({ text }) => text),
    ['', 'two, edited', 'three', 'four', 'five'],
  );
  await says(['delete', ids[2]!]);
  const [taken] = await says(['import', file, ...pass]);
  assert.deepEqual([taken?.added, taken?.changed], [0, 0]);
  assert.equal((await seen({ does: says }, 'dan'))[2]?.deleted, true);
  assert.equal((await dan.does(['history', 'cora'])).length, 5);
  await running.kill();
});
