import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FixedRateController } from '../../src/transfer/protocol/congestion/fixed-rate.js';
import { CookieGate } from '../../src/transfer/protocol/cookies.js';
import { Initiator } from '../../src/transfer/protocol/initiator.js';
import type { Path } from '../../src/transfer/protocol/path.js';
import { Responder } from '../../src/transfer/protocol/responder.js';
import { decodeInitial, encodeRetry } from '../../src/wire/datagrams/handshake.js';
import { TYPE } from '../../src/wire/datagrams/header.js';
import { AMPLIFICATION } from '../../src/wire/limits.js';
import { Pair } from '../support/pair.js';
import { seededRandom } from '../support/random.js';

const MIB = 1 << 20;

test('U7 a sender that moves is validated at its new address and goes on within 3 s', (t) => {
  const pair = new Pair({ network: { latency: 20, rate: 2_000 }, bytes: 8 * MIB }, seededRandom('U7 sender'));
  t.diagnostic("seed 'U7 sender'");
  let movedAt = 0;
  pair.at(1_500, () => {
    pair.address.a = 'a2';
    movedAt = pair.now;
  });
  let backAt = 0;
  pair.tap = (from, datagram) => {
    if (movedAt > 0 && backAt === 0 && from === 'b' && pair.receiver?.path.key === 'a2') backAt = pair.now;
    return datagram;
  };
  pair.run(60_000);
  assert.ok(pair.faithful && pair.sender?.end?.reason === 'done');
  assert.ok(backAt > 0 && backAt - movedAt < 3_000, `${backAt - movedAt} ms`);
});

test('U7 a receiver that moves is validated at its new address and goes on within 3 s', (t) => {
  const pair = new Pair({ network: { latency: 20, rate: 2_000 }, bytes: 8 * MIB }, seededRandom('U7 receiver'));
  t.diagnostic("seed 'U7 receiver'");
  let movedAt = 0;
  let backAt = 0;
  pair.at(1_500, () => {
    pair.address.b = 'b2';
    movedAt = pair.now;
  });
  pair.tap = (_from, datagram) => {
    if (movedAt > 0 && backAt === 0 && pair.sender?.path.key === 'b2') backAt = pair.now;
    return datagram;
  };
  pair.run(60_000);
  assert.ok(pair.faithful && pair.sender?.end?.reason === 'done');
  assert.ok(backAt > 0 && backAt - movedAt < 3_000, `${backAt - movedAt} ms`);
});

test('U8 five seconds without network are waited out in the same session', () => {
  const pair = new Pair({ network: { latency: 10, rate: 2_000 }, bytes: 6 * MIB }, seededRandom('U8'));
  const { network } = pair;
  pair.at(1_000, () => {
    pair.network = { ...network, loss: 1 };
  });
  pair.at(6_000, () => {
    pair.network = network;
  });
  pair.run(60_000);
  assert.ok(pair.faithful && pair.sender?.end?.reason === 'done');
});

test('U8 a sender that starts anew sends at most 5 % again', () => {
  const network = { latency: 10, rate: 2_000, queue: 256 << 10 };
  const pair = new Pair({ network, bytes: 16 * MIB }, seededRandom('U8 anew'));
  pair.at(3_000, () => pair.restartSender());
  pair.run(60_000);
  assert.ok(pair.faithful && pair.sender?.end?.reason === 'done');
  const headers = 1 + 28 / 1_444;
  assert.ok(pair.sent.bytesA < 16 * MIB * headers * 1.05, `${pair.sent.bytesA} bytes sent`);
});

test('a path that carries less from now on is found out', () => {
  const pair = new Pair({ network: { latency: 5, rate: 2_000 }, bytes: 4 * MIB }, seededRandom('mtu'));
  pair.at(500, () => {
    pair.network = { ...pair.network, mtu: 1_280 };
  });
  pair.run(60_000);
  assert.ok(pair.faithful && pair.sender?.end?.reason === 'done');
  assert.equal(pair.sender?.stats.mtu, 1_200);
});

test('U3 an acknowledgement of what was never sent closes the session', () => {
  const pair = new Pair({ network: { latency: 20, loss: 0.3, rate: 5_000 }, bytes: 8 * MIB }, seededRandom('U3'));
  // A receiver that says it has everything up to the newest, lost or not, to be served faster.
  pair.cheat = true;
  pair.run(10_000);
  assert.equal(pair.sender?.end?.reason, 'falseAcknowledgement');
  assert.ok(pair.trapSentAt > 0 && pair.now - pair.trapSentAt < 200, `${pair.now - pair.trapSentAt} ms after the trap`);
});

