import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, test } from 'node:test';
import { systemRandom } from '../../src/base/random.js';
import type { TransferEvent } from '../../src/transfer/driver/events.js';
import { TransferNode } from '../../src/transfer/driver/node.js';
import { describe, type Source } from '../../src/transfer/files/file-source.js';
import type { Stream } from '../../src/transfer/udp/stream-path.js';

const folder = mkdtempSync(join(tmpdir(), 'p2pchat-transfer-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const random = systemRandom;
const LOOPBACK = { host: '127.0.0.1', port: 0 };

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function file(name: string, bytes: number): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, random.bytes(bytes));
  return path;
}

type Ending = Extract<TransferEvent, { type: 'done' | 'failed' }>;

/** Collects events; `ended` resolves with the last one. */
function watch() {
  const events: TransferEvent[] = [];
  let end: (event: Ending) => void;
  const ended = new Promise<Ending>((resolve) => {
    end = resolve;
  });
  return {
    events,
    ended,
    onEvent: (event: TransferEvent): void => {
      events.push(event);
      if (event.type === 'done' || event.type === 'failed') end(event);
    },
  };
}

interface Both {
  readonly a: TransferNode;
  readonly b: TransferNode;
  readonly close: () => Promise<unknown>;
}

async function both(use: 'batch' | 'dgram', listen = LOOPBACK): Promise<Both> {
  const a = await TransferNode.open({ listen: [listen], use }, random);
  const b = await TransferNode.open({ listen: [listen], use }, random);
  return { a, b, close: () => Promise.all([a.close(), b.close()]) };
}

const keys = () => ({ id: random.bytes(16), secret: random.bytes(32) });

async function transfer(pair: Both, source: Source, target: string) {
  const shared = keys();
  const { a, b } = pair;
  const incoming = watch();
  const outgoing = watch();
  const options = { ...shared, manifest: source.manifest, folder: target, candidates: [a.endpoints[0]!.address] };
  await b.receive(options, incoming.onEvent);
  a.send({ ...shared, source, candidates: [b.endpoints[0]!.address] }, outgoing.onEvent);
  const [received, sent] = await Promise.all([incoming.ended, outgoing.ended]);
  return { received, sent, incoming, outgoing };
}

for (const use of ['dgram', 'batch'] as const) {
  test(`a file arrives whole by ${use}, with its SHA-256`, async () => {
    const pair = await both(use);
    const path = file(`film-${use}.mp4`, 3_000_000);
    const { received, sent } = await transfer(pair, await describe([path]), join(folder, `in-${use}`));
    assert.equal(sent.type, 'done');
    assert.ok(received.type === 'done');
    const [placed] = received.files;
    assert.equal(placed!.sha256, sha256(readFileSync(path)));
    assert.ok(readFileSync(placed!.path).equals(readFileSync(path)));
    assert.deepEqual(readdirSync(join(folder, `in-${use}`)), [`film-${use}.mp4`]);
    await pair.close();
  });

  test(`folders and many files arrive in one transfer by ${use}`, async () => {
    const pair = await both(use);
    const names = ['album/empty.txt', ...Array.from({ length: 60 }, (_, i) => `album/${i % 5}/photo ${i}.jpg`)];
    const root = `many-${use}`;
    for (const [i, name] of names.entries()) file(join(root, name), i === 0 ? 0 : 1_000 * i);
    const source = await describe([join(folder, root, 'album'), file(join(root, 'note.txt'), 10)], { tree: false });
    const { received } = await transfer(pair, source, join(folder, `${root}-in`));
    assert.ok(received.type === 'done', JSON.stringify(received));
    assert.equal(received.files.length, 62);
    for (const name of [...names, 'note.txt']) {
      assert.ok(readFileSync(join(folder, `${root}-in`, name)).equals(readFileSync(join(folder, root, name))), name);
    }
    await pair.close();
  });
}

test('IPv6 works like IPv4', async () => {
  const pair = await both('batch', { host: '::1', port: 0 });
  const path = file('six.bin', 500_000);
  const { received } = await transfer(pair, await describe([path]), join(folder, 'six'));
  assert.equal(received.type, 'done');
  await pair.close();
});

