import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { MessageChannel } from 'node:worker_threads';
import { type Clock, systemClock } from '../../src/base/clock.js';
import { Scope } from '../../src/base/scope.js';
import { ControlClient } from '../../src/control/client.js';
import { serveControl } from '../../src/control/server.js';
import { DEFAULT_LIMITS } from '../../src/directory/limits.js';
import { ServerChannel } from '../../src/directory/server/channel.js';
import { FairQueue } from '../../src/directory/server/fair-queue.js';
import { OUTLETS, type OutletName } from '../../src/net/outlet.js';
import { Channel } from '../../src/peer/network/channel.js';
import { Link } from '../../src/peer/network/link.js';
import { lendStream } from '../../src/transfer/thread/port-stream.js';
import { directoryMethods } from '../../src/wire/directory.js';
import { encodeFrame } from '../../src/wire/frame.js';
import { type RpcMessage, rpcMessage } from '../../src/wire/rpc.js';
import { afterwards } from '../support/directory.js';

/** So that minutes pass in a second; what is seen by it is that they are counted at all. */
const faster = (times: number): Clock => ({
  ...systemClock,
  after: (delay, run) => systemClock.after(delay / times, run),
});
const quick = faster(200);

/** A connection: ours, and that of somebody who never reads from it. */
async function pair(t: TestContext): Promise<{ ours: Socket; theirs: Socket }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const theirs = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [ours] = (await once(server, 'connection')) as [Socket];
  server.close();
  for (const socket of [ours, theirs]) socket.on('error', () => {});
  afterwards(t, () => [ours, theirs].map((socket) => socket.destroy()));
  return { ours, theirs };
}

