import { Failure } from '../base/errors.js';
import { startThread } from '../base/package-files.js';
import { RELEASE, whileOpen } from '../net/open-threads.js';
import { newCounters, type RelayCounters } from './core/counters.js';
import type { DriverOptions } from './thread/driver.js';
import type { FromRelay, ToRelay } from './thread/messages.js';

export { pairOf } from './core/bindings.js';
export type { RelayCounters } from './core/counters.js';
export { DEFAULT_RELAY_LIMITS, type RelayLimits } from './core/limits.js';

export type RelayOptions = DriverOptions;

/** A relay that runs in a thread of its own. */
export interface RunningRelay {
  readonly port: number;
  /** As they were within the last second. */
  readonly counters: RelayCounters;
  /** Resolves when it has ended, asked to or not: with why, where it was not. */
  readonly ended: Promise<Failure | undefined>;
  close(): Promise<void>;
}

/** @throws Failure unreachable 'address-in-use' */
export function startRelay(options: RelayOptions): Promise<RunningRelay> {
  const worker = startThread('relay-thread');
  let counters = newCounters();
  let closing = false;
  let fault: Error | undefined;
  worker.on('error', (error) => {
    fault = error;
  });
  const ended = new Promise<Failure | undefined>((resolve) => {
    worker.on('exit', () => resolve(closing ? undefined : new Failure('relay-ended', undefined, { cause: fault })));
  });
  const tell = (message: ToRelay): void => worker.postMessage(message);
  const close = async (): Promise<void> => {
    closing = true;
    tell(RELEASE);
    await ended;
  };
  return new Promise((resolve, reject) => {
    worker.on('message', (message: FromRelay) => {
      if (message.type === 'counters') counters = message.counters;
      else if (message.type === 'refused') reject(Failure.from(message.failure));
      else {
        const { port } = message;
        resolve({
          ...{ port, ended, close },
          get counters() {
            return counters;
          },
        });
      }
    });
    void ended.then((why) => reject(why ?? new Failure('closed')));
    tell({ type: 'open', options, open: whileOpen(worker) });
  });
}
