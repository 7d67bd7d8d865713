import { isIPv6 } from 'node:net';
import { Failure } from '../../base/errors.js';
import { viewOf } from '../../wire/datagrams/header.js';
import type { HostAddress } from './endpoint.js';
import type { Libc } from './libc.js';
import { SOCKADDR_BYTES, writeSockaddr } from './sockaddr.js';

/** UDP sockets of Linux by their descriptors, with the options that transfers need. */

// <sys/socket.h>, <netinet/in.h>, <netinet/udp.h>
const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const SO_REUSEPORT = 15;
const IPPROTO_IP = 0;
const IP_MTU_DISCOVER = 10;
const IPPROTO_IPV6 = 41;
const IPV6_MTU_DISCOVER = 23;
const IPV6_V6ONLY = 26;
/** Never fragment, and leave it to us to find what fits. */
const PMTUDISC_PROBE = 3;
export const IPPROTO_UDP = 17;
const UDP_GRO = 104;

const SOCKET_BUFFER = 4 << 20;

function setOption(libc: Libc, fd: number, level: number, option: number, value: number): boolean {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setInt32(0, value, true);
  return libc.setsockopt(fd, level, option, bytes, 4) === 0;
}

function getOption(libc: Libc, fd: number, level: number, option: number): number {
  const value = new Uint8Array(4);
  const length = Uint8Array.of(4, 0, 0, 0);
  return libc.getsockopt(fd, level, option, value, length) === 0 ? viewOf(value).getInt32(0, true) : 0;
}

/**
 * @param shared whether the port may be another socket's of this process, which said so by `sharePort`
 * @throws Failure unreachable 'address-in-use'
 */
export function openSocket(libc: Libc, address: HostAddress, shared = false): number {
  const family = isIPv6(address.host) ? 6 : 4;
  const fd = libc.socket(family === 6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) throw cannotListen(address);
  if (family === 6) setOption(libc, fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  if (shared) sharePort(libc, fd, true);
  if (libc.bind(fd, writeSockaddr(address), SOCKADDR_BYTES[family]) !== 0) {
    libc.close(fd);
    throw cannotListen(address);
  }
  setOption(libc, fd, SOL_SOCKET, SO_RCVBUF, SOCKET_BUFFER);
  setOption(libc, fd, SOL_SOCKET, SO_SNDBUF, SOCKET_BUFFER);
  setOption(libc, fd, IPPROTO_UDP, UDP_GRO, 1);
  if (family === 6) setOption(libc, fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, PMTUDISC_PROBE);
  else setOption(libc, fd, IPPROTO_IP, IP_MTU_DISCOVER, PMTUDISC_PROBE);
  return fd;
}

/** Lets another socket of this user have the same port: for as long as it takes to open one of our own. */
export const sharePort = (libc: Libc, fd: number, on: boolean): boolean =>
  setOption(libc, fd, SOL_SOCKET, SO_REUSEPORT, on ? 1 : 0);

/** Bytes its receive buffer holds: the kernel counts double, for its own bookkeeping. */
export const receiveBuffer = (libc: Libc, fd: number): number => getOption(libc, fd, SOL_SOCKET, SO_RCVBUF) / 2;

const cannotListen = ({ host, port }: HostAddress): Failure =>
  new Failure('address-in-use', `cannot listen on ${host} port ${port} by UDP`);
