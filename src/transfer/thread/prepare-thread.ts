import type { Worker } from 'node:worker_threads';
import { startThread } from '../../base/package-files.js';

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

/** The thread that was prepared, else a new one. */
export function takeWorker(): Worker {
  const worker = prepared ?? start();
  prepared = undefined;
  worker.ref();
  return worker;
}