test('U11 nothing is overwritten: the second of the same name gets a number', async () => {
  const pair = await both('dgram');
  const target = join(folder, 'twice');
  mkdirSync(target);
  writeFileSync(join(target, 'note.txt'), 'mine');
  const { received } = await transfer(pair, await describe([file('note.txt', 100)]), target);
  assert.ok(received.type === 'done');
  assert.equal(received.files[0]!.path, join(target, 'note (2).txt'));
  assert.equal(readFileSync(join(target, 'note.txt'), 'utf8'), 'mine');
  await pair.close();
});

test('a file that changed since it was offered is not sent', async () => {
  const pair = await both('dgram');
  const path = file('changing.bin', 300_000);
  const source = await describe([path]);
  utimesSync(path, 1, 1);
  const { received, sent } = await transfer(pair, source, join(folder, 'changed'));
  assert.ok(sent.type === 'failed' && received.type === 'failed');
  assert.equal(sent.failure.code, 'source-changed');
  assert.equal(received.failure.code, 'source-changed');
  await pair.close();
});

test('what has come stays when the receiver ends, and is not sent again', async () => {
  const pair = await both('batch');
  const path = file('resumed.bin', 6_000_000);
  const source = await describe([path]);
  const shared = keys();
  const target = join(folder, 'resumed-in');
  const options = { ...shared, manifest: source.manifest, folder: target, candidates: [] };
  const first = watch();
  const incoming = await pair.b.receive(options, first.onEvent);
  const outgoing = watch();
  const candidates = [pair.b.endpoints[0]!.address];
  const sending = pair.a.send({ ...shared, source, candidates, rate: 20e6 }, outgoing.onEvent);
  await until(first.events, (event) => event.type === 'progress' && event.progress.bytes > 1_000_000);
  await incoming.close();
  await sending.cancel();
  const second = watch();
  const again = await pair.b.receive(options, second.onEvent);
  const had = second.events.find((event) => event.type === 'have');
  assert.ok(had?.type === 'have' && had.ranges.length > 0, 'nothing was kept');
  const sentAgain = watch();
  pair.a.send({ ...shared, source, candidates }, sentAgain.onEvent);
  const received = await second.ended;
  assert.ok(received.type === 'done');
  assert.equal(received.files[0]!.sha256, sha256(readFileSync(path)));
  await again.close();
  await pair.close();
});

async function until(events: readonly TransferEvent[], holds: (event: TransferEvent) => boolean): Promise<void> {
  while (!events.some(holds)) await new Promise(setImmediate);
}

/** Two ends of one stream, as the two threads or processes see it. */
function streams(): [Stream, Stream] {
  const forth = new PassThrough();
  const back = new PassThrough();
  const end = (out: PassThrough, into: PassThrough): Stream => {
    const stream: Stream = {
      write: (bytes) => out.write(bytes),
      close: () => out.end(),
      onData: () => {},
      onDrain: () => {},
      onClose: () => {},
    };
    into.on('data', (bytes: Buffer) => stream.onData(bytes));
    into.on('end', () => stream.onClose());
    out.on('drain', () => stream.onDrain());
    return stream;
  };
  return [end(forth, back), end(back, forth)];
}

test('over a stream the same transfer works where no datagram gets through', async () => {
  const pair = await both('dgram');
  const path = file('by-stream.bin', 3_000_000);
  const source = await describe([path]);
  const shared = keys();
  const incoming = watch();
  const outgoing = watch();
  const options = { ...shared, manifest: source.manifest, folder: join(folder, 'stream-in'), candidates: [] };
  const receiving = await pair.b.receive(options, incoming.onEvent);
  const sending = pair.a.send({ ...shared, source, candidates: [] }, outgoing.onEvent);
  const [here, there] = streams();
  pair.b.attachStream(receiving, there);
  pair.a.attachStream(sending, here);
  const received = await incoming.ended;
  assert.ok(received.type === 'done');
  assert.equal(received.files[0]!.sha256, sha256(readFileSync(path)));
  assert.equal((await outgoing.ended).type, 'done');
  assert.ok(outgoing.events.some((event) => event.type === 'progress' && event.progress.path === 'stream'));
  await pair.close();
});

test('a node learns from another how its datagrams look from outside', async () => {
  const pair = await both('dgram');
  const seen = await pair.a.reflexive(pair.b.endpoints[0]!.address);
  assert.deepEqual(seen, pair.a.endpoints[0]!.address);
  await pair.close();
});
