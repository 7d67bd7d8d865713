import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Running, Said } from '../support/processes.js';
import { errorCode, isMessage, type Person, Stage } from '../support/stage.js';

/** Three people who talk as scripts do: each a process that listens, and commands that go through it. */

let [ann, bob, cat]: Person[] = [];
let [atAnn, atBob, atCat]: Running[] = [];
const stage = await new Stage().open();
after(() => stage.close());
const owner = stage.newcomer('ann');
const { status } = await stage.register(owner, '--invite', stage.ownerInvite);
assert.equal(status, 0);
[ann, bob, cat] = [owner, ...(await Promise.all([stage.registered('bob'), stage.registered('cat')]))];
[atAnn, atBob, atCat] = await Promise.all([ann, bob!, cat!].map((person) => person.listen()));
for (const person of [ann, bob!, cat!]) await does(person, 'group', 'join', 'lobby');

async function does(person: Person, ...words: string[]): Promise<readonly Said[]> {
  const { status, stdout, stderr, events } = await person.through(words);
  assert.equal(status, 0, `${person.name}: ${words.join(' ')}\n${stdout}${stderr}`);
  return events;
}

const says = async (person: Person, ...words: string[]): Promise<string> =>
  String((await does(person, 'send', ...words)).find(({ event }) => event === 'sent')?.id);
const lines = async (person: Person, conversation: string) => does(person, 'history', conversation, '100');
const line = async (person: Person, conversation: string, id: string) =>
  (await lines(person, conversation)).find((one) => one.id === id);
const isChange = (id: string, change: string) => (said: Said) =>
  said.event === 'change' && said.id === id && said.change === change;

test('a question is answered, named people are told so, and counts are kept until it is read', async () => {
  const question = await says(ann!, '#lobby', 'who brings cake, @bob?');
  const asked = await atBob!.event(isMessage('who brings cake, @bob?'));
  assert.deepEqual([asked.mentioned, asked.id], [true, question]);
  assert.equal((await atCat!.event(isMessage('who brings cake, @bob?'))).mentioned, undefined);
  await says(bob!, '#lobby', 'I do', '--reply', question.slice(0, 8));
  assert.equal((await atAnn!.event(isMessage('I do'))).replyTo, question);
  const counted = (await does(bob!, 'history')).find(({ conversation }) => conversation === '#lobby');
  assert.deepEqual([counted?.unread, counted?.mentions], [1, 1]);
  await does(bob!, 'read', '#lobby');
  const read = await atAnn!.event((said) => said.event === 'sent' && said.id === question && said.state === 'read');
  assert.equal(read.by, 'bob');
  assert.deepEqual((await line(ann!, '#lobby', question))?.readBy, ['bob']);
  const wrong = await bob!.through(['send', '#lobby', 'x', '--reply', 'ff'.repeat(16)]);
  assert.deepEqual([wrong.status, errorCode(wrong)], [5, 'message-unknown']);
});

test('between two: delivered, read, typing, edited, taken back, reacted to', async () => {
  const id = await says(ann!, 'bob', 'se you', '--wait', 'delivered');
  await does(ann!, 'typing', '@bob');
  const typing = (state: string) => (said: Said) => said.event === 'typing' && said.state === state;
  assert.equal((await atBob!.event(typing('started'))).user, 'ann');
  await does(ann!, 'edit', 'see you', '--id', id);
  assert.equal((await atBob!.event(isChange(id, 'edited'))).text, 'see you');
  await does(bob!, 'react', '👍', '--id', id);
  await atAnn!.event(isChange(id, 'reaction'));
  await does(bob!, 'read', '@ann');
  await atAnn!.event((said) => said.event === 'sent' && said.id === id && said.state === 'read');
  assert.equal((await line(ann!, '@bob', id))?.state, 'read');
  await does(ann!, 'delete', id);
  await atBob!.event(isChange(id, 'deleted'));
  await says(ann!, 'bob', 'done');
  await atBob!.event(typing('stopped'));
  await does(cat!, 'preferences', 'receipts', 'off');
  const [wishes] = await does(cat!, 'preferences');
  assert.deepEqual([wishes?.readReceipts, wishes?.typing], [false, true]);
});

test('a conversation whose messages live a second leaves nothing behind on either disk', async () => {
  assert.equal((await does(ann!, 'expire', '1s', '--in', '@bob'))[0]?.expire, 1);
  await atBob!.event((said) => said.event === 'setting' && said.expire === 1);
  const id = await says(ann!, 'bob', 'burn after reading');
  const seen = await atBob!.event(isMessage('burn after reading'));
  assert.ok(Date.parse(String(seen.expiresAt)) > Date.parse(String(seen.receivedAt)));
  await Promise.all([atAnn!.event(isChange(id, 'expired')), atBob!.event(isChange(id, 'expired'))]);
  for (const person of [ann!, bob!]) {
    for (const words of [
      ['history', person === ann ? '@bob' : '@ann'],
      ['search', 'burn'],
      ['export', '--format', 'json'],
    ])
      assert.ok(!(await does(person, ...words)).some(({ text }) => text === 'burn after reading'), words.join(' '));
  }
  const refused = await bob!.through(['expire', '1h', '--in', '#lobby']);
  assert.deepEqual([refused.status, errorCode(refused)], [8, 'not-permitted']);
  const wrong = await bob!.through(['expire', 'soon', '--in', '@ann']);
  assert.deepEqual([wrong.status, errorCode(wrong)], [2, 'argument-invalid']);
  await does(bob!, 'expire', 'off', '--in', '@ann');
});

