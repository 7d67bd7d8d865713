import { isIPv6 } from 'node:net';
import { Failure } from '../base/errors.js';
import { viewOf } from '../wire/datagrams/header.js';
import { DATAGRAM_MAX_BYTES } from '../wire/limits.js';
import { type Endpoint, type HostAddress, type OnDatagrams, PathTable, type Sent } from './endpoint.js';
import type { Libc, Memory, PollEvent, PollHandle } from './libc.js';
import { largestDatagram } from './local-address.js';
import type { Path } from './path.js';
import { isSockaddr, readSockaddr, SOCKADDR_BYTES, sockaddrKey, writeSockaddr } from './sockaddr.js';
import { Train } from './train.js';

/**
 * UDP with many datagrams a system call: `sendmsg` with UDP_SEGMENT hands the kernel up to 64 KB to cut, `recvmmsg` with
 * UDP_GRO takes in what it joined. Joined datagrams need no mark of where they were joined: each says its own length.
 */

interface BatchPath extends Path {
  readonly sockaddr: Uint8Array;
}

// Linux: <sys/socket.h>, <netinet/in.h>, <netinet/udp.h>
const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const IPPROTO_IP = 0;
const IP_MTU_DISCOVER = 10;
const IPPROTO_IPV6 = 41;
const IPV6_MTU_DISCOVER = 23;
const IPV6_V6ONLY = 26;
/** Never fragment, and leave it to us to find what fits. */
const PMTUDISC_PROBE = 3;
const IPPROTO_UDP = 17;
const UDP_SEGMENT = 103;
const UDP_GRO = 104;
const MSG_DONTWAIT = 0x40;
const EIO = 5;
const EAGAIN = 11;
const EINVAL = 22;
const EMSGSIZE = 90;
const ENOBUFS = 105;
const ECONNREFUSED = 111;

const SOCKET_BUFFER = 4 << 20;
const MSGHDR_BYTES = 56;
const MMSGHDR_BYTES = 64;
const IOVEC_BYTES = 16;
const CMSG_BYTES = 24;
const TRAIN_BYTES = 1 << 16;
const MSG_TRUNC = 0x20;

/**
 * How the receive memory is divided: few slots for datagrams which the kernel joined, or many for single ones. Small enough
 * either way to stay in the processor's cache between the kernel's copy and ours.
 */
interface Division {
  readonly slots: number;
  readonly bytes: number;
}
const JOINED: Division = { slots: 8, bytes: 1 << 16 };
const SINGLE: Division = { slots: 128, bytes: 2_048 };
const MOST_SLOTS = SINGLE.slots;
/** Batches without a joined datagram after which none are expected. */
const SINGLE_AFTER = 4;

function setOption(libc: Libc, fd: number, level: number, option: number, value: number): boolean {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value, true);
  return libc.setsockopt(fd, level, option, bytes, 4) === 0;
}

function getOption(libc: Libc, fd: number, level: number, option: number): number {
  const value = new Uint8Array(4);
  const length = Uint8Array.of(4, 0, 0, 0);
  return libc.getsockopt(fd, level, option, value, length) === 0 ? viewOf(value).getInt32(0, true) : 0;
}

