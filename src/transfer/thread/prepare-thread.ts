import type { Worker } from 'node:worker_threads';
import { startThread } from '../../base/package-files.js';
import type { ToThread } from './thread-messages.js';

/** Starting the transfers' thread takes some 40 ms: who knows that there will be a transfer lets it start meanwhile. */

let prepared: Worker | undefined;

const start = (): Worker => startThread('transfer-thread');

/** Starts the thread that the next `openTransfers` of this process takes. It keeps no process alive until then. */
export function prepareTransfers(): void {
  if (prepared !== undefined) return;
  const worker = start();
  const forget = (): void => {
    if (prepared === worker) prepared = undefined;
  };
  worker.unref();
  worker.on('error', forget).on('exit', forget);
  prepared = worker;
}

/** Threads with sockets open, and what holds 1 for as long. */
const open = new Map<Worker, Int32Array>();
/** A thread that is in the middle of something looks at its messages within that. */
const RELEASE_MS = 5_000;

/**
 * When the process ends by process.exit, or by an error nobody caught, threads are taken down as they are; but a poll handle
 * of koffi's that outlives its thread ends the process with a segmentation fault. So this thread waits until they are closed.
 */
function releaseAll(): void {
  for (const worker of open.keys()) worker.postMessage({ type: 'release' } satisfies ToThread);
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

/** The thread that was prepared, else a new one. */
export function takeWorker(): Worker {
  const worker = prepared ?? start();
  prepared = undefined;
  worker.ref();
  return worker;
}
