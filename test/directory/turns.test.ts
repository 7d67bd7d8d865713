import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { DEFAULT_LIMITS } from '../../src/directory/limits.js';
import { ServerChannel } from '../../src/directory/server/channel.js';
import { FairQueue } from '../../src/directory/server/fair-queue.js';
import { encodeCbor } from '../../src/wire/cbor.js';
import { encodeFrame } from '../../src/wire/frame.js';
import { FRAME_BYTES } from '../../src/wire/limits.js';
import { method, nothing } from '../../src/wire/rpc.js';
import { bytes } from '../../src/wire/schema.js';
import { ManualClock } from '../support/clock.js';

const FAST = { burst: 1e6, perSecond: 1e6 };
const methods = { say: method(nothing, nothing), upload: method(bytes(FRAME_BYTES), nothing) };
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Channels whose turns come when the test says so; `served` names whose requests were served, in order. */
function server(requests = FAST) {
  const clock = new ManualClock();
  const due: (() => void)[] = [];
  const turns = new FairQueue({ monotonic: () => clock.monotonic(), later: (run) => void due.push(run) });
  const served: string[] = [];
  const open = (name: string) => {
    const socket = new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() });
    const channel = new ServerChannel({
      ...{ clock, turns, limits: { ...DEFAULT_LIMITS, requests }, serves: methods },
      socket: Object.assign(socket, { setNoDelay: () => socket }) as unknown as TLSSocket,
      serve: async () => {
        served.push(name);
        // So long that a turn is over by it.
        clock.advance(1);
        return {};
      },
      onClosed: () => {},
    });
    channel.session.open();
    let next = 1;
    const say = (count: number, m = 'say', p: unknown = {}): void => {
      const frames = Array.from({ length: count }, () => encodeFrame(encodeCbor({ t: 'q', i: next++, m, p })));
      socket.push(Buffer.concat(frames));
    };
    return { socket, channel, say };
  };
  const turn = async (): Promise<boolean> => {
    await settled();
    const [first] = due.splice(0, 1);
    first?.();
    await settled();
    return first !== undefined;
  };
  const count = (name: string): number => served.filter((one) => one === name).length;
  return { clock, served, open, turn, count };
}

test('P8 of what one says at once only a part is served before others are heard, and nothing of it is lost', async () => {
  const { open, turn, served, count } = server();
  const [flooder, other] = [open('flooder'), open('other')];
  flooder.say(200);
  await settled();
  assert.ok(count('flooder') <= 8, `${count('flooder')} in one go`);
  assert.ok(flooder.socket.isPaused(), 'nothing more is read meanwhile');
  other.say(1);
  await settled();
  assert.equal(served.at(-1), 'other', 'who says little does not stand behind who says much');
  let turns = 0;
  while (await turn()) turns++;
  assert.equal(count('flooder'), 200);
  assert.ok(turns >= 200 / 8 - 1, `${turns} turns`);
  assert.ok(!flooder.socket.isPaused());
});

test('P8 those who say much share: nobody waits until another has been served whole', async () => {
  const { open, turn, served, count } = server();
  const names = ['one', 'two', 'three'];
  const [one, ...others] = names.map(open);
  one!.say(100);
  await settled();
  for (const other of others) other.say(100);
  while (await turn()) {
    const counts = names.map(count).sort((a, b) => a - b);
    assert.ok(counts[2]! - counts[0]! <= 16, counts.join());
  }
  assert.equal(served.length, 300);
});

test('P8 a large message counts for as much as it costs', async () => {
  const { open, turn, count } = server();
  const uploader = open('uploader');
  uploader.say(8, 'upload', new Uint8Array(500_000));
  await settled();
  assert.equal(count('uploader'), 1);
  while (await turn());
  assert.equal(count('uploader'), 8);
});

test('P8 beyond its pace a channel is heard as slowly as that allows', async () => {
  const { clock, open, turn, count } = server({ burst: 20, perSecond: 10 });
  const flooder = open('flooder');
  flooder.say(100);
  while (await turn());
  const burst = count('flooder');
  assert.ok(burst >= 20 && burst <= 28, `${burst} at once`);
  for (let second = 0; second < 4; second++) {
    clock.advance(1_000);
    while (await turn());
  }
  assert.ok(count('flooder') <= burst + 48, `${count('flooder')} after 4 s`);
  assert.ok(count('flooder') >= burst + 32, `${count('flooder')} after 4 s`);
  flooder.channel.check(clock.monotonic());
  assert.ok(!flooder.channel.closed, 'while it is not read its silence is ours');
});

test('what was not taken in when the directory stops is not begun any more', async () => {
  const { open, turn, count } = server();
  const device = open('device');
  device.say(100);
  await settled();
  device.channel.deafen();
  while (await turn());
  assert.ok(count('device') <= 8);
});
