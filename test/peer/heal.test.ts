import assert from 'node:assert/strict';
import { cp, rm } from 'node:fs/promises';
import { after, test } from 'node:test';
import { PASSWORD, Town, watch } from '../support/town.js';

const town = await Town.build();
after(() => town.close());

test('M9 a profile restored from a backup is found, and goes on as another device', async () => {
  let ada = await town.settle('ada');
  const bob = await town.settle('bob');
  const atBob = watch(bob);
  await ada.send('bob', 'before the backup');
  await atBob.message('before the backup');
  await ada.close();
  await cp(town.home('ada'), town.home('backup'), { recursive: true });
  ada = await town.open('ada');
  await ada.send('bob', 'after the backup');
  await atBob.message('after the backup');
  await ada.close();
  await rm(town.home('ada'), { recursive: true });
  await cp(town.home('backup'), town.home('ada'), { recursive: true });

  ada = await town.open('ada');
  const atAda = watch(ada);
  await ada.send('bob', 'from the restored one');
  assert.equal((await atBob.message('from the restored one')).from, 'ada');
  await bob.send('ada', 'understood');
  await atAda.message('understood');
  // A generation that was used twice would have been refused, and healed, and so be seen here.
  assert.deepEqual(
    atBob.seen.filter(({ event }) => event === 'error'),
    [],
  );
  await Promise.all([ada.close(), bob.close()]);
});

test('M9 what waits for the device that a restored profile was is sealed for the one it is, once that is shut out', async () => {
  let cat = await town.settle('cat');
  const dan = await town.settle('dan');
  const first = watch(cat);
  await dan.send('cat', 'one');
  await first.message('one');
  await cat.close();
  await cp(town.home('cat'), town.home('cat-backup'), { recursive: true });
  cat = await town.open('cat');
  const atCat = watch(cat);
  await dan.send('cat', 'two');
  await atCat.message('two');
  await cat.close();
  await rm(town.home('cat'), { recursive: true });
  await cp(town.home('cat-backup'), town.home('cat'), { recursive: true });
  await dan.send('cat', 'three');

  const before = cat.device;
  cat = await town.open('cat');
  const restored = watch(cat);
  await cat.replayUnseen();
  assert.notEqual(cat.device, before);
  await cat.account.revokeDevice(before, PASSWORD);
  await restored.message('three');
  await Promise.all([cat.close(), dan.close()]);
});

test('P9 two who write to each other at once for the first time share one conversation and lose nothing', async () => {
  const [eve, fay] = [await town.settle('eve'), await town.settle('fay')];
  const [atEve, atFay] = [watch(eve), watch(fay)];
  const numbers = Array.from({ length: 10 }, (_, i) => i);
  await Promise.all(numbers.flatMap((n) => [eve.send('fay', `eve ${n}`), fay.send('eve', `fay ${n}`)]));
  await Promise.all(numbers.flatMap((n) => [atFay.message(`eve ${n}`), atEve.message(`fay ${n}`)]));
  assert.deepEqual(
    atFay.texts().filter((text) => text.startsWith('eve')),
    numbers.map((n) => `eve ${n}`),
  );
  assert.equal(new Set(atEve.texts()).size, atEve.texts().length);
  await Promise.all([eve.close(), fay.close()]);
});

test('P9 of two who write one line each at once, for the first time, both lines arrive without another', async () => {
  const [kai, lea] = [await town.settle('kai'), await town.settle('lea')];
  const [atKai, atLea] = [watch(kai), watch(lea)];
  await Promise.all([kai.send('lea', 'kai first'), lea.send('kai', 'lea first')]);
  await Promise.all([atLea.message('kai first'), atKai.message('lea first')]);
  await Promise.all([kai.close(), lea.close()]);
});

test('A10 after a logout everywhere the other devices are cut off and let in no more', async () => {
  const gus = await town.settle('gus');
  const second = await town.open('gus', 'gus-laptop');
  const ended = second.ended;
  await gus.logout(true, PASSWORD);
  await ended;
  await assert.rejects(
    town.open('gus', 'gus-laptop').then((peer) => peer.users()),
    { reason: /unreachable|trust|credentials/ },
  );
});

test('a name that is not registered cannot be written to', async () => {
  const hal = await town.settle('hal');
  await assert.rejects(hal.send('nobody', 'hello?'), { reason: 'unknown' });
  await assert.rejects(hal.send('hal', 'hello me'), { code: 'send-self' });
  await assert.rejects(hal.send('not a name', 'hello'), { code: 'name-invalid' });
  await hal.close();
});

test('texts that are empty or too long are refused and nothing is kept of them', async () => {
  const [ida, jan] = [await town.settle('ida'), await town.settle('jan')];
  await assert.rejects(ida.send('jan', '  '), { code: 'text-empty' });
  await assert.rejects(ida.send('jan', 'x'.repeat(20_000)), { code: 'text-too-long' });
  assert.deepEqual(await ida.history({ conversation: 'jan' }), []);
  await Promise.all([ida.close(), jan.close()]);
});

test('search finds by words, person and time; export gives all', async () => {
  const [kim, leo] = [await town.settle('kim'), await town.settle('leo')];
  const atLeo = watch(leo);
  for (const text of ['the red boat', 'a blue boat', 'nothing']) await kim.send('leo', text);
  await atLeo.message('nothing');
  const texts = async (words: string, more = {}) => (await leo.search({ words, ...more })).map(({ text }) => text);
  assert.deepEqual(await texts('BOAT'), ['the red boat', 'a blue boat']);
  assert.deepEqual(await texts('boat blue'), ['a blue boat']);
  assert.deepEqual(await texts('boat', { from: 'leo' }), []);
  assert.deepEqual(await texts('boat', { until: 1 }), []);
  assert.deepEqual(await texts('boat', { limit: 1 }), ['a blue boat']);
  const exported: string[] = [];
  for await (const { text } of leo.export()) exported.push(text);
  assert.deepEqual(exported, ['the red boat', 'a blue boat', 'nothing']);
  await Promise.all([kim.close(), leo.close()]);
});