export function openBatch(libc: Libc, address: HostAddress): Endpoint {
  const family = isIPv6(address.host) ? 6 : 4;
  const domain = family === 6 ? AF_INET6 : AF_INET;
  const fd = libc.socket(domain, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) throw cannotListen(address);
  if (family === 6) setOption(libc, fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  const bound = libc.bind(fd, writeSockaddr(address), SOCKADDR_BYTES[family]);
  if (bound !== 0) {
    libc.close(fd);
    throw cannotListen(address);
  }
  setOption(libc, fd, SOL_SOCKET, SO_RCVBUF, SOCKET_BUFFER);
  setOption(libc, fd, SOL_SOCKET, SO_SNDBUF, SOCKET_BUFFER);
  setOption(libc, fd, IPPROTO_UDP, UDP_GRO, 1);
  if (family === 6) setOption(libc, fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, PMTUDISC_PROBE);
  else setOption(libc, fd, IPPROTO_IP, IP_MTU_DISCOVER, PMTUDISC_PROBE);
  return new BatchEndpoint(libc, fd, family);
}

const cannotListen = ({ host, port }: HostAddress): Failure =>
  new Failure('unreachable', 'address-in-use', `cannot listen on ${host} port ${port} by UDP`, {
    hint: 'Choose another address or port with --listen, or end the program that uses it.',
  });

class BatchEndpoint implements Endpoint {
  readonly kind = 'batch (koffi)';
  readonly address: HostAddress;
  readonly buffer: number;
  readonly train: Train;
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
  readonly #slots: Memory;
  readonly #slotsView: DataView;
  readonly #headers: Memory;
  readonly #headersView: DataView;
  readonly #names: Memory;
  readonly #namesView: DataView;
  #segmentation = true;
  #division: Division = JOINED;
  #singles = 0;
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
    this.buffer = getOption(libc, fd, SOL_SOCKET, SO_RCVBUF) / 2;
    this.#trainMemory = this.#allocate(TRAIN_BYTES);
    this.train = new Train(this.#trainMemory.bytes);
    this.#oneMemory = this.#allocate(TRAIN_BYTES);
    // msghdr, iovec, cmsghdr, sockaddr
    this.#message = this.#allocate(MSGHDR_BYTES + IOVEC_BYTES + CMSG_BYTES + 32);
    this.#messageView = viewOf(this.#message.bytes);
    this.#name = this.#message.bytes.subarray(MSGHDR_BYTES + IOVEC_BYTES + CMSG_BYTES);
    this.#layoutMessage();
    this.#slots = this.#allocate(JOINED.slots * JOINED.bytes);
    this.#slotsView = viewOf(this.#slots.bytes);
    this.#headers = this.#allocate(MOST_SLOTS * (MMSGHDR_BYTES + IOVEC_BYTES));
    this.#headersView = viewOf(this.#headers.bytes);
    this.#names = this.#allocate(MOST_SLOTS * 32);
    this.#namesView = viewOf(this.#names.bytes);
    this.#divide(JOINED);
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

  #divide(division: Division): void {
    this.#division = division;
    const view = this.#headersView;
    for (let i = 0; i < division.slots; i++) {
      const header = i * MMSGHDR_BYTES;
      const vector = MOST_SLOTS * MMSGHDR_BYTES + i * IOVEC_BYTES;
      view.setBigUint64(header, this.#names.address + BigInt(i * 32), true);
      view.setUint32(header + 8, 28, true);
      view.setBigUint64(header + 16, this.#headers.address + BigInt(vector), true);
      view.setBigUint64(header + 24, 1n, true);
      view.setBigUint64(vector, this.#slots.address + BigInt(i * division.bytes), true);
      view.setBigUint64(vector + 8, BigInt(division.bytes), true);
    }
  }

  watch(on: boolean): void {
    if (on === this.#watched || this.#closed !== undefined) return;
    this.#watched = on;
    this.#listen();
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

  send(path: Path, train: Train): Sent {
    const { length, segment } = train;
    if (!this.#segmentation || length <= segment) return this.#sendSingly(path, train);
    const sent = this.#sendmsg(path, this.#trainMemory.address, length, segment);
    if (sent !== 'unsupported') return sent;
    this.#segmentation = false;
    return this.#sendSingly(path, train);
  }

  #sendSingly(path: Path, { length, segment }: Train): Sent {
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
    const { slots, bytes } = this.#division;
    const count = this.#libc.recvmmsg(this.#fd, this.#headers.address, slots, MSG_DONTWAIT, null);
    let cut = false;
    let joined = bytes !== JOINED.bytes;
    for (let slot = 0; slot < count; slot++) {
      const header = slot * MMSGHDR_BYTES;
      const length = this.#headersView.getUint32(header + MSGHDR_BYTES, true);
      // The kernel has put the length of the name where its room was.
      this.#headersView.setUint32(header + 8, 28, true);
      cut ||= (this.#headersView.getUint32(header + 48, true) & MSG_TRUNC) !== 0;
      joined ||= length > SINGLE.bytes;
      const path = this.#pathOf(this.#namesView, slot * 32);
      this.onDatagrams(this.#slots.bytes, this.#slotsView, slot * bytes, length, path);
    }
    if (cut) this.#divide(JOINED);
    if (cut || joined) this.#singles = 0;
    else if (count > 0 && ++this.#singles > SINGLE_AFTER) this.#divide(SINGLE);
    return count === slots;
  }

  close(): Promise<void> {
    this.#closed ??= this.#release();
    return this.#closed;
  }

  async #release(): Promise<void> {
    this.#poll.close();
    // The event loop has let go of the descriptor before it is closed, and of the callback before its memory is freed.
    await new Promise(setImmediate);
    this.#libc.close(this.#fd);
    for (const memory of this.#memories) this.#libc.free(memory);
  }
}
