import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { PeerEvent } from '../../src/peer/api/events.js';
import { EventFeed } from '../../src/peer/messaging/event-feed.js';
import { type MessageRow, openTables } from '../../src/peer/storage/tables.js';
import type { LocalStore } from '../../src/store/local.js';
import { openMemoryStore } from '../../src/store/memory/open.js';
import { ManualClock } from '../support/clock.js';

const BACKLOG = 300;
const LIVE = 300;
const plain = { seal: (_: string, bytes: Uint8Array) => bytes, open: (_: string, bytes: Uint8Array) => bytes };
const everybody = {
  isHidden: () => false,
  isBlocked: () => false,
  isMuted: () => false,
  counts: () => true,
  isUnwanted: () => false,
};

/** A disk on which each row is waited for, so that others come in between. */
function slowToRead(store: LocalStore): LocalStore {
  const records: LocalStore['records'] = (space) => {
    const real = store.records(space);
    return Object.assign(Object.create(real), {
      range: real.range.bind(real),
      async get(key: string) {
        await setImmediate();
        return real.get(key);
      },
    });
  };
  return Object.assign(Object.create(store), { records });
}

/** A feed on a store of its own, and what writes a line and tells the feed, as a receiver does. */
function bench() {
  const store = openMemoryStore();
  const tables = openTables(slowToRead(store), { ...plain, blind: (text) => text });
  const clock = new ManualClock();
  const feed = new EventFeed(tables, store, everybody, clock);
  let order = 0;
  const write = async (): Promise<() => void> => {
    const number = ++order;
    const row: MessageRow = {
      ...{ id: new Uint8Array(16).fill(number % 251), conversation: '@bob', number, from: 'bob' },
      ...{ body: `line ${number}`, sentAt: number, receivedAt: number },
    };
    await store.write([
      tables.messages.put(['@bob', number], row),
      tables.unseen.put(['all', number], { order: number, conversation: '@bob', number }),
    ]);
    return () => feed.emitLine(row, number);
  };
  return { feed, clock, write, store };
}

const listenTo = (feed: EventFeed): string[] => {
  const texts: string[] = [];
  feed.subscribe((event: PeerEvent) => event.event === 'message' && void texts.push(event.text));
  return texts;
};

test('S8 lines that come while a backlog is shown follow it, each once for each who listens, in the order of the history', async () => {
  const { feed, clock, write, store } = bench();
  for (let at = 0; at < BACKLOG; at++) await write();
  const both = [listenTo(feed), listenTo(feed)];
  const replayed = feed.replayUnseen();
  for (let at = 0; at < LIVE; at++) {
    (await write())();
    // What was shown is forgotten on the disk meanwhile.
    clock.advance(250);
    if (at % 50 === 0) await feed.replayUnseen();
  }
  await replayed;
  await feed.replayUnseen();
  const all = Array.from({ length: BACKLOG + LIVE }, (_, at) => `line ${at + 1}`);
  for (const texts of both) assert.deepEqual(texts, all);
  await feed.close();
  await feed.replayUnseen();
  assert.equal(both[0]!.length, all.length, 'what was shown is not shown by a later replay');
  await store.close();
});

test('links that were made while nobody watched are told to who watches then, as they are by now', async () => {
  const { feed, store } = bench();
  feed.emit({ event: 'link', user: 'anna', state: 'up', path: 'direct' });
  feed.emit({ event: 'link', user: 'bob', state: 'up', path: 'lan' });
  feed.emit({ event: 'link', user: 'anna', state: 'down' });
  const heard: PeerEvent[] = [];
  feed.subscribe((event) => void heard.push(event));
  await feed.replayUnseen();
  await feed.replayUnseen();
  assert.deepEqual(heard, [{ event: 'link', user: 'bob', state: 'up', path: 'lan' }]);
  await feed.close();
  await store.close();
});

test('N27 what no listener took stays for the next who listens, once; one who takes it is enough', async () => {
  const { feed, write, store } = bench();
  const say = async (): Promise<void> => (await write())();
  const stop = feed.subscribe(async ({ event }) => {
    if (event === 'message') throw new Error('nobody reads');
  });
  await say();
  let take!: () => void;
  const slow = new Promise<void>((resolve) => {
    take = resolve;
  });
  const stopSlow = feed.subscribe(() => slow);
  await say();
  await setImmediate();
  take();
  await setImmediate();
  stop();
  stopSlow();
  const texts = listenTo(feed);
  await feed.replayUnseen();
  assert.deepEqual(texts, ['line 1']);
  await feed.replayUnseen();
  assert.deepEqual(texts, ['line 1']);
  await feed.close();
  await store.close();
});

test('N27 a reader who is slow is not shown it twice meanwhile, and holds up no end', async () => {
  const { feed, clock, write, store } = bench();
  const texts: string[] = [];
  feed.subscribe((event: PeerEvent) => {
    if (event.event === 'message') texts.push(event.text);
    return new Promise(() => {});
  });
  (await write())();
  await feed.replayUnseen();
  assert.deepEqual(texts, ['line 1']);
  const closed = feed.close();
  clock.advance(1_000);
  await closed;
  await store.close();
});

test('N27 of what is kept until somebody was told of it, one says whether somebody has taken it', async () => {
  const { feed, clock, store } = bench();
  const news: PeerEvent = { event: 'account', change: 'recovery', state: 'shown' };
  assert.equal(await feed.tell(news), false, 'nobody is there');
  const stop = feed.subscribe(async () => {
    throw new Error('nobody reads');
  });
  assert.equal(await feed.tell(news), false);
  const stopSlow = feed.subscribe(() => new Promise(() => {}));
  const slow = feed.tell(news);
  clock.advance(1_000);
  assert.equal(await slow, false);
  stop();
  stopSlow();
  listenTo(feed);
  assert.equal(await feed.tell(news), true);
  await feed.close();
  await store.close();
});
