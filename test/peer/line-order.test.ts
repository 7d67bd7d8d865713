import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import type { Clock } from '../../src/base/clock.js';
import { systemClock } from '../../src/base/clock.js';
import type { PeerApi } from '../../src/peer/api/peer.js';
import { History } from '../../src/peer/messaging/history.js';
import { openTables } from '../../src/peer/storage/tables.js';
import { openMemoryStore } from '../../src/store/memory/open.js';
import { ManualClock } from '../support/clock.js';
import { Town, watch } from '../support/town.js';
import { event } from '../support/watching.js';

const town = await Town.build();
after(() => town.close());

const behind: Clock = {
  now: () => systemClock.now() - 180_000,
  monotonic: () => systemClock.monotonic(),
  after: (delay, run) => systemClock.after(delay, run),
};

const texts = async (peer: PeerApi, conversation: string) =>
  (await peer.history({ conversation, limit: 500 })).map(({ text }) => text);

test('C9 two people who write at once have one order on all their devices, and an answer is behind its question whatever the clocks say', async () => {
  const desk = await town.owner('ann');
  await (await town.settle('bob')).close();
  const bob = await town.openBy(behind, 'bob');
  const laptop = await town.open('ann', 'laptop');
  const all = [
    [desk, '@bob'],
    [laptop, '@bob'],
    [bob, '@ann'],
  ] as const;
  const watched = all.map(([peer]) => watch(peer));
  await desk.send('@bob', 'a question');
  await watched[2]!.message('a question');
  await bob.send('@ann', 'an answer, three minutes before by this clock');
  await watched[1]!.message('an answer, three minutes before by this clock');
  await Promise.all(
    all.map(async ([peer, to], of) => {
      for (let at = 0; at < 12; at++) await peer.send(to, `${of} says ${at}`);
    }),
  );
  await Promise.all(
    watched.map((one, of) => Promise.all([0, 1, 2].flatMap((by) => (by === of ? [] : one.message(`${by} says 11`))))),
  );
  const seen = await Promise.all(all.map(([peer, conversation]) => texts(peer, conversation)));
  assert.deepEqual(seen[0]!.slice(0, 2), ['a question', 'an answer, three minutes before by this clock']);
  assert.equal(seen[0]!.length, 38);
  for (const other of seen.slice(1)) assert.deepEqual(other, seen[0]);
  for (const of of [0, 1, 2])
    assert.deepEqual(
      seen[0]!.filter((text) => text.startsWith(`${of} says`)),
      Array.from({ length: 12 }, (_, at) => `${of} says ${at}`),
    );
  // What found its place before lines that were read is not read for that.
  await laptop.markRead('@bob');
  await event(watched[0]!, 'unread', ({ conversation, unread }) => conversation === '@bob' && unread === 0);
});

const plain = { seal: (_: string, bytes: Uint8Array) => bytes, open: (_: string, bytes: Uint8Array) => bytes };
const look = { isHidden: () => false, isBlocked: () => false, isMuted: () => false, counts: () => true };

/** A device's history, and what it makes of a line that comes. */
function device() {
  const disk = openMemoryStore();
  const tables = openTables(disk, { ...plain, blind: (text) => text });
  const clock = new ManualClock();
  const history = new History({ tables, disk, clock, look, onExpiring: () => [] });
  return {
    history,
    disk,
    async take(name: number, order: number | undefined): Promise<void> {
      const id = new Uint8Array(16).fill(name);
      const line = { id, from: 'bob', body: String(name), sentAt: 1, ...(order !== undefined && { order }) };
      const { steps } = await history.append(await history.head('@bob'), line);
      await disk.write(steps);
    },
    async lines(): Promise<{ body: string; number: number; found: number | undefined }[]> {
      const lines = [];
      for await (const { id, body, number } of tables.messages.range(['@bob']))
        lines.push({ body, number, found: (await history.find(id))?.number });
      return lines;
    },
  };
}

test('lines that come in another order stand in the same one, each once, where its id is found', async () => {
  const orders = fc.array(fc.nat(20), { minLength: 1, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(orders, fc.infiniteStream(fc.nat(100)), async (said, dice) => {
      const lines = said.map((order, name) => ({ name, order }));
      const keys = new Map(lines.map((line) => [line, dice.next().value as number]));
      const shuffled = [...lines].sort((one, other) => keys.get(one)! - keys.get(other)!);
      const [one, other] = [device(), device()];
      for (const { name, order } of lines) await one.take(name, order);
      for (const { name, order } of shuffled) await other.take(name, order);
      const [first, second] = [await one.lines(), await other.lines()];
      assert.deepEqual(
        first.map(({ body }) => body),
        second.map(({ body }) => body),
      );
      const wanted = [...lines].sort((a, b) => a.order - b.order || a.name - b.name).map(({ name }) => String(name));
      assert.deepEqual(
        first.map(({ body }) => body),
        wanted,
      );
      for (const { number, found } of [...first, ...second]) assert.equal(found, number);
    }),
    { numRuns: 60 },
  );
});

test('a line from nowhere in time stands where it came', async () => {
  const { take, lines } = device();
  await take(1, 5);
  await take(2, undefined);
  await take(3, 4);
  await take(4, 200_000_000_000_000);
  await take(5, 6);
  assert.deepEqual(
    (await lines()).map(({ body }) => body),
    ['3', '1', '2', '4', '5'],
  );
});

test('C1 lines of a former identity stay so, whatever comes to stand before them', async () => {
  const { take, history, disk } = device();
  const id = (name: number) => new Uint8Array(16).fill(name);
  for (const name of [1, 2, 3]) await take(name, 10 * name);
  // A gap: what moves past it moves by more than one.
  await disk.write(history.remove((await history.find(id(2)))!));
  await take(4, 40);
  const head = await history.head('@bob');
  head.former = (await history.find(id(3)))!.number;
  await disk.write([history.saveHead(head)]);
  for (const name of [5, 6, 7]) await take(name, 1);
  for (const [name, former] of [
    [1, true],
    [3, true],
    [4, false],
  ] as const)
    assert.equal(await history.isFormer((await history.find(id(name)))!), former, `line ${name}`);
});
