import type { Failure } from '../../base/errors.js';
import type { Range } from '../../wire/datagrams/control.js';
import type { Refused } from '../../wire/datagrams/relay.js';
import type { PlacedFile } from '../files/partial-download.js';
import type { RateReason, Start } from '../protocol/congestion/controller.js';
import type { RelayState } from '../protocol/relay-client.js';
import type { RememberedPath } from './path-memory.js';

/** What a transfer tells whoever started it. */

export interface Progress {
  /** Content that is there, of how much. */
  readonly bytes: number;
  readonly size: number;
  /** Content per second, over the last seconds. */
  readonly rate: number;
  /** Milliseconds; 0 where it is not measured on this side. */
  readonly rtt: number;
  /** Of the packets sent in this session, how many were lost: 0 to 1. */
  readonly loss: number;
  /** Where the other side is: address and port, or 'stream'. */
  readonly path: string;
  /** Why it is not faster. */
  readonly reason: RateReason;
  /** Payload of one datagram. */
  readonly mtu: number;
  /** That it began with what the path carried before; absent where it did not. */
  readonly start?: Start | undefined;
}

export type TransferState = 'connecting' | 'running' | 'paused' | 'finishing';

export type TransferEvent =
  | { readonly type: 'state'; readonly state: TransferState }
  | { readonly type: 'progress'; readonly progress: Progress }
  /** All blocks that are there: for whoever plays what has come. */
  | { readonly type: 'have'; readonly ranges: readonly Range[] }
  /** Where each file can be read now: partial files first, their final places later. */
  | { readonly type: 'paths'; readonly paths: readonly string[] }
  /** Datagrams do not get through: a stream to the other side would. It goes on looking for a way meanwhile. */
  | { readonly type: 'blocked' }
  /** What became of a relay at which the two may meet. */
  | { readonly type: 'relay'; readonly relay: string; readonly state: RelayState; readonly why?: Refused | undefined }
  /** What a path was found to carry, for the next transfer over it; once a session ends. */
  | { readonly type: 'measured'; readonly path: RememberedPath }
  /** `files` is empty on the sender's side. */
  | { readonly type: 'done'; readonly files: readonly PlacedFile[] }
  | { readonly type: 'failed'; readonly failure: Failure };
