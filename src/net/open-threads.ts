import type { Worker } from 'node:worker_threads';

/** What a thread with sockets is told when the process ends: close them, whatever is under way. */
export const RELEASE = { type: 'release' } as const;

/** Threads with sockets open, and what holds 1 for as long. */
const open = new Map<Worker, Int32Array>();
/** A thread that is in the middle of something looks at its messages within that. */
const RELEASE_MS = 5_000;

/**
 * When the process ends by process.exit, or by an error nobody caught, threads are taken down as they are; but a poll handle
 * of koffi's that outlives its thread ends the process with a segmentation fault. So this thread waits until they are closed.
 */
function releaseAll(): void {
  for (const worker of open.keys()) worker.postMessage(RELEASE);
  for (const held of open.values()) Atomics.wait(held, 0, 1, RELEASE_MS);
}

/** @returns what the thread is to keep 1 in while it has sockets open */
export function whileOpen(worker: Worker): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(4);
  if (open.size === 0) process.on('exit', releaseAll);
  open.set(worker, new Int32Array(memory));
  worker.on('exit', () => {
    open.delete(worker);
    if (open.size === 0) process.off('exit', releaseAll);
  });
  return memory;
}
