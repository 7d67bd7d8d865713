import { closeSync, fstatSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { systemRandom } from '../../src/base/random.js';

/** Files in memory for benches. */

const MIB = 1 << 20;

/** Content that neither compresses nor repeats. */
export function makeFile(work: string, name: string, bytes: number): string {
  const path = join(work, name);
  const fd = openSync(path, 'w');
  const piece = systemRandom.bytes(MIB);
  for (let i = 0; i < bytes / MIB; i++) {
    piece[0] = i & 255;
    piece[1] = i >> 8;
    writeSync(fd, piece);
  }
  closeSync(fd);
  return path;
}

/**
 * Memory which a virtual machine has never touched, or has given back to its host in the meantime, is far slower than a network:
 * so it is touched right before each run, whoever runs.
 */
export function warmMemory(work: string, bytes: number): void {
  rmSync(makeFile(work, 'warm', bytes));
}

/** Whether two files hold the same bytes. */
export function sameFiles(one: string, other: string): boolean {
  const fds = [openSync(one, 'r'), openSync(other, 'r')] as const;
  const pieces = [Buffer.alloc(MIB), Buffer.alloc(MIB)] as const;
  try {
    if (fstatSync(fds[0]).size !== fstatSync(fds[1]).size) return false;
    for (;;) {
      const [got = 0] = fds.map((fd, i) => readSync(fd, pieces[i]!));
      if (got === 0) return true;
      if (!pieces[0].equals(pieces[1])) return false;
    }
  } finally {
    for (const fd of fds) closeSync(fd);
  }
}
