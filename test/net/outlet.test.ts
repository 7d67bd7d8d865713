import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { Outlet, type OutletBounds } from '../../src/net/outlet.js';
import { ManualClock } from '../support/clock.js';

const BOUNDS: OutletBounds = { bytes: 100_000, messages: 50, roomBelow: 10_000, stalledAfter: 8_000 };
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A socket whose other side reads when the test says so. */
class Reader extends Writable {
  readonly pieces: Buffer[] = [];
  #taken: (() => void) | undefined;

  override _write(chunk: Buffer, _encoding: string, taken: () => void): void {
    this.pieces.push(Buffer.from(chunk));
    this.#taken = taken;
  }

  /** Takes one piece, if there is one. */
  async read(): Promise<boolean> {
    const taken = this.#taken;
    this.#taken = undefined;
    taken?.();
    await turn();
    return taken !== undefined;
  }
}

function outlet(bounds: Partial<OutletBounds> = {}) {
  const clock = new ManualClock();
  const socket = new Reader();
  const stuck: string[] = [];
  const rooms: number[] = [];
  const queue: Outlet = new Outlet('peer link', {
    ...{ clock, socket, bounds: { ...BOUNDS, ...bounds } },
    onStuck: ({ code }) => stuck.push(code),
    onRoom: () => rooms.push(queue.waiting),
  });
  return { clock, socket, stuck, rooms, queue };
}

test('P8 what is written in one turn leaves in one piece, in order, and large messages in several', async () => {
  const { socket, queue } = outlet();
  for (const byte of [1, 2, 3]) queue.write(Uint8Array.of(byte));
  queue.write(new Uint8Array(99_000).fill(4));
  await turn();
  while (await socket.read());
  assert.ok(socket.pieces.length > 1);
  assert.ok(socket.pieces.every(({ length }) => length <= 65_536));
  assert.deepEqual(Buffer.concat(socket.pieces), Buffer.concat([Buffer.of(1, 2, 3), Buffer.alloc(99_000, 4)]));
  assert.equal(queue.waiting, 0);
});

test('P8 beyond its bytes, or its messages, a queue is dropped and the connection ends', async () => {
  for (const [size, count] of [
    [25_000, 5],
    [1, 60],
  ] as const) {
    const { queue, stuck } = outlet();
    const left: number[] = [];
    for (let at = 0; at < count; at++) queue.write(new Uint8Array(size), () => left.push(at));
    assert.deepEqual(stuck, ['reader-stalled']);
    assert.equal(queue.waiting <= size, true);
    queue.write(new Uint8Array(size));
    assert.deepEqual(stuck, ['reader-stalled'], 'once');
    assert.equal(left.length, count, 'whoever waits for a message to leave waits no longer');
  }
});

test('P8 an empty queue takes one message of any size', async () => {
  const { queue, stuck, socket } = outlet();
  queue.write(new Uint8Array(1_000_000));
  assert.deepEqual(stuck, []);
  await turn();
  while (await socket.read());
  assert.equal(queue.waiting, 0);
});

test('P8 a reader that takes nothing is cut off in time, a slow one never', async () => {
  const { clock, queue, stuck, socket } = outlet();
  queue.write(new Uint8Array(99_999));
  queue.write(new Uint8Array(1));
  await turn();
  for (let taken = 0; taken < 2; taken++) {
    clock.advance(7_500);
    assert.deepEqual(stuck, []);
    assert.ok(await socket.read());
  }
  clock.advance(60_000);
  assert.deepEqual(stuck, [], 'nothing waits');
  queue.write(new Uint8Array(10));
  await turn();
  clock.advance(10_000);
  assert.deepEqual(stuck, ['reader-stalled']);
});

test('P8 what needs not leave now waits for room, in order', async () => {
  const { queue, socket, rooms } = outlet();
  const done: string[] = [];
  queue.whenRoom(() => done.push('at once'));
  queue.write(new Uint8Array(20_000));
  void queue.offer(new Uint8Array(20_000)).then(() => done.push('first'));
  void queue.offer(new Uint8Array(20_000)).then(() => done.push('second'));
  queue.whenRoom(() => done.push('last'));
  await turn();
  assert.deepEqual([done, queue.waiting], [['at once'], 20_000]);
  await socket.read();
  assert.deepEqual([done, queue.waiting], [['at once'], 20_000], 'the first is leaving, the second waits');
  await socket.read();
  assert.deepEqual(done, ['at once', 'first']);
  await socket.read();
  assert.deepEqual(done, ['at once', 'first', 'last', 'second']);
  assert.deepEqual(rooms, [0]);
});

test('what was written leaves before the end', async () => {
  const { queue, socket } = outlet();
  queue.write(new Uint8Array(80_000));
  queue.end();
  queue.write(new Uint8Array(1));
  await turn();
  assert.equal(socket.writableEnded, false);
  while (await socket.read());
  assert.equal(socket.writableEnded, true);
  assert.equal(Buffer.concat(socket.pieces).length, 80_000);
});
