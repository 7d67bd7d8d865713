import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../src/base/errors.js';
import type { DeliveryLink, QueuedItem } from '../../src/peer/messaging/delivery-link.js';
import { DeviceQueue } from '../../src/peer/messaging/direct/device-queue.js';
import { ManualClock } from '../support/clock.js';

const lost = new Failure('connection-lost', 'lost');
const offline = new Failure('directory-offline', 'offline');
const item = (order: number): QueuedItem => ({
  order,
  id: new Uint8Array(16).fill(order),
  group: new Uint8Array(16),
  sealed: Uint8Array.of(order),
});

/** A lane in a world whose link and mailbox the test controls. */
function world() {
  const clock = new ManualClock();
  const seen = {
    delivered: [] as number[],
    stored: [] as number[],
    stuck: [] as string[],
    sent: [] as number[],
    gone: [] as number[],
  };
  const state: { link?: DeliveryLink; mailbox: boolean; refusal: Failure } = { mailbox: true, refusal: offline };
  const lane = new DeviceQueue({
    address: { user: 'bob', device: '00' },
    clock,
    link: async () => state.link,
    store: async (_address, items) => {
      if (!state.mailbox) throw state.refusal;
      seen.stored.push(...items.map(({ order }) => order));
    },
    onDelivered: ({ order }) => void seen.delivered.push(order),
    onStored: () => {},
    onGone: (items) => void seen.gone.push(...items.map(({ order }) => order)),
    onStuck: ({ code }) => void seen.stuck.push(code),
  });
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  };
  const goodLink: DeliveryLink = { deliver: async ({ order }) => void seen.sent.push(order) };
  return { clock, seen, state, lane, settle, goodLink };
}

test('messages go over the link, in order', async () => {
  const { seen, state, lane, settle, goodLink } = world();
  state.link = goodLink;
  for (let order = 1; order <= 200; order++) lane.push(item(order));
  await settle();
  assert.deepEqual(
    seen.delivered,
    Array.from({ length: 200 }, (_, i) => i + 1),
  );
  assert.equal(lane.isEmpty, true);
});

test('signals do not wait for a link that is being dialled, and texts do; without the mailbox signals wait, too', async () => {
  const { clock, seen, state, lane, settle, goodLink } = world();
  let up: (link: DeliveryLink) => void = () => {};
  const dialling = new Promise<DeliveryLink>((resolve) => {
    up = resolve;
  });
  Object.defineProperty(state, 'link', { get: () => dialling });
  lane.push({ ...item(1), signal: true });
  await settle();
  assert.deepEqual(seen.stored, []);
  clock.advance(200);
  await settle();
  assert.deepEqual(seen.stored, [1]);
  state.mailbox = false;
  lane.push({ ...item(2), signal: true });
  lane.push(item(3));
  await settle();
  clock.advance(200);
  await settle();
  assert.deepEqual([seen.stored, seen.sent], [[1], []]);
  up(goodLink);
  await settle();
  assert.deepEqual([seen.stored, seen.sent, lane.isEmpty], [[1], [2, 3], true]);
});

test('without a link they go into the mailbox, in order', async () => {
  const { seen, lane, settle } = world();
  for (let order = 1; order <= 40; order++) lane.push(item(order));
  await settle();
  assert.deepEqual(
    seen.stored,
    Array.from({ length: 40 }, (_, i) => i + 1),
  );
});

test('P7 what was on a link that broke is sent again, none is lost', async () => {
  const { seen, state, lane, settle, goodLink } = world();
  let left = 3;
  state.link = {
    deliver: (one) => {
      if (left-- > 0) return goodLink.deliver(one);
      state.link = goodLink;
      return Promise.reject(lost);
    },
  };
  for (let order = 1; order <= 10; order++) lane.push(item(order));
  await settle();
  assert.deepEqual(
    [...seen.delivered].sort((a, b) => a - b),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  );
  assert.equal(lane.isEmpty, true);
});

test('what a device cannot take over the link goes into its mailbox', async () => {
  const { seen, state, lane, settle } = world();
  state.link = { deliver: () => Promise.reject(new Failure('group-unknown', 'not here')) };
  lane.push(item(1));
  await settle();
  assert.deepEqual(seen.stored, [1]);
});

test('the first over a link after something in the mailbox says so, until the device has taken one', async () => {
  const { seen, state, lane, settle } = world();
  const behind: (boolean | undefined)[] = [];
  lane.push(item(1));
  await settle();
  assert.deepEqual(seen.stored, [1]);
  const link = (answer: () => Promise<unknown>): DeliveryLink => ({
    deliver: (_item, mailed) => {
      behind.push(mailed);
      return answer();
    },
  });
  state.link = link(() => {
    state.link = link(async () => {});
    return Promise.reject(lost);
  });
  for (const order of [2, 3]) lane.push(item(order));
  await settle();
  lane.push(item(4));
  await settle();
  assert.deepEqual(behind, [true, false, true, false, false]);
  assert.deepEqual(seen.delivered, [2, 3, 4]);
});

test('with neither link nor mailbox they wait, and leave when one comes back', async () => {
  const { clock, seen, state, lane, settle, goodLink } = world();
  state.mailbox = false;
  lane.push(item(1));
  await settle();
  assert.deepEqual(seen.stuck, ['directory-offline']);
  assert.equal(lane.isEmpty, false);
  state.link = goodLink;
  clock.advance(10_000);
  await settle();
  assert.deepEqual(seen.delivered, [1]);
});

test('what is for a device that is gone is handed back at once, and not tried again', async () => {
  const { clock, seen, state, lane, settle } = world();
  Object.assign(state, { mailbox: false, refusal: new Failure('device-unknown', 'gone') });
  for (let order = 1; order <= 20; order++) lane.push(item(order));
  await settle();
  assert.deepEqual(
    seen.gone,
    Array.from({ length: 20 }, (_, i) => i + 1),
  );
  assert.deepEqual(seen.stuck, []);
  assert.equal(lane.isEmpty, true);
  state.mailbox = true;
  clock.advance(10_000);
  await settle();
  assert.deepEqual(seen.stored, []);
});

test('a closed lane sends nothing more', async () => {
  const { seen, state, lane, settle, goodLink } = world();
  state.mailbox = false;
  lane.push(item(1));
  await settle();
  await lane.close();
  state.link = goodLink;
  lane.poke();
  await settle();
  assert.deepEqual(seen.delivered, []);
});

test('a backlog that is let through by and by says once why it waits, and the next one again', async () => {
  const { clock, seen, state, lane, settle } = world();
  const limited = new Failure('rate-limited', 'too much', { details: { seconds: 1 } });
  Object.assign(state, { mailbox: false, refusal: limited });
  for (let backlog = 1; backlog <= 2; backlog++) {
    for (let order = 1; order <= 20; order++) lane.push(item(20 * backlog + order));
    for (let round = 0; round < 6; round++) {
      await settle();
      state.mailbox = round > 3;
      clock.advance(2_000);
    }
    await settle();
    assert.deepEqual([lane.isEmpty, seen.stuck.length], [true, backlog]);
    state.mailbox = false;
  }
});
