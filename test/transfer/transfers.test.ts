import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { systemRandom } from '../../src/base/random.js';
import { describe, openTransfers, servePlayer, type TransferEvent } from '../../src/transfer/transfer.js';
import { addressOf, noiseIn, sha256, shared } from '../support/transfers.js';

/** What others use: transfers in their own thread, over real sockets. */

const work = mkdtempSync(join(tmpdir(), 'p2pchat-transfers-'));
const random = systemRandom;
const LISTEN = { listen: [{ host: '127.0.0.1', port: 0 }] };
const [a, b] = await Promise.all([openTransfers(LISTEN), openTransfers(LISTEN)]);
after(async () => {
  await Promise.all([a.close(), b.close()]);
  rmSync(work, { recursive: true, force: true });
});

const file = noiseIn(work);

/** Noise that begins as a film does. */
function film(name: string): string {
  const path = join(work, name);
  const begin = Buffer.from('\0\0\0\x18ftypisom', 'latin1');
  writeFileSync(path, Buffer.concat([begin, random.bytes(6_000_000 - begin.length)]));
  return path;
}

test('a file goes from one to the other, and both are told', async () => {
  const path = file('one.bin', 2_000_000);
  const source = await describe([path]);
  const keys = shared();
  const heard: TransferEvent[] = [];
  const { manifest } = source;
  const incoming = b.receive({ ...keys, manifest, folder: join(work, 'one'), candidates: addressOf(a) });
  const outgoing = a.send({ ...keys, source, candidates: addressOf(b) }, (event) => heard.push(event));
  const [placed] = await incoming.ended;
  await outgoing.ended;
  assert.equal(placed!.sha256, sha256(path));
  assert.equal(sha256(incoming.path(0)), sha256(path));
  assert.deepEqual(
    heard.filter((event) => event.type === 'state').map((event) => event.state),
    ['connecting', 'running'],
  );
});

test('sixteen transfers at once arrive', async () => {
  const all = Array.from({ length: 16 }, async (_, i) => {
    const path = file(`many-${i}`, 400_000 + i);
    const source = await describe([path]);
    const keys = shared();
    const folder = join(work, `many-in-${i}`);
    const incoming = b.receive({ ...keys, manifest: source.manifest, folder, candidates: [] });
    a.send({ ...keys, source, candidates: addressOf(b) });
    const [placed] = await incoming.ended;
    assert.equal(placed!.sha256, sha256(path));
  });
  await Promise.all(all);
});

test('what cannot be received fails before it begins', async () => {
  const manifest = { files: [{ path: '../evil', size: 1 }], block: 65_536 };
  const incoming = b.receive({ ...shared(), manifest, folder: work, candidates: [] });
  await assert.rejects(incoming.ended, { code: 'unsafe-name' });
});

test('where nobody answers it says so, then gives up', async () => {
  const source = await describe([file('lonely', 10)]);
  const events: string[] = [];
  const nowhere = [{ host: '127.0.0.1', port: 9 }];
  const outgoing = a.send({ ...shared(), source, candidates: nowhere, patience: 2_500 }, ({ type }) =>
    events.push(type),
  );
  await assert.rejects(outgoing.ended, { code: 'transfer-unreachable', reason: 'unreachable' });
  assert.deepEqual(events, ['state', 'blocked', 'failed']);
});

test('pausing either side stops it, resuming goes on, cancelling tells the other', async () => {
  const source = await describe([file('paused', 30_000_000)], { tree: false });
  const keys = shared();
  const states: string[] = [];
  const folder = join(work, 'paused-in');
  const incoming = b.receive({ ...keys, manifest: source.manifest, folder, candidates: [] }, (event) => {
    if (event.type === 'state') states.push(event.state);
    if (event.type === 'state' && event.state === 'running' && states.length === 2) incoming.pause();
    if (event.type === 'state' && event.state === 'paused') incoming.resume();
    if (event.type === 'state' && event.state === 'running' && states.length > 2) void outgoing.cancel();
  });
  const outgoing = a.send({ ...keys, source, candidates: addressOf(b), rate: 5e6 });
  await assert.rejects(incoming.ended, { code: 'transfer-cancelled' });
  await assert.rejects(outgoing.ended, { code: 'transfer-cancelled' });
  assert.deepEqual(states, ['connecting', 'running', 'paused', 'running']);
});

