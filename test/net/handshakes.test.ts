import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { Handshakes, type Pace } from '../../src/net/handshakes.js';
import { ManualClock } from '../support/clock.js';

function door(pace: Pace) {
  const clock = new ManualClock();
  const started: string[] = [];
  const names = new Map<Socket, string>();
  const turns: (() => void)[] = [];
  const handshakes = new Handshakes({
    ...{ clock, pace },
    start: (socket) => started.push(names.get(socket)!),
    later: (run) => turns.push(run),
  });
  const come = (name: string): Socket => {
    const socket = new Socket();
    names.set(socket, name);
    handshakes.add(name, socket);
    return socket;
  };
  /** Answers hellos until none may be answered now. */
  const answer = (): string => {
    for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) turn();
    return started.splice(0).join('');
  };
  return { clock, come, answer };
}

const PLENTY = { burst: 1_000, perSecond: 1_000 };

test('P4 N2 hellos are answered by address in turn: a flood from one holds up nobody else', () => {
  const { come, answer } = door(PLENTY);
  for (const name of 'aaaaaabbc') come(name);
  assert.equal(answer(), 'abcabaaaa');
});

test('P4 N2 whoever floods is answered at its pace, and the others at once', () => {
  const { clock, come, answer } = door({ burst: 3, perSecond: 2 });
  for (const name of 'aaaaaaa') come(name);
  assert.equal(answer(), 'aaa');
  come('b');
  assert.equal(answer(), 'b');
  clock.advance(500);
  assert.equal(answer(), 'a');
  come('a');
  clock.advance(10_000);
  assert.equal(answer(), 'aaa', 'a burst, however long it has waited');
  clock.advance(1_000);
  assert.equal(answer(), 'a');
});

test('P4 N2 what was closed meanwhile stands in no queue', async () => {
  const { clock, come, answer } = door({ burst: 1, perSecond: 1 });
  come('a');
  const gone = Array.from({ length: 3 }, () => come('a'));
  assert.equal(answer(), 'a');
  for (const socket of gone) {
    socket.destroy();
    await new Promise<void>((resolve) => socket.once('close', () => resolve()));
  }
  come('a');
  clock.advance(1_000);
  assert.equal(answer(), 'a');
  clock.advance(10_000);
  assert.equal(answer(), '');
});
