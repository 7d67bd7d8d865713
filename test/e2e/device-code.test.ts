import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { fill } from '../support/filled.js';
import { filesWith } from '../support/needles.js';
import type { Running, Said } from '../support/processes.js';
import { errorCode, PASSWORD, type Person, Stage } from '../support/stage.js';

const stage = await new Stage().open();
after(() => stage.close());
const at = (): string => /\/\/(.+)#/.exec(stage.link)![1]!;

const isCode = ({ event }: Said): boolean => event === 'code';
const became =
  (state: string) =>
  ({ event, change, state: is }: Said): boolean =>
    event === 'account' && change === 'code' && is === state;

/** Makes a code through the chat that runs, and waits for what comes of it. */
async function adding(person: Person): Promise<{ readonly running: Running; readonly code: string }> {
  const running = person.start(['device', 'add']);
  return { running, code: String((await running.event(isCode)).code) };
}

const enrol = (person: Person, code: string, ...words: string[]): Running =>
  stage.workshop.start(['login', '--plain', '--json', '--code-file', stage.workshop.file(`${code}\n`), ...words], {
    home: person.home,
  });

test('A8 a device is added by a number and three words: no password, no fingerprint, and the history comes', async () => {
  const ann = await stage.registered('ann');
  await fill(ann.home, PASSWORD, { user: 'ann', conversations: ['@bob'], each: 300 });
  const chat = await ann.chat();
  const { running, code } = await adding(ann);
  assert.match(code, /^\d{4} [a-z]+ [a-z]+ [a-z]+$/);
  const laptop = stage.newcomer('ann');
  const there = enrol(laptop, code, '--directory', at());
  const enrolled = await there.event(({ event }) => event === 'enrolled');
  for (const proc of ['cmdline', 'environ']) {
    const shown = readFileSync(`/proc/${there.child.pid}/${proc}`, 'latin1');
    for (const word of code.split(' ')) assert.ok(!shown.includes(word), `X1 ${proc} shows ${word}`);
  }
  const done = await chat.event(became('done'));
  assert.equal((done.device as { id: string }).id, enrolled.device);
  const added = await running.ended;
  assert.equal(added.status, 0);
  assert.equal(added.events.at(-1)?.device, enrolled.device);
  await there.event(({ event, change, state, lines }) =>
    Boolean(event === 'account' && change === 'history' && state === 'done' && Number(lines) >= 300),
  );
  assert.ok(
    !chat.events.some(({ event, change, state }) => event === 'account' && change === 'device' && state === 'added'),
  );
  assert.ok(
    !chat.events.some(({ change, state }) => change === 'history' && state === 'asked'),
    'it was allowed already',
  );
  there.end();
  assert.equal((await there.ended).status, 0);
  assert.equal((await laptop.run(['device', 'list'])).events.find(({ here }) => here)?.by, chat.events[0]?.device);
  const spent = stage.newcomer('ann');
  const again = await enrol(spent, code, '--directory', at()).ended;
  assert.deepEqual([again.status, errorCode(again)], [8, 'pairing-used']);
  await chat.kill();
  const words = code.split(' ').slice(1).join(' ');
  for (const folder of [stage.data, ann.home, laptop.home]) assert.deepEqual(filesWith([words], folder), []);
});

test('N60 wrong words: an error of its own on both sides, the code is spent, and nothing was given', async () => {
  const bob = await stage.registered('bob');
  const chat = await bob.chat();
  const { running, code } = await adding(bob);
  const [number, first, second, third] = code.split(' ');
  const wrong = third === 'zoo' ? 'zone' : 'zoo';
  const thief = stage.newcomer('bob');
  const guess = await enrol(thief, `${number} ${first} ${second} ${wrong}`, '--directory', at()).ended;
  assert.deepEqual([guess.status, errorCode(guess)], [8, 'pairing-wrong']);
  const told = await running.ended;
  assert.deepEqual([told.status, errorCode(told)], [8, 'pairing-wrong']);
  await chat.event(became('wrong'));
  const right = await enrol(stage.newcomer('bob'), code, '--directory', at()).ended;
  assert.deepEqual([right.status, errorCode(right)], [8, 'pairing-used']);
  assert.equal((await bob.through(['device', 'list'])).events.length, 1);
  await chat.kill();
});

test('a copied code brings the link along, and one that is none is told before it is tried', async () => {
  const cleo = await stage.registered('cleo');
  const made = stage.workshop.start(['device', 'add', '--json', '--password-file', cleo.passwordFile], {
    home: cleo.home,
  });
  const { link, code } = await made.event(isCode);
  const laptop = stage.newcomer('cleo');
  const typo = await enrol(laptop, String(code).replace(/[a-z]+$/, 'xyzzy'), '--directory', at()).ended;
  assert.deepEqual([typo.status, errorCode(typo)], [2, 'code-invalid']);
  const nowhere = await enrol(laptop, String(code)).ended;
  assert.deepEqual([nowhere.status, errorCode(nowhere)], [2, 'directory-needed']);
  const shown = await stage.workshop.run(['login', '--plain', '--json', '--code', String(code)], { home: laptop.home });
  assert.deepEqual([shown.status, errorCode(shown)], [2, 'code-in-argv']);
  const there = enrol(laptop, String(link), '--history', 'none');
  await there.event(({ event }) => event === 'ready');
  there.end();
  assert.equal((await made.ended).status, 0);
  assert.equal((await there.ended).status, 0);
  const taken = await enrol(laptop, String(link)).ended;
  assert.deepEqual([taken.status, errorCode(taken)], [2, 'profile-taken']);
});

test('whoever made the code and ended the program: the code is worth nothing', async () => {
  const dan = await stage.registered('dan');
  const made = stage.workshop.start(['device', 'add', '--json', '--password-file', dan.passwordFile], {
    home: dan.home,
  });
  const { code } = await made.event(isCode);
  await made.kill('SIGINT');
  const late = await enrol(stage.newcomer('dan'), String(code), '--directory', at()).ended;
  assert.deepEqual([late.status, errorCode(late)], [7, 'pairing-away']);
});
