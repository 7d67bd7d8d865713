import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Town, watch } from '../../support/town.js';
import { event } from '../../support/watching.js';

const town = await Town.build();
after(() => town.close());
const ann = await town.owner('ann');

test('C5 what is said in a group that a person entered while another device of theirs was off is read there, too', async () => {
  await (await town.settle('bob')).close();
  await (await town.open('bob', 'laptop')).close();
  await ann.groups.create('crew', { history: 'joined' });
  await ann.groups.invite('crew', 'bob');
  const desk = await town.open('bob');
  if ((await desk.groups.list()).find(({ group }) => group === '#crew')?.state !== 'member')
    await desk.groups.join('crew');
  const atDesk = watch(desk);
  const said = Array.from({ length: 12 }, (_, at) => `while the laptop is off ${at}`);
  for (const text of said) await ann.send('#crew', text);
  await atDesk.message(said.at(-1)!);
  const { id } = await desk.send('#crew', 'from my desk');
  await desk.waitFor(id, 'stored', 60_000);
  await desk.close();

  const laptop = await town.open('bob', 'laptop');
  const atLaptop = watch(laptop);
  await laptop.replayUnseen();
  await ann.send('#crew', 'and now');
  await atLaptop.message('and now');
  const seen = (await laptop.history({ conversation: '#crew' })).map(({ text }) => text);
  assert.deepEqual(seen, [...said, 'from my desk', 'and now']);
  await laptop.close();
});

test('what was said in a group before a device was let in is told where another device of its person was there', async () => {
  const cat = await town.settle('cat');
  await ann.groups.setRole('cat', 'advanced');
  await cat.groups.create('den', { history: 'joined' });
  for (const text of ['one', 'two']) await cat.send('#den', text);
  // A device that did not exist then.
  const phone = await town.open('cat', 'phone');
  const atPhone = watch(phone);
  await phone.replayUnseen();
  const told = await event(atPhone, 'error', ({ code }) => code === 'group-passed-over');
  assert.match(told.message, /#den: 2 messages/);
  await cat.send('#den', 'three');
  await atPhone.message('three');
});
