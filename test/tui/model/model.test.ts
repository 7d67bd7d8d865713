import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../../src/base/errors.js';
import type { MessageEvent, TransferEvent } from '../../../src/peer/api/events.js';
import { Checklist, type ChecklistState } from '../../../src/tui/model/checklist.js';
import { mentions } from '../../../src/tui/model/conversation.js';
import { ChatModel } from '../../../src/tui/model/model.js';

const NOW = Date.UTC(2026, 0, 1);

const message = (id: string, more: Partial<MessageEvent> = {}): MessageEvent => ({
  event: 'message',
  id,
  conversation: '@bob',
  from: 'bob',
  text: 'hello',
  sentAt: '2026-01-01T00:00:00.000Z',
  receivedAt: '2026-01-01T00:00:00.000Z',
  via: 'direct',
  ...more,
});

const transfer = (more: Partial<TransferEvent>): TransferEvent => ({
  event: 'transfer',
  id: 'a1b2',
  direction: 'in',
  peer: 'bob',
  conversation: '@bob',
  files: [{ name: 'notes.txt', size: 10_000 }],
  state: 'offered',
  bytes: 0,
  size: 10_000,
  rate: 0,
  ...more,
});

const opened = (): ChatModel => {
  const model = new ChatModel('ann', 'online');
  model.select('@bob');
  return model;
};

test('what arrives in sight is read, what arrives elsewhere is counted', () => {
  const model = opened();
  assert.deepEqual(model.apply(message('1'), NOW), []);
  assert.equal(model.current.unread, 0);
  assert.equal(model.current.readPending, true);
  const effects = model.apply(message('2', { conversation: '@eve', from: 'eve' }), NOW);
  assert.deepEqual(effects, [{ type: 'notify', conversation: '@eve', mention: false }]);
  const eve = model.conversation('@eve');
  assert.equal(eve.unread, 1);
  assert.equal(eve.firstUnread, '2');
  model.select('@eve');
  assert.equal(eve.unread, 0);
  assert.equal(eve.readPending, true);
  assert.equal(eve.firstUnread, '2', 'the line stays until the conversation is left');
  model.select('@bob');
  assert.equal(eve.firstUnread, undefined);
});

test('while nobody looks at the screen, everything is unread', () => {
  const model = opened();
  model.setFocused(false);
  model.apply(message('1'), NOW);
  assert.equal(model.current.unread, 1);
  model.setFocused(true);
  assert.equal(model.current.unread, 0);
});

test('in groups only a mention notifies; what came before the start notifies never', () => {
  const model = opened();
  assert.deepEqual(model.apply(message('1', { conversation: '#lobby' }), NOW), []);
  const [effect] = model.apply(message('2', { conversation: '#lobby', text: 'ask @Ann!' }), NOW);
  assert.deepEqual(effect, { type: 'notify', conversation: '#lobby', mention: true });
  assert.equal(model.conversation('#lobby').mentions, 1);
  assert.deepEqual(model.apply(message('3', { conversation: '@eve', history: true }), NOW), []);
});

test('a mention is a word of its own', () => {
  assert.ok(mentions('hi @ann, all', 'Ann'));
  assert.ok(mentions('@ann.', 'ann'));
  assert.ok(!mentions('@anna', 'ann'));
  assert.ok(!mentions('me@ann', 'ann'));
  assert.ok(mentions('@anna @ann', 'ann'));
});

test('a message is shown once, however often it comes', () => {
  const model = opened();
  model.apply(message('1'), NOW);
  model.apply(message('1'), NOW);
  model.addHistory('@bob', [message('1'), message('2')], true, NOW);
  assert.equal(model.current.log.length, 2);
});

test("one's own message is there at once, and its state only ever rises", () => {
  const model = opened();
  const local = model.own.sending('@bob', 'hi', NOW);
  assert.equal(model.current.log.last!.state, 'queued');
  model.apply({ event: 'sent', id: 'x', conversation: '@bob', state: 'delivered' }, NOW);
  model.own.confirmed(local, '@bob', { id: 'x', conversation: '@bob', state: 'queued' });
  assert.equal(model.current.log.find('x')!.state, 'delivered');
  model.apply({ event: 'sent', id: 'x', conversation: '@bob', state: 'stored' }, NOW);
  assert.equal(model.current.log.find('x')!.state, 'delivered');
  model.apply({ event: 'sent', id: 'x', conversation: '@bob', state: 'read' }, NOW);
  assert.equal(model.current.log.find('x')!.state, 'read');
});

