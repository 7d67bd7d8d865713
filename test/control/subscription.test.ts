import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { EVENTS_BEHIND, Subscription } from '../../src/control/subscription.js';
import type { PeerEvent } from '../../src/peer/api/events.js';

const typing = (at: number): PeerEvent => ({
  event: 'typing',
  conversation: '@bob',
  user: `bob${at}`,
  state: 'started',
});
const READY: PeerEvent = { event: 'ready', user: 'ann', device: 'd', directory: 'online' };

/** Events as a peer gives them, what nobody heard being kept. */
function source() {
  const listeners = new Set<(event: PeerEvent) => void>();
  const kept: PeerEvent[] = [];
  return {
    kept,
    say(event: PeerEvent) {
      if (listeners.size === 0) kept.push(event);
      for (const listener of listeners) listener(event);
    },
    subscribe(listener: (event: PeerEvent) => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async replayUnseen() {
      while (listeners.size > 0 && kept.length > 0) {
        const event = kept.shift()!;
        for (const listener of listeners) listener(event);
      }
    },
  };
}

test('N5 a reader who does not keep up is not held in memory, and is told what he missed once he reads on', async () => {
  const peer = source();
  const told: PeerEvent[] = [];
  let letOn: () => void = () => {};
  const blocked = new Promise<void>((resolve) => {
    letOn = resolve;
  });
  let all: () => void = () => {};
  const done = new Promise<void>((resolve) => {
    all = resolve;
  });
  const total = 3 * EVENTS_BEHIND;
  const subscription = new Subscription(peer, async (event) => {
    told.push(event);
    if (event.event === 'typing' && event.user === `bob${total - 1}`) all();
    await blocked;
  });
  await subscription.start(READY);
  for (let at = 0; at < total; at++) peer.say(typing(at));
  assert.ok(peer.kept.length >= total - EVENTS_BEHIND - 1, 'what is too much stays where it was');
  letOn();
  await done;
  const [first, ...rest] = told;
  assert.deepEqual(first, READY);
  const said = rest.filter((event) => event.event === 'typing');
  assert.deepEqual(
    said,
    Array.from({ length: total }, (_, at) => typing(at)),
  );
  assert.ok(rest.some((event) => event.event === 'error' && event.code === 'events-missed'));
  subscription.end();
  peer.say(typing(0));
  assert.equal(peer.kept.length, 1, 'nobody listens any more');
});

test('N27 what a caller had not been told when he went is not taken', async () => {
  let listener: (event: PeerEvent) => unknown = () => {};
  const peer = {
    subscribe(one: (event: PeerEvent) => unknown) {
      listener = one;
      return () => {};
    },
    replayUnseen: async () => {},
  };
  let hangUp!: () => void;
  const subscription = new Subscription(peer, (event) =>
    event.event === 'ready' ? Promise.resolve() : new Promise<void>((resolve) => (hangUp = resolve)),
  );
  await subscription.start(READY);
  await setImmediate();
  const taken = [listener(typing(1)), listener(typing(2))];
  await setImmediate();
  hangUp();
  subscription.end();
  const states = (await Promise.allSettled(taken)).map(({ status }) => status);
  assert.deepEqual(states, ['rejected', 'rejected']);
});
