import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { systemRandom } from '../../src/base/random.js';
import { manifestDigest } from '../../src/transfer/files/file-source.js';
import { Initiator } from '../../src/transfer/protocol/initiator.js';
import { Responder } from '../../src/transfer/protocol/responder.js';
import { describe, openTransfers } from '../../src/transfer/transfer.js';
import { TYPE } from '../../src/wire/datagrams/header.js';
import { AMPLIFICATION, UNCONFIRMED_MS, UNPROVED_HOST_BYTES } from '../../src/wire/limits.js';
import { Bystander } from '../support/bystander.js';
import { noiseIn, shared } from '../support/transfers.js';

/** What the driver sends to those who take part in nothing, over real sockets: each test has addresses of its own. */

const work = mkdtempSync(join(tmpdir(), 'p2pchat-bystanders-'));
after(() => rmSync(work, { recursive: true, force: true }));
const random = systemRandom;
const LISTEN = { listen: [{ host: '0.0.0.0', port: 0 }] };
const path = { key: 'x', maxDatagram: 1_472, stream: false };

const file = noiseIn(work);

for (const use of ['batch', 'dgram'] as const) {
  test(`U1 N10 transfers that name a bystander send him one allowance, together and in whatever number (${use})`, async () => {
    const bystander = await Bystander.open('127.0.77.1');
    const transfers = await openTransfers({ ...LISTEN, use });
    const source = await describe([file('named', 100)]);
    const candidates = [bystander.address];
    const all = Array.from({ length: 8 }, () => transfers.send({ ...shared(), source, candidates, patience: 3_000 }));
    await Promise.all(all.map((one) => one.ended.catch(() => {})));
    // Nor does a new attempt, or somebody who says again and again that he is there, bring more.
    const again = transfers.send({ ...shared(), source, candidates, patience: 1_500 });
    for (let i = 0; i < 100; i++) again.addCandidates(candidates);
    await again.ended.catch(() => {});
    assert.ok(bystander.datagrams >= 8, 'an honest receiver there would have been found');
    assert.ok(bystander.bytes <= UNPROVED_HOST_BYTES * 1.05, `${bystander.bytes} bytes`);
    await transfers.close();
    await bystander.close();
  });
}

test('U1 N10 an Accept from where nobody receives what is sent there brings no content there', async () => {
  const [bystander, transfers] = [await Bystander.open('127.0.78.1'), await openTransfers(LISTEN)];
  const mallory = await Bystander.open('127.0.79.1');
  const source = await describe([file('wanted', 20_000_000)]);
  const keys = shared();
  const secret = { ...keys, manifest: manifestDigest(source.manifest) };
  // Mallory has the secret, hears the Initial, and answers as if from the bystander's address.
  let said = 0;
  const fields = { window: 32 << 20, buffer: 4 << 20 };
  const emit = (_: unknown, datagram: Uint8Array): void => {
    said += datagram.length;
    void bystander.send(datagram, { host: '127.0.0.1', port: transfers.endpoints[0]!.address.port });
  };
  const responder = new Responder({ secret, fields, random, emit, now: 0 });
  mallory.onDatagram((datagram) => {
    if (datagram[0] === TYPE.initial && said === 0) responder.receive(datagram, path);
  });
  const outgoing = transfers.send({ ...keys, source, candidates: [mallory.address], patience: 1_000 });
  await bystander.has(2);
  await outgoing.ended.catch(() => {});
  assert.ok(bystander.bytes <= UNPROVED_HOST_BYTES + AMPLIFICATION * said, `${bystander.bytes} for ${said}`);
  assert.ok(bystander.bytes < 3_000, `${bystander.bytes} bytes, which is more than challenges`);
  await transfers.close();
  await Promise.all([bystander.close(), mallory.close()]);
});

test('U1 N10 an Initial as if from a bystander brings him no more than three times itself, and an end', async () => {
  const [bystander, transfers] = [await Bystander.open('127.0.80.1'), await openTransfers(LISTEN)];
  const manifest = { files: [{ path: 'f', size: 100_000_000 }], block: 65_536 };
  const keys = shared();
  let isOpen = (): void => {};
  const open = new Promise<void>((resolve) => {
    isOpen = resolve;
  });
  const receiving = { ...keys, manifest, folder: work, candidates: [], patience: 8_000 };
  const incoming = transfers.receive(receiving, ({ type }) => type === 'state' && isOpen());
  await open;
  const to = { host: '127.0.0.1', port: transfers.endpoints[0]!.address.port };
  let initial = new Uint8Array();
  const emit = (_: unknown, datagram: Uint8Array): void => {
    initial = datagram.slice();
  };
  new Initiator({ secret: { ...keys, manifest: manifestDigest(manifest) }, random, emit, now: 0 }).add(path, 0);
  await bystander.send(initial, to);
  const begun = performance.now();
  await incoming.ended.catch(() => {});
  assert.ok(bystander.datagrams > 2, 'an honest sender would be told again what is wanted');
  assert.ok(bystander.bytes <= AMPLIFICATION * initial.length, `${bystander.bytes} for ${initial.length}`);
  assert.ok(bystander.lastAt - begun < UNCONFIRMED_MS + 2_000, `the last after ${bystander.lastAt - begun} ms`);
  await transfers.close();
  await bystander.close();
});
