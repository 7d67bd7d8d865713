import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Said } from '../support/processes.js';
import { errorCode, isMessage, messages, type Person, Stage } from '../support/stage.js';

const stage = await new Stage().open();
after(() => stage.close());
const [anna, bert] = await Promise.all([stage.registered('anna'), stage.registered('bert')]);

const texts = (said: readonly Said[]): unknown[] => said.map(({ text }) => text);
const numbered = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${prefix} ${at}`);

test('two who are here talk over a direct link, both ways, and hear that it was delivered', async () => {
  const [a, b] = await Promise.all([anna.chat(), bert.chat()]);
  a.type('/msgto bert hello bert');
  const there = await b.event(isMessage('hello bert'));
  assert.deepEqual([there.from, there.conversation, there.via, there.history], ['anna', '@anna', 'direct', undefined]);
  assert.match(String(there.sentAt), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const delivered = await a.event(({ event, state }) => event === 'sent' && state === 'delivered');
  assert.equal(delivered.id, there.id);
  b.type('/msgto anna hello anna');
  assert.equal((await a.event(isMessage('hello anna'))).via, 'direct');
  b.end();
  a.end();
  assert.deepEqual([(await a.ended).status, (await b.ended).status], [0, 0]);
});

test('what is sent to somebody who is away is stored, and delivered once and in order', async () => {
  const said = numbered('while you were away', 5);
  for (const text of said) {
    const { status, events } = await anna.run(['send', 'bert', text]);
    assert.deepEqual([status, events[0]?.state], [0, 'stored']);
  }
  const late = await anna.run(['send', 'bert', 'right now', '--wait', 'delivered', '--timeout', '1']);
  assert.deepEqual([late.status, errorCode(late)], [5, 'not-delivered']);
  const { status, events } = await bert.run(['listen', '--count', '6', '--timeout', '20']);
  assert.equal(status, 0);
  assert.equal(events[0]?.event, 'ready');
  assert.deepEqual(texts(messages(events)), [...said, 'right now']);
  assert.ok(messages(events).every(({ via }) => via === 'mailbox'));
  const again = await bert.run(['listen', '--timeout', '0.5']);
  assert.deepEqual(messages(again.events), []);
});

test('P7 S8 a receiver killed in the middle of a burst gets the rest, nothing twice and nothing lost', async () => {
  const burst = numbered('burst', 40);
  const [sender, receiver] = await Promise.all([anna.chat(), bert.listen()]);
  sender.type(`/msgto bert ${burst[0]}`);
  await receiver.event(isMessage('burst 0'));
  for (const text of burst.slice(1, 20)) sender.type(text);
  await receiver.event(isMessage('burst 7'));
  await receiver.kill('SIGKILL');
  for (const text of burst.slice(20)) sender.type(text);
  const back = await bert.listen();
  await sender.several(burst.length, ({ event, state }) => event === 'sent' && state === 'delivered');
  await back.kill();
  const { events } = await bert.run(['history', 'anna', '200']);
  assert.deepEqual(
    texts(events).filter((text) => String(text).startsWith('burst')),
    burst,
  );
  sender.end();
  await sender.ended;
});

test('the directory is killed while two talk: they go on, and mail flows again when it is back', async () => {
  const [a, b] = await Promise.all([anna.chat(), bert.chat()]);
  a.type('/msgto bert before');
  await b.event(isMessage('before'));
  await stage.directory.kill('SIGKILL');
  await a.event(({ event, state }) => event === 'directory' && state === 'offline');
  a.type('during');
  assert.equal((await b.event(isMessage('during'))).via, 'direct');
  b.type('/msgto anna answer');
  assert.equal((await a.event(isMessage('answer'))).via, 'direct');
  b.end();
  await b.ended;
  a.type('kept');
  await stage.open();
  const kept = await a.event(({ event, state }) => event === 'sent' && state === 'stored');
  const { events } = await bert.run(['listen', '--count', '1', '--timeout', '20']);
  assert.deepEqual(
    messages(events).map(({ id, text }) => [id, text]),
    [[kept.id, 'kept']],
  );
  a.end();
  await a.ended;
});

test('what is typed at the end of the input is handed over before the session ends', async () => {
  const piped = await anna.run(['login', '--plain'], '/msgto bert one\ntwo\nthree\n');
  assert.equal(piped.status, 0);
  const { events } = await bert.run(['listen', '--count', '3', '--timeout', '20']);
  assert.deepEqual(texts(messages(events)), ['one', 'two', 'three']);
});

test('every device of both people has every message, also what another of one’s own sent', async () => {
  const carl = await stage.registered('carl');
  const dana = await stage.registered('dana');
  const laptop = await stage.anotherDevice(carl);
  const [desk, travel, other] = await Promise.all([carl.listen(), laptop.listen(), dana.listen()]);
  assert.equal((await dana.through(['send', 'carl', 'to both'])).status, 0);
  await Promise.all([desk.event(isMessage('to both')), travel.event(isMessage('to both'))]);
  assert.equal((await laptop.through(['send', 'dana', 'from the laptop'])).status, 0);
  await other.event(isMessage('from the laptop'));
  const own = await desk.event(isMessage('from the laptop'));
  assert.deepEqual([own.from, own.conversation], ['carl', '@dana']);
  await Promise.all([desk, travel, other].map((listening) => listening.kill()));
});

test('history, search and export read one’s own disk', async () => {
  const [eric, fay] = await Promise.all([stage.registered('eric'), stage.registered('fay')]);
  await eric.run(['send', 'fay', 'the train leaves at *six*']);
  await fay.run(['listen', '--count', '1', '--timeout', '20']);
  await fay.run(['send', 'eric', 'then I take the bus']);
  await eric.run(['listen', '--count', '1', '--timeout', '20']);
  const all = ['the train leaves at *six*', 'then I take the bus'];
  assert.deepEqual(texts((await eric.run(['history', '@fay'])).events), all);
  assert.deepEqual(texts((await eric.run(['history', 'fay', '1'])).events), [all[1]]);
  assert.deepEqual(texts((await eric.run(['search', 'train'])).events), [all[0]]);
  assert.deepEqual(texts((await eric.run(['search', 'the', '--from', 'fay'])).events), [all[1]]);
  assert.deepEqual(texts((await eric.run(['search', 'the', '--until', '2020-01-01'])).events), []);
  assert.deepEqual(texts((await eric.run(['export', '--format', 'json'])).events), all);
  const markdown = await stage.workshop.run(
    ['export', '@fay', '--format', 'markdown', '--password-file', eric.passwordFile],
    { home: eric.home },
  );
  assert.match(markdown.stdout, /\*\*eric\*\* in @fay: the train leaves at \\\*six\\\*$/m);
});

test('nobody of that name, oneself and a group that is not there have errors of their own', async () => {
  const unknown = await anna.run(['send', 'nobody-here', 'hi']);
  assert.deepEqual([unknown.status, errorCode(unknown)], [5, 'user-unknown']);
  const self = await anna.run(['send', 'anna', 'hi']);
  assert.deepEqual([self.status, errorCode(self)], [2, 'send-self']);
  const group = await anna.run(['send', '#nowhere', 'hi']);
  assert.deepEqual([group.status, errorCode(group)], [5, 'group-unknown']);
});

test('users shows who is here, with state and role', async () => {
  const listening = await bert.listen();
  const { events } = await anna.run(['users']);
  const of = (name: string) => events.find(({ user }) => user === name);
  assert.deepEqual([of('bert')?.state, of('bert')?.role], ['online', 'beginner']);
  assert.equal(of('anna')?.event, 'presence');
  await listening.kill();
});

test('the safety number is the same on both sides, and remembered as compared', async () => {
  const number = async (person: Person, other: string) => (await person.run(['verify', other])).events[0]?.safetyNumber;
  assert.equal(await number(anna, 'bert'), await number(bert, 'anna'));
  assert.equal((await anna.run(['verify', 'bert', 'confirm'])).events[0]?.change, 'verified');
  assert.equal((await anna.run(['verify', 'bert'])).events[0]?.change, 'verified');
});