test('muted is quiet, blocked is silent, and both are listed and taken back', async () => {
  await does(cat!, 'mute', '#lobby');
  await does(cat!, 'block', 'bob');
  const [wishes] = await does(cat!, 'preferences');
  assert.deepEqual([wishes?.muted, wishes?.blocked], [['#lobby'], ['@bob']]);
  const id = await says(bob!, 'cat', 'can you hear me?');
  const state = (await bob!.through(['send', 'cat', 'hello?', '--wait', 'delivered', '--timeout', '1'])).status;
  assert.equal(state, 5);
  await says(bob!, '#lobby', 'does cat hear me?');
  await says(ann!, '#lobby', 'she does not');
  assert.equal((await atCat!.event(isMessage('she does not'))).muted, true);
  const since = atCat!.events.slice(atCat!.events.findIndex((one) => JSON.stringify(one).includes('she does not')) - 1);
  assert.deepEqual([since[0]?.from, since[0]?.hidden, since[0]?.text], ['bob', true, '']);
  assert.ok(!atCat!.stdout.includes('hear me'));
  const refused = await cat!.through(['send', 'bob', 'x']);
  assert.deepEqual([refused.status, errorCode(refused)], [2, 'user-blocked']);
  await does(cat!, 'unblock', 'bob');
  await does(cat!, 'unmute', '#lobby');
  await says(bob!, 'cat', 'and now?', '--wait', 'delivered');
  await atCat!.event(isMessage('and now?'));
  assert.equal(await line(cat!, '@bob', id), undefined);
});

test('away and back are seen by the others', async () => {
  // Whoever talks to somebody is told how they are.
  await says(ann!, 'bob', 'a word', '--wait', 'delivered');
  const is = (state: string) => (said: Said) =>
    said.event === 'presence' && said.user === 'bob' && said.state === state;
  await does(bob!, 'presence', 'away');
  await atAnn!.event(is('away'));
  const users = await does(ann!, 'users');
  assert.equal(users.find(({ user }) => user === 'bob')?.state, 'away');
  await does(bob!, 'presence', 'online');
});

test('in the chat the newest message is meant, and numbers and beginnings of ids mean others', async () => {
  await atCat!.kill();
  const chat = await cat!.chat();
  chat.type('/groupmsg lobby hello from the chat');
  await atAnn!.event(isMessage('hello from the chat'));
  const older = await says(ann!, '#lobby', 'first question');
  const newer = await says(ann!, '#lobby', 'second question');
  await chat.event(isMessage('second question'));
  chat.type('/reply the newest');
  assert.equal((await atAnn!.event(isMessage('the newest'))).replyTo, newer);
  chat.type('/reply 2 the one before');
  assert.equal((await atAnn!.event(isMessage('the one before'))).replyTo, older);
  chat.type(`/reply ${older.slice(0, 6)} by its id`);
  assert.equal((await atAnn!.event(isMessage('by its id'))).replyTo, older);
  chat.type('/edit by its whole id');
  await atAnn!.event((said) => said.event === 'change' && said.text === 'by its whole id');
  chat.type('/edit --id 2 the one before that');
  await atAnn!.event((said) => said.event === 'change' && said.text === 'the one before that');
  chat.type('/reply 99 nowhere');
  await chat.event(({ event, code }) => event === 'error' && code === 'message-unknown');
  chat.type('/delete');
  await atAnn!.event((said) => said.event === 'change' && said.change === 'deleted' && said.from === 'cat');
  chat.end();
  assert.equal((await chat.ended).status, 0);
});

test('completion in the shell knows people and groups where a program of the profile runs, and no names where none does', async () => {
  const complete = async (home: string, ...words: string[]) =>
    (await stage.workshop.run(['--get-yargs-completions', 'p2pchat', ...words], { home })).stdout.trim().split('\n');
  assert.deepEqual(await complete(ann!.home, 'send', 'b'), ['bob']);
  assert.deepEqual(await complete(ann!.home, 'send', '--wait', 'stored', 'c'), ['cat']);
  assert.deepEqual(await complete(ann!.home, 'send', '--password-file', 'secret', 'c'), ['cat']);
  assert.deepEqual(await complete(ann!.home, 'group', 'invite', 'lob'), ['lobby']);
  assert.deepEqual(await complete(ann!.home, 'group', 'invite', 'lobby', 'c'), ['cat']);
  assert.deepEqual(await complete(ann!.home, 'search', 'words', '--in', 'bo'), ['bob']);
  assert.deepEqual(await complete(ann!.home, 'send', 'bob', 'c'), [''], 'a text is no name');
  assert.deepEqual(await complete(stage.workshop.folder, 'send', 'b'), ['']);
});