test('U1 what has not proved its address gets at most three times what came from it', () => {
  const pair = new Pair({ network: { latency: 20, rate: 2_000 }, bytes: 4 * MIB }, seededRandom('U1'));
  const received = { a: 0, b: 0 };
  const sent = { a: 0, b: 0 };
  pair.deliveredFrom = (side, source, bytes) => {
    if (source.startsWith('spoofed')) received[side] += bytes;
  };
  pair.sentTo = (side, to, bytes) => {
    if (to.startsWith('spoofed')) sent[side] += bytes;
  };
  // Somebody on the path repeats what it sees, as if from an address which is a victim's.
  let spoofed = 0;
  pair.tap = (from, datagram) => {
    if (spoofed < 200 && (datagram[0] === TYPE.control || datagram[0] === TYPE.initial || spoofed % 5 === 0)) {
      pair.inject(from === 'a' ? 'b' : 'a', `spoofed${spoofed++ % 3}`, datagram);
      return from === 'a' && datagram[0] === TYPE.data ? null : datagram;
    }
    return datagram;
  };
  pair.run(60_000);
  assert.ok(spoofed > 50);
  for (const side of ['a', 'b'] as const) {
    assert.ok(sent[side] <= AMPLIFICATION * received[side], `${side}: ${sent[side]} for ${received[side]}`);
  }
  assert.ok(pair.faithful);
});

test('U5 every block is written once, and unfinished ones stay within the budget', () => {
  const network = { latency: 5, jitter: 20, loss: 0.1, duplicate: 0.1 };
  const pair = new Pair({ network, bytes: 6 * MIB, window: 1 * MIB }, seededRandom('budget'));
  pair.run(120_000);
  assert.ok(pair.faithful);
  assert.ok(pair.unfinishedMost <= 16, `${pair.unfinishedMost} blocks`);
});

test('a rate above what the path carries falls back to what it carries', () => {
  const pair = new Pair(
    {
      network: { latency: 10, rate: 1_250, queue: 64 << 10 },
      bytes: 6 * MIB,
      controller: (init) => new FixedRateController(init, 20_000),
    },
    seededRandom('fixed'),
  );
  pair.run(60_000);
  assert.ok(pair.faithful);
  assert.ok(pair.sent.bytesA < 6 * MIB * 1.6, `${pair.sent.bytesA} bytes sent`);
});

test('U10 a transfer whose two sides mean different manifests never opens', () => {
  const random = seededRandom('manifests');
  const secret = { id: random.bytes(16), secret: random.bytes(32) };
  const path: Path = { key: 'x', maxDatagram: 1_472, stream: false };
  const toResponder: Uint8Array[] = [];
  const toInitiator: Uint8Array[] = [];
  const shared = { random, now: 0 };
  const initiator = new Initiator({
    ...shared,
    secret: { ...secret, manifest: random.bytes(32) },
    emit: (_, datagram) => toResponder.push(datagram),
  });
  const responder = new Responder({
    ...shared,
    secret: { ...secret, manifest: random.bytes(32) },
    fields: { window: 1, buffer: 1 },
    emit: (_, datagram) => toInitiator.push(datagram),
  });
  initiator.add(path, 0);
  for (const datagram of toResponder) responder.receive(datagram, path);
  for (const datagram of toInitiator) initiator.receive(datagram, path, 1);
  assert.ok(toInitiator.length > 0);
  assert.equal(initiator.opened, undefined);
});

test('U2 in a flood only an Initial with a cookie for its own address is looked at', () => {
  const gate = new CookieGate(seededRandom('gate'));
  for (let i = 0; i < 10_000; i++) gate.judge(null, `10.0.${i >> 8}.${i & 255} 9`, 500);
  assert.equal(gate.judge(null, '192.0.2.1 5', 500), 'drop');
  const cookie = gate.cookie('192.0.2.1 5', 500);
  assert.equal(gate.judge(cookie, '192.0.2.1 5', 510), 'judge');
  assert.equal(gate.judge(cookie, '192.0.2.2 5', 510), 'drop');
  assert.equal(gate.judge(cookie, '192.0.2.1 5', 510 + 30_000), 'judge', 'a quiet second asks for none');
});

test('U2 an initiator that is asked for a cookie brings it', () => {
  const random = seededRandom('retry');
  const secret = { id: random.bytes(16), secret: random.bytes(32), manifest: random.bytes(32) };
  const path: Path = { key: 'x', maxDatagram: 1_472, stream: false };
  const out: Uint8Array[] = [];
  const initiator = new Initiator({ secret, random, now: 0, emit: (_, datagram) => out.push(datagram) });
  initiator.add(path, 0);
  assert.equal(decodeInitial(out[0]!).cookie, null);
  const cookie = random.bytes(32);
  initiator.receive(encodeRetry(initiator.id, cookie), path, 1);
  assert.deepEqual(decodeInitial(out[1]!).cookie, cookie);
});

for (const [what, damage] of [
  ['false', (content: Uint8Array) => content.fill(content[70_000]! ^ 1, 70_000, 70_001)],
  [
    'swapped',
    (content: Uint8Array) => {
      const first = content.slice(0, 65_536);
      content.copyWithin(0, 65_536, 131_072);
      content.set(first, 65_536);
    },
  ],
] as const) {
  test(`U10 a ${what} block of a sender that says its tree has it is discarded, until the session ends`, () => {
    const pair = new Pair({ network: { latency: 1 }, bytes: 200_000, block: 65_536, tree: true }, seededRandom(what));
    damage(pair.content);
    pair.run(120_000);
    assert.equal(pair.sender?.end?.reason, 'tooManyRejects');
    assert.equal(pair.written.get(1), undefined);
    assert.equal(pair.written.get(2), 1);
    assert.equal(pair.complete, false);
  });
}
