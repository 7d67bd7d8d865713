import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../../src/base/errors.js';
import { HOME } from '../../../src/tui/model/conversation.js';
import { ChatModel } from '../../../src/tui/model/model.js';
import { Loader } from '../../../src/tui/screen/loader.js';
import { ManualClock } from '../../support/clock.js';
import { FakePeer } from '../../support/fake-peer.js';

function loading() {
  const clock = new ManualClock();
  const peer = new FakePeer('ann');
  const model = new ChatModel('ann', 'online');
  peer.subscribe((event) => void model.apply(event, clock.now()));
  return { peer, model, loader: new Loader(peer, model, clock, () => {}) };
}

function said(peer: FakePeer, conversation: string, count: number, text = 'text'): void {
  for (let number = 0; number < count; number++) {
    const at = new Date(Date.UTC(2026, 0, 1) + peer.messages.length * 1_000).toISOString();
    const id = `m${peer.messages.length}`;
    peer.messages.push({ id, conversation, from: 'bob', text: `${text} ${number}`, sentAt: at, receivedAt: at });
  }
}

test('the conversation that was written in last is opened, with its newest page only', async () => {
  const { peer, model, loader } = loading();
  said(peer, '@bob', 1_000);
  said(peer, '@eve', 1_000);
  await loader.start();
  assert.equal(model.selected, '@eve');
  assert.ok(model.current.log.length < 200);
  assert.equal(model.current.log.last!.text, 'text 999');
  assert.equal(model.conversation('@bob').log.length, 0);
});

test('where nothing was said yet, the conversation named for that is opened, else the own page', async () => {
  const { model, loader } = loading();
  await loader.start('@echo');
  assert.equal(model.selected, '@echo');
  const other = loading();
  await other.loader.start();
  assert.equal(other.model.selected, HOME);
});

test('what came while nobody was watching is counted once, and has its line when it is opened', async () => {
  const { peer, model, loader } = loading();
  said(peer, '@bob', 5, 'hi @ann');
  said(peer, '@eve', 1);
  peer.unseen.push('m3', 'm4');
  await loader.start();
  const bob = model.conversation('@bob');
  assert.equal(bob.unread, 2);
  assert.equal(bob.mentions, 2);
  await loader.open('@bob');
  assert.equal(bob.firstUnread, 'm3');
  assert.equal(bob.log.length, 5);
  loader.markRead(bob);
  assert.deepEqual(peer.read, ['@bob']);
});

test('older pages come until there are none, and a message deep down can be reached', async () => {
  const { peer, model, loader } = loading();
  said(peer, '@bob', 2_000);
  await loader.start();
  await loader.until(model.current, 'm3');
  assert.equal(model.current.log.at(0)!.id, 'm0');
  assert.equal(model.current.log.length, 2_000);
  assert.equal(model.current.loaded, 'all');
});

test('what cannot be loaded is said, and does not stop the rest', async () => {
  const { peer, model, loader } = loading();
  peer.conversations = async () => {
    throw new Failure('store-unreadable', 'The history cannot be read.', { hint: 'Restore the backup.' });
  };
  await loader.start();
  assert.equal(model.current.log.last!.text, 'The history cannot be read. Restore the backup.');
});
