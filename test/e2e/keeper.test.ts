import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { deviceOf, isHistory, says } from '../support/histories.js';
import type { Running, Said } from '../support/processes.js';
import { isMessage, messages, type Person, Stage } from '../support/stage.js';

const stage = await new Stage().open();
after(() => stage.close());

const isSeed = (state: string) => (said: Said) => said.event === 'seed' && said.state === state;
const isStored = (said: Said): boolean =>
  said.event === 'sent' && said.state === 'stored' && said.conversation === '#lobby';

async function chat(person: Person): Promise<Running> {
  const running = person.start(['login', person.name, '--plain', '--directory', stage.link, '--listen', '127.0.0.1:0']);
  await running.event(({ event }) => event === 'ready');
  return running;
}

/** Lines on this device's disk, oldest first. */
async function lines(person: Person, words: readonly string[]): Promise<unknown[]> {
  return messages(await says(person, words)).map(({ from, text }) => `${from}: ${text}`);
}

test('with nobody there but a keeper, newcomers read a room, files are held, and a new device gets the history', async () => {
  const [ann, cat] = [await stage.registered('ann'), await stage.registered('cat')];
  const laptop = await chat(ann);
  // A room where nobody else has ever been.
  laptop.type('/join lobby');
  laptop.type('/groupmsg lobby the first');
  await laptop.event(isStored);
  laptop.type('/groupmsg lobby taken back');
  const [, gone] = await laptop.several(2, isStored);
  laptop.type(`/delete ${String(gone?.id)}`);
  laptop.type('/msgto cat between us');
  const box = await stage.anotherDevice(ann);
  const keeper = box.start(['keeper', '--listen', '127.0.0.1:0']);
  const keeping = await keeper.event(({ event }) => event === 'keeping');
  assert.deepEqual([keeping.allowed, keeping.rooms], [[], ['#lobby']]);
  const keeperId = deviceOf(keeper);
  await laptop.event(isHistory('asked', keeperId));
  laptop.type(`/allowdevice ${keeperId}`);
  await keeper.event(isHistory('done', deviceOf(laptop)));
  // From now on the laptop says there, too, who may have it.
  await says(box, ['device', 'allow', deviceOf(laptop)]);

  const path = join(stage.workshop.folder, 'plan.txt');
  writeFileSync(path, 'nobody else reads this\n'.repeat(30_000));
  laptop.type(`/p2pfile cat ${path} --leave`);
  const { id } = await keeper.event(isSeed('held'));
  const phone = stage.newcomer('ann');
  const first = await chat(phone);
  await first.event(isHistory('waiting', keeperId));
  await first.kill();
  laptop.type(`/allowdevice ${deviceOf(first)}`);
  await keeper.event(isHistory('allowed', deviceOf(first)));
  laptop.type('/groupmsg lobby the last');
  await laptop.several(3, isStored);
  await laptop.kill();

  const c = await chat(cat);
  c.type('/join lobby');
  c.type('/accept');
  await c.event(isMessage('the last'));
  await c.event((said) => said.event === 'change' && said.change === 'deleted');
  assert.deepEqual(await lines(cat, ['history', '#lobby']), ['ann: the first', 'ann: ', 'ann: the last']);
  const done = await c.event((said) => said.event === 'transfer' && said.state === 'done');
  assert.equal(done.id, id);
  const [file] = done.files as [{ path: string }];
  assert.deepEqual(readFileSync(file.path), readFileSync(path));
  await keeper.event(isSeed('released'));

  const again = await chat(phone);
  await again.event(isHistory('done', keeperId));
  const all = await lines(phone, ['export']);
  assert.deepEqual(all.sort(), ['ann: ', 'ann: between us', 'ann: the first', 'ann: the last']);
  // What people say is in no journal.
  assert.ok(!/the first|the last|between us/.test(keeper.stdout + keeper.stderr), keeper.stdout);
});
