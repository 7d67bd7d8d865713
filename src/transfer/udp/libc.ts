import { createRequire } from 'node:module';
import { packageFile } from '../../base/package-files.js';

/**
 * The system calls that move many datagrams at once, which Node does not offer, through koffi. Linux on 64-bit little-endian
 * machines only: the layouts of msghdr, iovec and cmsghdr are written out in batch-endpoint.ts.
 */

export interface PollHandle {
  /** Replaces what was watched for before. */
  start(options: { readable: boolean; writable: boolean }, callback: (event: PollEvent) => void): void;
  close(): void;
}

export interface PollEvent {
  readonly readable: boolean;
  readonly writable: boolean;
}

/** Memory outside of JavaScript's heap, which the kernel is told of by its address. */
export interface Memory {
  readonly bytes: Uint8Array;
  readonly address: bigint;
}

export interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  connect(fd: number, address: Uint8Array, length: number): number;
  getsockname(fd: number, address: Uint8Array, length: Uint8Array): number;
  setsockopt(fd: number, level: number, option: number, value: Uint8Array, length: number): number;
  getsockopt(fd: number, level: number, option: number, value: Uint8Array, length: Uint8Array): number;
  sendmsg(fd: number, message: bigint, flags: number): number;
  recvmmsg(fd: number, messages: bigint, count: number, flags: number, timeout: null): number;
  close(fd: number): number;
  usleep(microseconds: number): number;
  errno(): number;
  allocate(bytes: number): Memory;
  free(memory: Memory): void;
  poll(fd: number): PollHandle;
}

/** As koffi 3.3 calls back: with a status before what its typings name. */
interface KoffiPoll {
  start(options: { readable: boolean; writable: boolean }, callback: (status: number, event: PollEvent) => void): void;
  close(): void;
}

/** <malloc.h> */
const M_TRIM_THRESHOLD = -1;
const M_MMAP_THRESHOLD = -3;
/**
 * Freed memory which stays with the process: blocks come and go by the thousand, and each page that was given back has to be
 * cleared by the kernel anew.
 */
const KEPT_BYTES = 32 << 20;

let loaded: Libc | null | undefined;

/** @returns null where this machine cannot */
export function loadLibc(): Libc | null {
  if (loaded === undefined) loaded = load();
  return loaded;
}

function load(): Libc | null {
  if (process.platform !== 'linux' || (process.arch !== 'x64' && process.arch !== 'arm64')) return null;
  try {
    return bindings();
  } catch {
    return null;
  }
}

function bindings(): Libc {
  const koffi = createRequire(import.meta.url)(packageFile('dist/program/koffi.cjs')) as typeof import('koffi');
  const library = koffi.load('libc.so.6');
  const mallopt = library.func('int mallopt(int, int)');
  mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
  mallopt(M_MMAP_THRESHOLD, KEPT_BYTES);
  return {
    socket: library.func('int socket(int, int, int)'),
    bind: library.func('int bind(int, void*, uint32_t)'),
    connect: library.func('int connect(int, void*, uint32_t)'),
    getsockname: library.func('int getsockname(int, void*, void*)'),
    setsockopt: library.func('int setsockopt(int, int, int, void*, uint32_t)'),
    getsockopt: library.func('int getsockopt(int, int, int, void*, void*)'),
    sendmsg: library.func('int64_t sendmsg(int, void*, int)'),
    recvmmsg: library.func('int recvmmsg(int, void*, uint32_t, int, void*)'),
    close: library.func('int close(int)'),
    usleep: library.func('int usleep(uint32_t)'),
    errno: () => koffi.errno(),
    allocate(bytes) {
      const pointer: unknown = koffi.alloc('uint8_t', bytes);
      return { bytes: new Uint8Array(koffi.view(pointer, bytes)).fill(0), address: koffi.address(pointer) };
    },
    free: (memory) => koffi.free(memory.address),
    poll(fd) {
      const handle = koffi.node.poll(fd, { readable: false }, () => {}) as unknown as KoffiPoll;
      return {
        start: (options, callback) => handle.start(options, (_status, event) => outside(() => callback(event))),
        close: () => handle.close(),
      };
    },
  };
}

/** What is thrown into native code is lost: it is thrown again where it ends the thread in order. */
function outside(work: () => void): void {
  try {
    work();
  } catch (error) {
    setImmediate(() => {
      throw error;
    });
  }
}
