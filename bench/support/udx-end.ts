import { createReadStream, createWriteStream } from 'node:fs';
import { createRequire } from 'node:module';
import type { Duplex } from 'node:stream';

/** One side of a transfer by udx-native: `udx-end send|receive SENDER RECEIVER FILE`. The sender ends when all of it is written there. */

interface UdxSocket {
  bind(port: number, host: string): void;
  close(): void;
}
interface UdxStream extends Duplex {
  connect(socket: UdxSocket, remoteId: number, port: number, host: string): void;
}
interface Udx {
  createSocket(): UdxSocket;
  createStream(id: number): UdxStream;
}

const PORTS = { send: 7_402, receive: 7_401 };
const IDS = { send: 1, receive: 2 };

// By a name that is computed, as it is installed only for this bench.
const UDX = createRequire(import.meta.url)(['udx', 'native'].join('-')) as new () => Udx;
const [role, sender = '', receiver = '', file = ''] = process.argv.slice(2);
const udx = new UDX();
const socket = udx.createSocket();
const stream = udx.createStream(role === 'send' ? IDS.send : IDS.receive);
stream.on('close', () => socket.close());

if (role === 'send') {
  socket.bind(PORTS.send, sender);
  stream.connect(socket, IDS.receive, PORTS.receive, receiver);
  createReadStream(file, { highWaterMark: 1 << 20 }).pipe(stream);
  stream.resume();
} else {
  socket.bind(PORTS.receive, receiver);
  stream.connect(socket, IDS.send, PORTS.send, sender);
  stream.pipe(createWriteStream(file)).on('finish', () => stream.end());
}