test('a message that was sent elsewhere on this device is fetched', () => {
  const model = opened();
  const elsewhere = { event: 'sent', id: 'y', conversation: '@bob', state: 'queued' } as const;
  assert.deepEqual(model.apply(elsewhere, NOW), []);
  model.addHistory('@bob', [], true, NOW);
  assert.deepEqual(model.apply(elsewhere, NOW), [{ type: 'refresh', conversation: '@bob' }]);
});

test('a message that could not be queued says so, and what to do', () => {
  const model = opened();
  const local = model.own.sending('@bob', 'hi', NOW);
  model.own.refused(local, '@bob');
  model.fail(new Failure('identity-changed', 'Not sent.', { hint: 'Try /verify bob.' }), NOW, '@bob');
  assert.equal(model.current.log.find(local)!.state, 'failed');
  assert.equal(model.current.log.last!.text, 'Not sent. Try /verify bob.');
  assert.equal(model.current.log.last!.kind, 'error');
});

test('a lost directory is known with the time of the next try, and its return', () => {
  const model = opened();
  model.apply({ event: 'directory', state: 'offline', retryIn: 4_000 }, NOW);
  assert.equal(model.directory, 'offline');
  assert.equal(model.retryAt, NOW + 4_000);
  model.apply({ event: 'directory', state: 'online' }, NOW);
  assert.equal(model.retryAt, undefined);
});

test('a changed identity is an error in that conversation and a mark on the person', () => {
  const model = opened();
  model.apply({ event: 'trust', user: 'bob', change: 'changed', fingerprint: 'f' }, NOW);
  assert.equal(model.people.person('bob').trust, 'changed');
  assert.equal(model.conversation('@bob').log.last!.kind, 'error');
});

test('T1 text from others passes the gate before it is in the model', () => {
  const model = opened();
  model.apply(message('1', { text: 'a\x1b[2Jb', from: 'bob\nann' }), NOW);
  assert.equal(model.current.log.last!.text, 'ab');
  assert.equal(model.current.log.last!.from, 'bob ann');
  model.apply({ event: 'error', code: 'x', message: 'said \x1b]0;t\x07so', hint: '' }, NOW);
  assert.equal(model.current.log.last!.text, 'Said so.');
});

test('the next step of an error is in the words of the chat', () => {
  const model = opened();
  model.fail(new Failure('internal', 'It failed.', { hint: '`p2pchat users` lists them.' }), NOW);
  assert.equal(model.current.log.last!.text, 'It failed. `/activeuser` lists them.');
});

test('a trouble that is told again is the same one, however it is written', () => {
  const model = opened();
  const before = model.current.log.length;
  for (let times = 0; times < 3; times++) {
    model.apply({ event: 'error', code: 'x', message: `two\nlines, ${'long '.repeat(600)}`, hint: '' }, NOW);
  }
  assert.equal(model.current.log.length - before, 1);
});

test('the line of the unread is where the counted ones begin', () => {
  const model = opened();
  const page = [message('1'), message('2', { from: 'ann' }), message('3'), message('4', { from: 'ann' }), message('5')];
  model.addHistory('@bob', page, true, NOW, 2);
  assert.equal(model.current.firstUnread, '3');
});

test('the checklist ticks itself, tells what is to be kept, and is gone when done', () => {
  const kept: ChecklistState[] = [];
  const checklist = new Checklist({
    steps: ['hi', 'message', 'file', 'verify'],
    done: ['verify'],
    changed: (state) => kept.push(state),
  });
  const model = new ChatModel('ann', 'online', checklist);
  const done = (): boolean[] => model.checklist.lines.map((line) => line.done);
  model.own.sending('@bob', 'hi', NOW);
  assert.deepEqual(done(), [false, false, false, true], 'only in a room it is a hi');
  model.own.sending('#lobby', 'hi', NOW);
  model.apply({ event: 'sent', id: 'x', conversation: '@bob', state: 'delivered' }, NOW);
  assert.deepEqual(done(), [true, true, false, true]);
  assert.equal(model.checklist.visible, true);
  model.apply(transfer({ direction: 'out', state: 'done' }), NOW);
  assert.equal(model.checklist.visible, false);
  assert.deepEqual(kept.at(-1), { done: ['verify', 'hi', 'message', 'file'], dismissed: false });
});