/** Says something as fast as it is heard, until it is cut off. */
function talk(socket: Socket, next: () => Uint8Array | string): Promise<void> {
  const more = (): void => {
    while (!socket.destroyed && socket.write(next()));
  };
  socket.on('drain', more);
  more();
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

const framed = (message: RpcMessage): Uint8Array => encodeFrame(rpcMessage.encode(message));

/** Requests with numbers that go up, as a device makes them. */
function asking(method: string): () => Uint8Array {
  let i = 0;
  return () => framed({ t: 'q', i: ++i, m: method, p: {} });
}

const nobody = { serves: {}, hears: {}, serve: () => Promise.reject(new Error('nothing')), hear: () => {} };

/** Each outlet as the program makes it, and somebody who doesn't read. Resolves when he has been cut off. */
const CASES: Readonly<Record<OutletName, (t: TestContext) => Promise<void>>> = {
  async 'peer link'(t) {
    const { ours, theirs } = await pair(t);
    const link = new Link({
      ...{ socket: ours as TLSSocket, clock: quick, instance: new Uint8Array(16), dialled: false },
      certificate: { user: 'mallory', deviceId: 'd1' } as never,
      handlers: {
        crl: () => ({ number: 1, der: new Uint8Array(1 << 19) }),
        deliver: async () => {},
        typing() {},
        readHistory: async () => ({}),
        historyAllowed() {},
        historyConsents() {},
      },
    });
    theirs.write(
      framed({ t: 'q', i: 1, m: 'hello', p: { versions: [1], agent: 'x', instance: new Uint8Array(16), crl: 1 } }),
    );
    await link.greet();
    const ask = asking('crl.get');
    ask();
    // As many as may be without an answer; more end the channel for another reason.
    for (let asked = 0; asked < 200; asked++) theirs.write(ask());
    const step = (): void => {
      if (theirs.destroyed) return;
      theirs.write(framed({ t: 'pong' }));
      setImmediate(step);
    };
    step();
    assert.equal((await link.closed).code, 'reader-stalled');
  },
  async 'directory channel'(t) {
    const { ours, theirs } = await pair(t);
    const channel = new Channel<never, never, typeof directoryMethods, never>(ours as TLSSocket, 'the directory', {
      ...{ ...nobody, serves: {} as never, hears: {} as never, calls: directoryMethods },
      ...{ clock: faster(20), outlet: 'directory channel' },
    });
    void talk(theirs, () => framed({ t: 'pong' }));
    const parcel = { id: new Uint8Array(16), to: 'd'.repeat(32), sealed: new Uint8Array(1 << 18) };
    for (let at = 0; at < 200; at++)
      void channel.request('mailbox.put', { parcels: [parcel] } as never).catch(() => {});
    assert.equal((await channel.closed).code, 'reader-stalled');
  },
  async 'directory connection'(t) {
    const { ours, theirs } = await pair(t);
    const closed = new Promise<void>((onClosed) => {
      new ServerChannel({
        ...{ socket: ours as TLSSocket, clock: quick, turns: new FairQueue(quick), limits: DEFAULT_LIMITS },
        ...{ serves: directoryMethods, serve: async () => new Uint8Array(1_000_000), onClosed },
      }).session.open();
    });
    void talk(theirs, asking('groups.list'));
    await closed;
  },
  async 'transfer stream'(t) {
    const { ours, theirs } = await pair(t);
    const { port1, port2 } = new MessageChannel();
    afterwards(t, () => port2.close());
    lendStream(ours, port1);
    // What the thread must say at once, such as an acknowledgement, it says without asking for room.
    for (let at = 0; at < 400; at++) port2.postMessage({ bytes: new Uint8Array(60_000) });
    await once(ours, 'close');
    theirs.destroy();
  },
  async 'control caller'(t) {
    const folder = mkdtempSync(join(tmpdir(), 'p2pchat-outlet-'));
    const scope = new Scope();
    afterwards(t, () => rmSync(folder, { recursive: true }));
    afterwards(t, () => scope.close());
    let begun = 0;
    const tell = async (): Promise<string> => {
      begun++;
      return 'x'.repeat(100_000);
    };
    const path = join(folder, 's');
    await serveControl(path, { tell }, scope, { clock: quick });
    const caller = connect(path);
    caller.on('error', () => {});
    await talk(caller, () => '{"jsonrpc":"2.0","id":1,"method":"tell"}\n');
    assert.ok(begun < 5_000, `${begun} calls of one who doesn't read were begun`);
  },
  async 'control client'(t) {
    const { ours } = await pair(t);
    const client = new ControlClient(ours, 'nowhere', { clock: quick });
    for (let at = 0; at < 200; at++) void client.call('say', { text: 'x'.repeat(100_000) }).catch(() => {});
    await client.ended;
  },
};

for (const name of Object.keys(OUTLETS) as OutletName[]) {
  test(`P8 N5 who never reads from a ${name} is cut off`, (t) => CASES[name](t));
}

/** Writers that need no outlet. */
const BOUNDED: Readonly<Record<string, string>> = {
  'cli/commands/rpc.ts': 'pipes, which stop reading where nobody reads',
  'control/jsonrpc.ts': 'to standard output, and waits',
  'directory/log/log.ts': 'to the file of the log',
  'net/outlet.ts': 'the outlet itself',
  'page/saver.ts': 'to a file, in a browser',
  'peer/network/link-stream.ts': 'the two frames of a greeting',
  'transfer/files/player.ts': 'waits for the player',
  'transfer/udp/stream-path.ts': 'to the other thread, where an outlet is',
};

test('P8 N5 nothing else writes to a socket', () => {
  const src = fileURLToPath(new URL('../../../src', import.meta.url));
  const found = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .filter((name) => {
      const text = readFileSync(join(src, name), 'utf8');
      return /\b(socket|stream|caller|client|response|output|duplex)\b\)?!?\.(write|pipe)\(/i.test(text);
    })
    .map((name) => name.replaceAll('\\', '/'));
  // The faces' streams are those of the terminal.
  const sockets = found.filter((name) => name in BOUNDED || !/^(cli|tui)\//.test(name));
  assert.deepEqual(sockets.sort(), Object.keys(BOUNDED).sort());
});
