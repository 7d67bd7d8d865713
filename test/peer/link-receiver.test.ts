import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Scope } from '../../src/base/scope.js';
import { LinkReceiver } from '../../src/peer/messaging/direct/link-receiver.js';
import type { DirectReceiver } from '../../src/peer/messaging/direct/receiver.js';
import { ManualClock } from '../support/clock.js';

test('P8 whatever links say, the mailbox is read one time after the other, and once a second', async () => {
  const clock = new ManualClock();
  let [reads, taken] = [0, 0];
  const receiver = new LinkReceiver({
    ...{ clock, scope: new Scope() },
    receiver: {} as DirectReceiver,
    takeForGroup: async () => {
      taken++;
      return true;
    },
    isOnline: () => true,
    drainMailbox: async () => {
      reads++;
      await turn();
    },
    mailboxEmptied: async () => {},
  });
  const message = {
    id: new Uint8Array(16),
    group: new Uint8Array(16),
    sealed: Uint8Array.of(1),
    mailed: true,
  } as const;
  const flood = (): Promise<unknown> =>
    Promise.all(Array.from({ length: 1_000 }, () => receiver.deliver(message, { via: 'direct' })));
  await flood();
  assert.deepEqual([reads, taken], [1, 1_000]);
  const second = flood();
  for (let turns = 0; turns < 20; turns++) await turn();
  assert.deepEqual([reads, taken], [1, 1_000]);
  clock.advance(1_000);
  await second;
  assert.deepEqual([reads, taken], [2, 2_000]);
});
