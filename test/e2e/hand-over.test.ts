import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, test } from 'node:test';
import { fill } from '../support/filled.js';
import type { Running, Said } from '../support/processes.js';
import { isMessage, PASSWORD, type Person, Stage } from '../support/stage.js';

const stage = await new Stage().open();
after(() => stage.close());

const LINES = 4_000;

const isHistory =
  (state: string, device?: string) =>
  (said: Said): boolean =>
    said.event === 'account' &&
    said.change === 'history' &&
    said.state === state &&
    (device === undefined || (said.device as { id: string }).id === device);

const deviceOf = (running: Running): string => String(running.events.find(({ event }) => event === 'ready')?.device);

async function says(person: Person, words: readonly string[]): Promise<readonly Said[]> {
  const { status, events, stdout } = await person.through(words);
  assert.equal(status, 0, `${words.join(' ')}: ${stdout}`);
  return events;
}

/** All lines, in their order, as far as all devices must agree on them. */
async function everything(person: Person): Promise<{ readonly hash: string; readonly lines: readonly string[] }> {
  const events = await says(person, ['export']);
  const lines = events
    .filter(({ event }) => event === 'message')
    .map(({ id, conversation, from, text, sentAt, edited, deleted }) =>
      JSON.stringify([conversation, id, from, text, sentAt, edited === true, deleted === true]),
    );
  // Conversations have no order among each other.
  const sorted = [...lines].sort((one, other) => {
    const [a, b] = [JSON.parse(one)[0], JSON.parse(other)[0]] as [string, string];
    return a < b ? -1 : a > b ? 1 : lines.indexOf(one) - lines.indexOf(other);
  });
  return { hash: createHash('sha256').update(sorted.join('\n')).digest('hex'), lines: sorted };
}

/** Where two devices do not agree, so that it can be read. */
const differing = (one: readonly string[], other: readonly string[]): string[] =>
  Array.from({ length: Math.max(one.length, other.length) }, (_, at) => at)
    .filter((at) => one[at] !== other[at])
    .slice(0, 4)
    .map((at) => `${at} of ${one.length} and ${other.length}: ${one[at]} ${other[at]}`);

test('A8 a new device gets the history of the others once their person allows it, through kill -9, and all three end with the same', async () => {
  const ann = await stage.registered('ann');
  const bob = await stage.registered('bob');
  await fill(ann.home, PASSWORD, { user: 'ann', conversations: ['@bob', '@friend'], each: LINES / 2 });
  const second = await stage.anotherDevice(ann);
  const atSecond = await second.listen();
  const a = await ann.listen();
  const b = await bob.listen();
  await says(ann, ['send', 'bob', 'on both devices']);
  const [{ id: taken }] = (await says(ann, ['send', 'bob', 'taken back'])) as [{ id: string }];
  await atSecond.event(isMessage('taken back'));
  // The second one is away, with lines that nobody else has.
  const secondId = deviceOf(atSecond);
  await atSecond.kill();
  await fill(second.home, PASSWORD, { user: 'ann', conversations: ['@carol'], each: 40 });
  await says(ann, ['delete', taken]);

  const third = stage.newcomer('ann');
  let c = third.start(['login', 'ann', '--plain', '--directory', stage.link, '--listen', '127.0.0.1:0']);
  await c.event(({ event }) => event === 'ready');
  const thirdId = deviceOf(c);
  await Promise.all([a.event(isHistory('asked', thirdId)), c.event(isHistory('waiting'))]);
  // Whoever has the password alone gets none of it.
  assert.equal((await says(third, ['export'])).filter(({ event }) => event === 'message').length, 0);
  // What comes meanwhile is not lost under what is older.
  await says(bob, ['send', 'ann', 'while it waits']);
  await c.event(isMessage('while it waits'));
  await says(ann, ['device', 'allow', thirdId]);
  for (let round = 0; round < 2; round++) {
    await c.event(isHistory('taking'));
    await c.kill('SIGKILL');
    c = await third.listen();
  }
  await c.event(isHistory('done', deviceOf(a)));
  const [atFirst, atThird] = [await everything(ann), await everything(third)];
  assert.deepEqual(differing(atThird.lines, atFirst.lines), []);
  assert.equal(atThird.hash, atFirst.hash);

  // The one that was away comes back; each allows the others.
  const back = await second.listen();
  await back.event(isHistory('asked', thirdId));
  await says(second, ['device', 'allow', thirdId]);
  await c.event(isHistory('done', secondId));
  await says(ann, ['device', 'allow', secondId]);
  await back.event(isHistory('done', deviceOf(a)));
  await says(ann, ['device', 'history', 'all']);
  await back.event(isHistory('asked', deviceOf(a)));
  await says(second, ['device', 'allow', deviceOf(a)]);
  await a.event(isHistory('done', secondId));
  const all = await Promise.all([everything(ann), everything(second), everything(third)]);
  for (const { lines } of all.slice(1)) assert.deepEqual(differing(lines, all[0].lines), []);
  assert.deepEqual(new Set(all.map(({ hash }) => hash)).size, 1);
  assert.equal(all[0].lines.length, LINES + 3 + 40);
  assert.ok(!all.some(({ lines }) => lines.some((line) => line.includes('taken back'))));
  await Promise.all([a, b, c, back].map((running) => running.kill()));
});

test('A8 a device that wants no history, or the newest alone, gets that', async () => {
  const eve = await stage.registered('eve');
  await fill(eve.home, PASSWORD, { user: 'eve', conversations: ['@bob'], each: 20 });
  const running = await eve.listen();
  const none = stage.newcomer('eve');
  const words = ['login', 'eve', '--plain', '--directory', stage.link, '--listen', '127.0.0.1:0'];
  const n = none.start([...words, '--history', 'none']);
  await n.event(({ event }) => event === 'ready');
  assert.equal((await says(none, ['device', 'history']))[0]?.history, 'none');
  const some = stage.newcomer('eve');
  const s = some.start([...words, '--history', '1d']);
  await running.event(isHistory('asked', deviceOf(await ready(s))));
  await says(eve, ['device', 'allow', deviceOf(s)]);
  await s.event(isHistory('done'));
  assert.equal((await says(some, ['history', 'bob', '100'])).length, 20);
  assert.ok(!running.events.some(isHistory('asked', deviceOf(n))));
  assert.equal((await says(none, ['export'])).filter(({ event }) => event === 'message').length, 0);
  const bad = await eve.run(['device', 'history', 'sometimes']);
  assert.equal(bad.status, 2);
  await Promise.all([running, n, s].map((one) => one.kill()));
});

async function ready(running: Running): Promise<Running> {
  await running.event(({ event }) => event === 'ready');
  return running;
}
