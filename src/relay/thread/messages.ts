import type { PlainFailure } from '../../base/errors.js';
import type { RELEASE } from '../../net/open-threads.js';
import type { RelayCounters } from '../core/counters.js';
import type { DriverOptions } from './driver.js';

/** What the relay's thread and the one that started it say to each other. */

export type ToRelay =
  /** `open` holds 1 while the thread has sockets. */
  { readonly type: 'open'; readonly options: DriverOptions; readonly open: SharedArrayBuffer } | typeof RELEASE;

export type FromRelay =
  | { readonly type: 'opened'; readonly port: number }
  | { readonly type: 'refused'; readonly failure: PlainFailure }
  /** Once a second. */
  | { readonly type: 'counters'; readonly counters: RelayCounters };
