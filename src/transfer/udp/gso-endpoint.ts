import { isIPv6 } from 'node:net';
import { viewOf } from '../../wire/datagrams/header.js';
import { DATAGRAM_MAX_BYTES } from '../../wire/limits.js';
import { DatagramBatch } from '../protocol/datagram-batch.js';
import type { Path } from '../protocol/path.js';
import { ConnectedSocket } from './connected-socket.js';
import { type Endpoint, type HostAddress, type OnDatagrams, PathTable, type Sent } from './endpoint.js';
import type { Libc, Memory, PollEvent, PollHandle } from './libc.js';
import { IPPROTO_UDP, openSocket, receiveBuffer } from './linux-socket.js';
import { largestDatagram } from './local-address.js';
import { ReceiveBatch } from './receive-batch.js';
import { isSockaddr, readSockaddr, SOCKADDR_BYTES, sockaddrKey, writeSockaddr } from './sockaddr.js';

/**
 * UDP with many datagrams a system call: `sendmsg` with UDP_SEGMENT hands the kernel up to 64 KB to cut, `recvmmsg` with
 * UDP_GRO takes in what it joined. Joined datagrams need no mark of where they were joined: each says its own length.
 */

interface BatchPath extends Path {
  readonly sockaddr: Uint8Array;
}

const UDP_SEGMENT = 103;
const MSG_DONTWAIT = 0x40;
const EIO = 5;
const EAGAIN = 11;
const EINVAL = 22;
const EMSGSIZE = 90;
const ENOBUFS = 105;
const ECONNREFUSED = 111;

const MSGHDR_BYTES = 56;
const IOVEC_BYTES = 16;
const CMSG_BYTES = 24;
const TRAIN_BYTES = 1 << 16;
/** As much as a socket holds: nobody keeps one from being closed by sending on and on. */
const LAST_BATCHES = 64;

export function openBatch(libc: Libc, address: HostAddress): Endpoint {
  return new BatchEndpoint(libc, openSocket(libc, address), isIPv6(address.host) ? 6 : 4);
}

class BatchEndpoint implements Endpoint {
  readonly kind = 'batch (koffi)';
  readonly address: HostAddress;
  readonly buffer: number;
  readonly train: DatagramBatch;
  onDatagrams: OnDatagrams = () => {};
  onTurn: () => void = () => {};
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #paths = new PathTable<number | string>();
  #lastPath: BatchPath | undefined;
  readonly #poll: PollHandle;
  readonly #memories: Memory[] = [];
  readonly #trainMemory: Memory;
  readonly #oneMemory: Memory;
  readonly #message: Memory;
  readonly #messageView: DataView;
  readonly #name: Uint8Array;
  readonly #received: ReceiveBatch;
  /** By path: sockets of their own for what comes from there. */
  readonly #favoured = new Map<Path, ConnectedSocket>();
  #segmentation = true;
  #waitsForRoom = false;
  #watched = true;
  #closed: Promise<void> | undefined;

  constructor(
    libc: Libc,
    fd: number,
    readonly family: 4 | 6,
  ) {
    this.#libc = libc;
    this.#fd = fd;
    const bound = new Uint8Array(28);
    libc.getsockname(fd, bound, Uint8Array.of(28, 0, 0, 0));
    this.address = readSockaddr(viewOf(bound), 0);
    this.buffer = receiveBuffer(libc, fd);
    this.#trainMemory = this.#allocate(TRAIN_BYTES);
    this.train = new DatagramBatch(this.#trainMemory.bytes);
    this.#oneMemory = this.#allocate(TRAIN_BYTES);
    // msghdr, iovec, cmsghdr, sockaddr
    this.#message = this.#allocate(MSGHDR_BYTES + IOVEC_BYTES + CMSG_BYTES + 32);
    this.#messageView = viewOf(this.#message.bytes);
    this.#name = this.#message.bytes.subarray(MSGHDR_BYTES + IOVEC_BYTES + CMSG_BYTES);
    this.#layoutMessage();
    this.#received = new ReceiveBatch(libc, (view, at) => this.#pathOf(view, at));
    this.#poll = libc.poll(fd);
    this.#listen();
  }

  #allocate(bytes: number): Memory {
    const memory = this.#libc.allocate(bytes);
    this.#memories.push(memory);
    return memory;
  }

