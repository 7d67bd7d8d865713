import type { MessagePort } from 'node:worker_threads';
import type { PlainFailure } from '../../base/errors.js';
import type { TransferEvent } from '../driver/events.js';
import type { Command, NodeOptions, ReceiveOptions, SendOptions } from '../driver/node.js';
import type { HostAddress } from '../udp/endpoint.js';

/** What the thread of the transfers and the one that asks say to each other. `transfer` numbers a transfer, `call` a question. */

export type ToThread =
  | {
      readonly type: 'open';
      readonly call: number;
      readonly options: NodeOptions;
      /** Holds 1 while the thread has sockets open. */
      readonly open: SharedArrayBuffer;
    }
  | { readonly type: 'send'; readonly call: number; readonly transfer: number; readonly options: SendOptions }
  | { readonly type: 'receive'; readonly call: number; readonly transfer: number; readonly options: ReceiveOptions }
  | { readonly type: 'command'; readonly transfer: number; readonly command: Command }
  | { readonly type: 'cancel'; readonly call: number; readonly transfer: number; readonly discard: boolean }
  | { readonly type: 'stream'; readonly transfer: number; readonly port: MessagePort }
  | { readonly type: 'reflexive'; readonly call: number; readonly server: HostAddress }
  /** The process ends: close the sockets, whatever is under way. */
  | { readonly type: 'release' }
  | { readonly type: 'close'; readonly call: number };

export interface OpenedNode {
  readonly endpoints: readonly { readonly kind: string; readonly address: HostAddress }[];
}

export type PlainEvent =
  | Exclude<TransferEvent, { type: 'failed' }>
  | { readonly type: 'failed'; readonly failure: PlainFailure };

export type FromThread =
  | { readonly type: 'event'; readonly transfer: number; readonly event: PlainEvent }
  /** Something threw that was no transfer's; the thread is gone. */
  | { readonly type: 'crashed'; readonly failure: PlainFailure }
  | { readonly type: 'answer'; readonly call: number; readonly value: unknown }
  | { readonly type: 'refusal'; readonly call: number; readonly failure: PlainFailure };
