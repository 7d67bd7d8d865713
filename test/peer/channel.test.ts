import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { Channel } from '../../src/peer/network/channel.js';
import { encodeFrame } from '../../src/wire/frame.js';
import { rpcMessage } from '../../src/wire/rpc.js';
import { ManualClock } from '../support/clock.js';

/** As much of a socket as a channel touches, with nobody at the other end. */
class DeadSocket extends EventEmitter {
  writable = true;
  destroyed = false;
  written = 0;
  setNoDelay(): void {}
  cork(): void {}
  uncork(): void {}
  end(): void {}
  write(): void {
    this.written++;
  }
  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

const none = {};

function open() {
  const clock = new ManualClock();
  const socket = new DeadSocket();
  const silences: boolean[] = [];
  const channel = new Channel<typeof none, typeof none, typeof none, typeof none>(
    socket as unknown as TLSSocket,
    'bob',
    {
      clock,
      outlet: 'peer link',
      serves: {},
      hears: {},
      calls: {},
      serve: () => Promise.reject(new Error('serves nothing')),
      hear: () => {},
      onSilence: (silent) => void silences.push(silent),
    },
  );
  const hear = (): void => void socket.emit('data', Buffer.from(encodeFrame(rpcMessage.encode({ t: 'pong' }))));
  return { clock, socket, silences, channel, hear };
}

test('silence is noticed within two seconds and asked about before', async () => {
  const { clock, socket, silences } = open();
  clock.advance(1_500);
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(socket.written > 0);
  assert.deepEqual(silences, []);
  clock.advance(1_000);
  assert.deepEqual(silences, [true]);
});

test('a side that is heard again is there again', () => {
  const { clock, silences, hear } = open();
  clock.advance(3_000);
  hear();
  clock.advance(500);
  assert.deepEqual(silences, [true, false]);
});

test('a channel that stays silent is given up', async () => {
  const { clock, socket, channel } = open();
  clock.advance(9_000);
  assert.equal((await channel.closed).code, 'connection-lost');
  assert.equal(socket.destroyed, true);
});

test('X3 a process that was stopped for a minute has not been silent to', () => {
  const { clock, silences, hear } = open();
  hear();
  clock.advance(500);
  // The clock went on while nothing ran: one late tick, and then what had come meanwhile.
  clock.jump(60_000);
  hear();
  clock.advance(1_500);
  assert.deepEqual(silences, []);
});

test('hostile bytes close the channel', async () => {
  const { socket, channel } = open();
  socket.emit('data', Buffer.from([0xff, 0xff, 0xff, 0xff]));
  assert.equal((await channel.closed).code, 'frame-too-large');
  assert.equal(socket.destroyed, true);
});
