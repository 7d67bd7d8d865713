import { createRequire } from 'node:module';
import { packageFile } from '../base/package-files.js';

/** <poll.h> and <asm-generic/ioctls.h> of Linux */
const POLLERR = 0x8;
const POLLHUP = 0x10;
const POLLFD_BYTES = 8;
const REVENTS_AT = 6;
const FIONREAD = 0x541b;

interface Calls {
  poll(fds: Uint8Array, count: number, timeout: number): number;
  ioctl(fd: number, request: number, value: Uint8Array): number;
}

let loaded: Calls | null | undefined;

/** Node asks neither. @returns null where this machine cannot */
function load(): Calls | null {
  if (process.platform !== 'linux' || (process.arch !== 'x64' && process.arch !== 'arm64')) return null;
  try {
    const koffi = createRequire(import.meta.url)(packageFile('dist/program/koffi.cjs')) as typeof import('koffi');
    const library = koffi.load('libc.so.6');
    return {
      poll: library.func('int poll(void*, uint64_t, int)'),
      ioctl: library.func('int ioctl(int, uint64_t, void*)'),
    };
  } catch {
    return null;
  }
}

export interface PipeState {
  /** Somebody holds the other end. */
  readonly hasReader: boolean;
  /** Bytes that stand in it; of a socket that is not known, and 0. */
  readonly unread: number;
}

/** How it stands with a pipe or socket that we write into. Where that can't be known, as if it was read. */
export function pipeState(fd: number): PipeState {
  if (loaded === undefined) loaded = load();
  if (loaded === null) return { hasReader: true, unread: 0 };
  const entry = Buffer.alloc(POLLFD_BYTES);
  entry.writeInt32LE(fd, 0);
  loaded.poll(entry, 1, 0);
  const count = Buffer.alloc(4);
  const isKnown = loaded.ioctl(fd, FIONREAD, count) === 0;
  return {
    hasReader: (entry.readInt16LE(REVENTS_AT) & (POLLERR | POLLHUP)) === 0,
    unread: isKnown ? count.readInt32LE(0) : 0,
  };
}
