import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { Failure } from '../../base/errors.js';
import { viewOf } from '../../wire/datagrams/header.js';
import { DatagramBatch } from '../protocol/datagram-batch.js';
import type { Path } from '../protocol/path.js';
import { type Endpoint, type HostAddress, type OnDatagrams, PathTable, type Sent, ToldEndpoint } from './endpoint.js';
import { largestDatagram } from './local-address.js';

/** Node's own UDP sockets: everywhere, one datagram a system call. */

interface DgramPath extends Path {
  readonly host: string;
  readonly port: number;
}

const RECEIVE_BUFFER = 4 << 20;
/** What the kernel does not take at once waits in the process: beyond this the sender waits too. */
const MAX_QUEUED = 256 << 10;
const MEMORIES_KEPT = 16;

export async function openDgram(address: HostAddress): Promise<Endpoint> {
  const family = isIPv6(address.host) ? 6 : 4;
  const socket = createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    ipv6Only: family === 6,
    recvBufferSize: RECEIVE_BUFFER,
    // Addresses are numeric: answering at once keeps the send in this turn of the event loop.
    lookup: (host, _options, done) => done(null, host, family),
  });
  try {
    const listening = once(socket, 'listening');
    socket.bind(address.port, address.host);
    await listening;
  } catch (error) {
    throw new Failure('address-in-use', `cannot listen on ${address.host} port ${address.port} by UDP`, {
      cause: error,
    });
  }
  return new DgramEndpoint(socket, family);
}

class DgramEndpoint extends ToldEndpoint implements Endpoint {
  readonly kind = 'dgram';
  readonly train = new DatagramBatch();
  onDatagrams: OnDatagrams = () => {};
  onTurn: () => void = () => {};
  readonly #paths = new PathTable<string>();
  readonly #memories: Uint8Array[] = [];
  readonly #scratch = new Uint8Array(1 << 16);
  readonly #scratchView = viewOf(this.#scratch);
  #lastPath: DgramPath | undefined;
  #turning = false;
  #closed: Promise<void> | undefined;

  constructor(
    readonly socket: Socket,
    readonly family: 4 | 6,
  ) {
    super();
    socket.on('message', (message, from) => this.#onMessage(message, from));
    // What a send provoked far away is no fault of this socket.
    socket.on('error', () => {});
  }

  get address(): HostAddress {
    const { address, port } = this.socket.address();
    return { host: address, port };
  }

  get buffer(): number {
    return this.socket.getRecvBufferSize() / 2;
  }

  path({ host, port }: HostAddress): DgramPath {
    const last = this.#lastPath;
    if (last !== undefined && last.port === port && last.host === host) return last;
    const key = `${host} ${port}`;
    this.#lastPath = this.#paths.get(key, () => {
      const maxDatagram = largestDatagram(host, false);
      return { key, host, port, maxDatagram, stream: false } as DgramPath;
    }) as DgramPath;
    return this.#lastPath;
  }

  #onMessage(message: Buffer, from: RemoteInfo): void {
    const path = this.path({ host: from.address, port: from.port });
    // Copying is cheaper than a view for each.
    this.#scratch.set(message);
    this.onDatagrams(this.#scratch, this.#scratchView, 0, message.length, path);
    this.#turnSoon();
  }

  /** Once for everything that one turn of the event loop brings. */
  #turnSoon(): void {
    if (this.#turning) return;
    this.#turning = true;
    setImmediate(() => {
      this.#turning = false;
      if (this.#closed === undefined) this.onTurn();
    });
  }

  send(path: Path, train: DatagramBatch): Sent {
    if (this.socket.getSendQueueSize() > MAX_QUEUED) return 'busy';
    const { bytes, length, segment } = train;
    const { host, port } = path as DgramPath;
    let queued = true;
    // They leave in this order: when the last one has gone, all have.
    const onGone = (): void => {
      if (!queued) return;
      if (this.#memories.length < MEMORIES_KEPT) this.#memories.push(bytes);
      this.#turnSoon();
    };
    for (let at = 0; at < length; at += segment) {
      const size = Math.min(segment, length - at);
      if (at + size < length) this.socket.send(bytes, at, size, port, host);
      else this.socket.send(bytes, at, size, port, host, onGone);
    }
    // What the kernel did not take at once is sent from this memory later.
    queued = this.socket.getSendQueueCount() > 0;
    if (queued) train.replace(this.#memories.pop() ?? new Uint8Array(bytes.length));
    return 'sent';
  }

  sendOne(path: Path, datagram: Uint8Array): Sent {
    if (this.#closed !== undefined) return 'sent';
    const { host, port } = path as DgramPath;
    this.socket.send(datagram, port, host, () => {});
    return 'sent';
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => this.socket.close(resolve));
    return this.#closed;
  }
}
