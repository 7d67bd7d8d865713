import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { fill } from '../support/filled.js';
import { deviceOf, differing, everything, isHistory } from '../support/histories.js';
import { isMessage, PASSWORD, Stage } from '../support/stage.js';

/** Three devices, and a directory that lies, are in hand-over.slow.test.ts. */
const stage = await new Stage().open();
after(() => stage.close());

/** So many that they don't come in one piece. */
const LINES = 4_000;

test('A8 new devices get the history of another one once their person allows it, through kill -9, or none if they want none', async () => {
  const ann = await stage.registered('ann');
  await stage.registered('bob');
  await fill(ann.home, PASSWORD, { user: 'ann', conversations: ['@bob', '@friend'], each: LINES / 2 });
  const a = await ann.chat();
  const login = ['login', 'ann', '--plain', '--directory', stage.link, '--listen', '127.0.0.1:0'];
  const [laptop, none] = [stage.newcomer('ann'), stage.newcomer('ann')];
  const wantsNone = none.start([...login, '--history', 'none']);
  let c = laptop.start([...login, '--history', '90d']);
  await Promise.all([a.event(isHistory('asked')), c.event(isHistory('waiting'))]);
  const id = deviceOf(c);
  // Whoever has the password alone gets none of it.
  assert.deepEqual(await everything(laptop), []);
  // What comes meanwhile is not lost under what is older.
  a.type('/msgto bob while it waits');
  await Promise.all([c, wantsNone].map((running) => running.event(isMessage('while it waits'))));
  a.type(`/allowdevice ${id}`);
  await c.event(isHistory('taking'));
  await c.kill('SIGKILL');
  c = await laptop.listen();
  await c.event(isHistory('done', deviceOf(a)));
  const [here, there] = [await everything(ann), await everything(laptop)];
  assert.deepEqual(differing(there, here), []);
  assert.equal(here.length, LINES + 1);
  assert.equal((await everything(none)).length, 1);
  assert.ok(!a.events.some(isHistory('asked', deviceOf(wantsNone))));
  await Promise.all([a, c, wantsNone].map((running) => running.kill()));
});