/** Both ends of a TCP connection on loopback. */
async function connection(): Promise<[Socket, Socket]> {
  const server = createServer();
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const here = createConnection(port, '127.0.0.1');
  const there = await accepted;
  server.close();
  return [here, there];
}

test('where UDP is blocked the TCP link carries it', async () => {
  const path = file('tcp.bin', 3_000_000);
  const source = await describe([path]);
  const keys = shared();
  const incoming = b.receive({ ...keys, manifest: source.manifest, folder: join(work, 'tcp'), candidates: [] });
  const paths = new Set<string>();
  let isBlocked = (): void => {};
  const whenBlocked = new Promise<void>((resolve) => {
    isBlocked = resolve;
  });
  const outgoing = a.send({ ...keys, source, candidates: [{ host: '127.0.0.1', port: 9 }] }, (event) => {
    if (event.type === 'blocked') isBlocked();
    if (event.type === 'progress') paths.add(event.progress.path);
  });
  await whenBlocked;
  const [here, there] = await connection();
  incoming.attachStream(there);
  outgoing.attachStream(here);
  const [placed] = await incoming.ended;
  assert.equal(placed!.sha256, sha256(path));
  assert.deepEqual([...paths], ['stream']);
});

test('whoever receives datagrams says which address they were seen from', async () => {
  const other = await openTransfers({ listen: [{ host: '127.0.0.1', port: 0 }] });
  const { address } = other.endpoints[0]!;
  assert.deepEqual(await a.reflexive(address), a.endpoints[0]!.address);
  await other.close();
  await assert.rejects(a.reflexive(address), { code: 'echo-unanswered' });
});

/** A transfer that arrives at `rate`, and a server that shows it meanwhile. */
async function playing(name: string, rate: number) {
  const path = film(name);
  const source = await describe([path]);
  const keys = shared();
  const { manifest } = source;
  const more = new Set<() => void>();
  const onEvent = ({ type }: TransferEvent): void => {
    if (type === 'have') for (const listener of [...more]) listener();
  };
  const incoming = b.receive({ ...keys, manifest, folder: join(work, `${name}-in`), candidates: [] }, onEvent);
  const playable = {
    manifest,
    file: 0,
    path: () => incoming.path(0),
    want: (from: number, to: number) => incoming.want(from, to),
    available: (from: number) => incoming.available(from),
    onMore: (listener: () => void) => {
      more.add(listener);
      return () => more.delete(listener);
    },
  };
  const server = await servePlayer(playable, random);
  const outgoing = a.send({ ...keys, source, candidates: addressOf(b), rate });
  return { incoming, outgoing, server, whole: readFileSync(path) };
}

test('a player that seeks gets the part it asks for before what comes earlier in the file', async () => {
  const { incoming, outgoing, server, whole } = await playing('seek.mp4', 200e3);
  const end = await fetch(server.url, { headers: { range: 'bytes=-1000' } });
  assert.equal(end.status, 206);
  assert.equal(end.headers.get('content-range'), 'bytes 5999000-5999999/6000000');
  assert.ok(Buffer.from(await end.arrayBuffer()).equals(whole.subarray(-1_000)));
  assert.equal(incoming.available(4_000_000), 0);
  await outgoing.cancel();
  await server.close();
});

test('a player that reads on gets all of it, and nobody else gets anything', async () => {
  const { incoming, outgoing, server, whole } = await playing('film.mp4', 20e6);
  const all = await fetch(server.url);
  assert.equal(all.headers.get('content-type'), 'video/mp4');
  assert.ok(Buffer.from(await all.arrayBuffer()).equals(whole));
  assert.equal((await fetch(server.url, { headers: { range: 'bytes=6000000-' } })).status, 416);
  assert.equal((await fetch(`${new URL(server.url).origin}/film.mp4`)).status, 404);
  await Promise.all([incoming.ended, outgoing.ended]);
  await server.close();
});