test('a transfer has one place in its conversation, and its rates are remembered while it runs', () => {
  const model = new ChatModel('ann', 'online');
  const [effect] = model.apply(transfer({ state: 'offered' }), NOW);
  assert.deepEqual(effect, { type: 'notify', conversation: '@bob', mention: false });
  for (const rate of [1_000, 2_000, 3_000]) model.apply(transfer({ state: 'running', rate }), NOW + rate);
  const { log } = model.conversation('@bob');
  assert.equal(log.length, 1);
  assert.deepEqual(log.last!.transfer!.rates, [1_000, 2_000, 3_000]);
  assert.equal(model.transfers.running?.rate, 3_000);
  model.apply(transfer({ state: 'done' }), NOW + 9_000);
  assert.equal(model.transfers.running, undefined);
  assert.equal(log.last!.transfer!.endedAt, NOW + 9_000);
});

test('transfers of before stand where they were offered, once the log reaches so far', () => {
  const model = new ChatModel('ann', 'online');
  model.files.setTransfers([transfer({ state: 'done', offeredAt: '2026-01-01T00:00:05.000Z' })], NOW);
  assert.equal(model.conversation('@bob').log.length, 0);
  const late = { sentAt: '2026-01-01T00:00:10.000Z' };
  model.addHistory('@bob', [message('2', late)], false, NOW);
  assert.equal(model.conversation('@bob').log.length, 1);
  model.addHistory('@bob', [message('1')], true, NOW);
  assert.equal(model.conversation('@bob').log.at(1)?.kind, 'transfer');
});

test('an invitation is a group in the list, says how to accept, and counts', () => {
  const model = opened();
  const effects = model.apply({ event: 'group', group: '#team', change: 'invited', user: 'ann', by: 'eve' }, NOW);
  assert.ok(effects.some(({ type }) => type === 'notify'));
  assert.equal(model.groups.get('#team')?.state, 'invited');
  assert.equal(model.conversation('#team').unread, 1);
  assert.match(model.conversation('#team').log.last!.text, /eve invites you .* \/joingroup team/);
  model.apply({ event: 'group', group: '#team', change: 'joined', user: 'ann', by: 'ann' }, NOW);
  model.apply({ event: 'group', group: '#team', change: 'joined', user: 'ann', by: 'ann' }, NOW);
  assert.equal(model.groups.get('#team')?.state, 'member');
  assert.equal(model.conversation('#team').log.length, 2, 'told twice, said once');
});

test('a kick is said once, with its reason', () => {
  const model = opened();
  model.apply({ event: 'group', group: '#team', change: 'kicked', user: 'bob', by: 'eve' }, NOW);
  model.apply({ event: 'moderation', action: 'kick', user: 'bob', by: 'eve', group: '#team', reason: 'spam' }, NOW);
  assert.equal(model.conversation('#team').log.length, 1);
  assert.equal(model.conversation('#team').log.last!.text, 'bob was kicked by eve: spam');
});

test('who is kicked reads the reason, too', () => {
  const model = opened();
  model.apply({ event: 'group', group: '#team', change: 'kicked', user: 'ann', by: 'eve' }, NOW);
  model.apply({ event: 'moderation', action: 'kick', user: 'ann', by: 'eve', group: '#team', reason: 'spam' }, NOW);
  assert.equal(model.conversation('#team').log.length, 1);
  assert.equal(model.conversation('#team').log.last!.text, 'eve kicked you from #team: spam. You may be invited again');
});

test('an edit, a reaction and a taken back message change the line they are about', () => {
  const model = opened();
  model.apply(message('1'), NOW);
  const changed = { event: 'change', id: '1', conversation: '@bob', from: 'bob' } as const;
  model.apply({ ...changed, change: 'edited', text: 'bye\x1b[2J' }, NOW);
  assert.equal(model.current.log.last!.text, 'bye');
  assert.equal(model.current.log.last!.edited, true);
  const reactions = ['bob', 'eve'].map((user) => ({ user, emoji: '👍' }));
  model.apply({ ...changed, change: 'reaction', reactions }, NOW);
  assert.deepEqual([...model.current.log.last!.reactions!], [['👍', 2]]);
  model.apply({ ...changed, change: 'deleted' }, NOW);
  assert.deepEqual([model.current.log.last!.deleted, model.current.log.last!.text], [true, '']);
});
