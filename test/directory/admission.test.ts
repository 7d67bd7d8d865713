import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { DEFAULT_LIMITS } from '../../src/directory/limits.js';
import { Admission } from '../../src/directory/server/admission.js';
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

function gate(limits: Partial<typeof DEFAULT_LIMITS>) {
  const clock = new ManualClock();
  const admission = new Admission({ ...DEFAULT_LIMITS, ...limits }, clock);
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