  #layoutMessage(): void {
    const { address } = this.#message;
    const view = this.#messageView;
    view.setBigUint64(0, address + BigInt(MSGHDR_BYTES + IOVEC_BYTES + CMSG_BYTES), true);
    view.setUint32(8, SOCKADDR_BYTES[this.family], true);
    view.setBigUint64(16, address + BigInt(MSGHDR_BYTES), true);
    view.setBigUint64(24, 1n, true);
    view.setBigUint64(32, address + BigInt(MSGHDR_BYTES + IOVEC_BYTES), true);
    const control = MSGHDR_BYTES + IOVEC_BYTES;
    view.setBigUint64(control, 18n, true);
    view.setInt32(control + 8, IPPROTO_UDP, true);
    view.setInt32(control + 12, UDP_SEGMENT, true);
  }

  watch(on: boolean): void {
    if (on === this.#watched || this.#closed !== undefined) return;
    this.#watched = on;
    this.#listen();
    for (const socket of this.#favoured.values()) socket.watch(on);
  }

  readonly nap = (ms: number): void => {
    this.#libc.usleep(ms * 1_000);
  };

  #listen(): void {
    this.#poll.start({ readable: this.#watched, writable: this.#waitsForRoom }, (event) => this.#onPoll(event));
  }

  #onPoll({ readable, writable }: PollEvent): void {
    if (this.#closed !== undefined) return;
    if (writable && this.#waitsForRoom) {
      this.#waitsForRoom = false;
      this.#listen();
    }
    if (readable) this.drain();
    this.onTurn();
  }

  path(address: HostAddress): BatchPath {
    const sockaddr = writeSockaddr(address);
    return this.#pathOf(viewOf(sockaddr), 0);
  }

  #pathOf(view: DataView, at: number): BatchPath {
    if (this.#lastPath !== undefined && isSockaddr(this.#lastPath.sockaddr, view, at)) return this.#lastPath;
    this.#lastPath = this.#paths.get(sockaddrKey(view, at, this.family), () => {
      const address = readSockaddr(view, at);
      const key = `${address.host} ${address.port}`;
      const sockaddr = writeSockaddr(address);
      return { key, sockaddr, maxDatagram: largestDatagram(address.host, true), stream: false } as BatchPath;
    }) as BatchPath;
    return this.#lastPath;
  }

  send(path: Path, train: DatagramBatch): Sent {
    const { length, segment } = train;
    if (!this.#segmentation || length <= segment) return this.#sendSingly(path, train);
    const sent = this.#sendmsg(path, this.#trainMemory.address, length, segment);
    if (sent !== 'unsupported') return sent;
    this.#segmentation = false;
    return this.#sendSingly(path, train);
  }

  #sendSingly(path: Path, { length, segment }: DatagramBatch): Sent {
    for (let at = 0; at < length; at += segment) {
      const size = Math.min(segment, length - at);
      const sent = this.#sendmsg(path, this.#trainMemory.address + BigInt(at), size, 0);
      // Those before it have gone; the rest counts as lost on the way.
      if (sent !== 'sent') return at === 0 && sent !== 'unsupported' ? sent : 'sent';
    }
    return 'sent';
  }

  sendOne(path: Path, datagram: Uint8Array): Sent {
    if (this.#closed !== undefined || datagram.length > DATAGRAM_MAX_BYTES) return 'refused';
    this.#oneMemory.bytes.set(datagram);
    const sent = this.#sendmsg(path, this.#oneMemory.address, datagram.length, 0);
    return sent === 'unsupported' ? 'refused' : sent;
  }

  /** @param segment 0 for a single datagram */
  #sendmsg(path: Path, address: bigint, length: number, segment: number): Sent | 'unsupported' {
    const view = this.#messageView;
    this.#name.set((path as BatchPath).sockaddr);
    view.setBigUint64(MSGHDR_BYTES, address, true);
    view.setUint32(MSGHDR_BYTES + 8, length, true);
    view.setUint32(40, segment === 0 ? 0 : CMSG_BYTES, true);
    view.setUint16(MSGHDR_BYTES + IOVEC_BYTES + 16, segment, true);
    for (let tries = 0; tries < 2; tries++) {
      if (this.#libc.sendmsg(this.#fd, this.#message.address, MSG_DONTWAIT) >= 0) return 'sent';
      const errno = this.#libc.errno();
      if (errno === EAGAIN || errno === ENOBUFS) {
        this.#waitForRoom();
        return 'busy';
      }
      if (errno === EMSGSIZE || (errno === EINVAL && segment > 0)) return 'refused';
      if (errno === EIO && segment > 0) return 'unsupported';
      // An ICMP message about an earlier datagram is reported once, in place of sending.
      if (errno !== ECONNREFUSED) return 'sent';
    }
    return 'sent';
  }

  #waitForRoom(): void {
    if (this.#waitsForRoom) return;
    this.#waitsForRoom = true;
    this.#listen();
  }

  drain(): boolean {
    if (this.#closed !== undefined) return false;
    let more = this.#received.receive(this.#fd, this.onDatagrams);
    for (const { fd } of this.#favoured.values()) more = this.#received.receive(fd, this.onDatagrams) || more;
    return more;
  }

  /** Without a socket of its own, where there can be none, the path's datagrams arrive as all others do. */
  favour(path: Path): () => void {
    const known = this.#favoured.get(path);
    const socket = known ?? this.#openFavoured(path as BatchPath);
    if (socket === null) return () => {};
    socket.users++;
    return () => {
      if (--socket.users === 0 && this.#closed === undefined) this.#leave(path, socket);
    };
  }

  #openFavoured(path: BatchPath): ConnectedSocket | null {
    if (this.#closed !== undefined) return null;
    const socket = ConnectedSocket.open(this.#libc, this.#fd, this.address, path.sockaddr);
    if (socket === null) return null;
    this.#favoured.set(path, socket);
    socket.onReadable = () => this.#onPoll({ readable: true, writable: false });
    socket.watch(this.#watched);
    return socket;
  }

  #leave(path: Path, socket: ConnectedSocket): void {
    this.#favoured.delete(path);
    void socket.close(() => {
      if (this.#closed !== undefined) return;
      for (let i = 0; i < LAST_BATCHES && this.#received.receive(socket.fd, this.onDatagrams); i++);
      this.onTurn();
    });
  }

  close(): Promise<void> {
    this.#closed ??= this.#release();
    return this.#closed;
  }

  async #release(): Promise<void> {
    this.#poll.close();
    // The event loop has let go of the descriptor before it is closed, and of the callback before its memory is freed.
    const favoured = [...this.#favoured.values()].map((socket) => socket.close());
    await Promise.all([new Promise(setImmediate), ...favoured]);
    this.#libc.close(this.#fd);
    for (const memory of this.#memories) this.#libc.free(memory);
    this.#received.free();
  }
}
