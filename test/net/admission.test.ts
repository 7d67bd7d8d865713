import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { type ConnectionBounds, ConnectionLimits } from '../../src/net/connection-limits.js';
import { ManualClock } from '../support/clock.js';

class FakeSocket extends Socket {
  override readonly remoteAddress: string;
  override readonly remotePort: number;

  constructor(remoteAddress: string, remotePort: number) {
    super();
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
  }
}

const LIMITS = { connections: 1_000, strangers: 1_000, strangersPerAddress: 100, helloDeadline: 8_000 };

function gate(limits: Partial<ConnectionBounds>) {
  const clock = new ManualClock();
  const admission = new ConnectionLimits({ ...LIMITS, ...limits }, clock);
  let port = 1;
  const come = (address: string) => {
    const socket = new FakeSocket(address, port++);
    return { socket, admitted: admission.admit(socket) };
  };
  return { clock, admission, come };
}

const closed = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once('close', () => resolve()));

test('P4 a socket that has not said hello is closed at the deadline, one that has stays', async () => {
  const { clock, admission, come } = gate({ helloDeadline: 8_000 });
  const [slow, quick] = [come('192.0.2.1').socket, come('192.0.2.1').socket];
  admission.greeted(quick, true);
  clock.advance(7_999);
  assert.equal(slow.destroyed, false);
  clock.advance(1);
  assert.equal(slow.destroyed, true);
  await closed(slow);
  clock.advance(1_000_000);
  assert.equal(quick.destroyed, false);
  assert.equal(admission.size, 1);
});

test('P4 one address has its share of strangers; devices that have shown a certificate do not count, others are let in', async () => {
  const { admission, come } = gate({ strangersPerAddress: 3 });
  const first = [1, 2, 3].map(() => come('192.0.2.1').socket);
  assert.equal(come('192.0.2.1').admitted, false);
  assert.equal(come('192.0.2.2').admitted, true);
  admission.greeted(first[0]!, true);
  assert.equal(come('192.0.2.1').admitted, true);
  admission.greeted(first[1]!, false);
  assert.equal(come('192.0.2.1').admitted, false, 'whoever only logs in is still a stranger');
  first[1]!.destroy();
  await closed(first[1]!);
  assert.equal(come('192.0.2.1').admitted, true);
  assert.equal(admission.refused, 2);
});

test('there are so many connections at most, and none while paused', async () => {
  const { admission, come } = gate({ connections: 2 });
  const { socket } = come('192.0.2.1');
  come('192.0.2.2');
  assert.equal(come('192.0.2.3').admitted, false);
  socket.destroy();
  await closed(socket);
  admission.accepting = false;
  assert.equal(come('192.0.2.3').admitted, false);
  admission.accepting = true;
  assert.equal(come('192.0.2.3').admitted, true);
});

test('N17 where strangers fill the place, the address with most of them loses its oldest, and newcomers get in', () => {
  const { admission, come } = gate({ strangers: 12, strangersPerAddress: 6 });
  const crowd = ['192.0.2.1', '192.0.2.2'].map((address) => Array.from({ length: 6 }, () => come(address).socket));
  const honest = Array.from({ length: 5 }, (_, at) => come(`198.51.100.${at}`));
  assert.ok(honest.every(({ admitted }) => admitted));
  assert.deepEqual(
    crowd.map((sockets) => sockets.map(({ destroyed }) => destroyed)),
    [
      [true, true, true, false, false, false],
      [true, true, false, false, false, false],
    ],
  );
  assert.equal(come('192.0.2.1').admitted, false, 'whoever has most makes room for nobody but the others');
  assert.ok(honest.every(({ socket }) => !socket.destroyed));
  assert.equal(admission.size, 12);
});

test('N17 of strangers who come one from each address, none is put out but for an address a device has come from', async () => {
  const { admission, come } = gate({ strangers: 10 });
  const device = come('198.51.100.1').socket;
  admission.greeted(device, true);
  device.destroy();
  await closed(device);
  const crowd = Array.from({ length: 10 }, (_, at) => come(`192.0.2.${at}`));
  assert.equal(come('203.0.113.1').admitted, false);
  const back = Array.from({ length: 9 }, () => come('198.51.100.1').admitted);
  assert.deepEqual(
    back,
    [true, true, true, true, true, true, true, true, false],
    'a share is kept for it, and no more',
  );
  assert.equal(crowd.filter(({ socket }) => !socket.destroyed).length, 2);
});
