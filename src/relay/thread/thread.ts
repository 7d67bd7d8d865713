import { parentPort } from 'node:worker_threads';
import { toFailure } from '../../base/errors.js';
import { systemRandom } from '../../base/random.js';
import { RelayDriver } from './driver.js';
import type { FromRelay, ToRelay } from './messages.js';

/** The thread in which a relay runs, so that the directory answers while files pass. */

const COUNTERS_EVERY_MS = 1_000;

const port = parentPort!;
let driver: RelayDriver | undefined;
let open: Int32Array | undefined;

const say = (message: FromRelay): void => port.postMessage(message);

async function start({ options, open: held }: Extract<ToRelay, { type: 'open' }>): Promise<void> {
  open = new Int32Array(held);
  Atomics.store(open, 0, 1);
  try {
    driver = await RelayDriver.open(options, systemRandom);
  } catch (error) {
    say({ type: 'refused', failure: toFailure(error).plain });
    await release();
    return;
  }
  const { counters } = driver;
  say({ type: 'opened', port: driver.port });
  setInterval(() => say({ type: 'counters', counters }), COUNTERS_EVERY_MS).unref();
}

async function release(): Promise<void> {
  await driver?.close();
  if (open === undefined) return;
  Atomics.store(open, 0, 0);
  Atomics.notify(open, 0);
  port.close();
}

// What nobody caught ends the thread, but not before its sockets are closed (net/open-threads.ts).
process.on('uncaughtException', (error) => {
  void release().finally(() => {
    setImmediate(() => {
      throw error;
    });
  });
  process.removeAllListeners('uncaughtException');
});

port.on('message', (message: ToRelay) => {
  void (message.type === 'open' ? start(message) : release());
});
