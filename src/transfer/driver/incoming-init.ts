import type { Manifest } from '../../wire/transfer-manifest.js';
import type { PartialDownload } from '../files/partial-download.js';
import type { CookieGate } from '../protocol/cookies.js';
import type { Trace } from '../protocol/trace.js';
import type { HostAddress } from '../udp/endpoint.js';
import type { TransferEvent } from './events.js';
import type { RelayOffer } from './relay-offer.js';

export interface IncomingInit {
  readonly id: Uint8Array;
  readonly secret: Uint8Array;
  readonly manifest: Manifest;
  readonly partial: PartialDownload;
  readonly candidates: readonly HostAddress[];
  readonly relays?: readonly RelayOffer[] | undefined;
  readonly patience: number;
  readonly gate: CookieGate;
  /** Bytes the socket holds. */
  readonly buffer: number;
  readonly onEvent: (event: TransferEvent) => void;
  readonly trace?: Trace | undefined;
}
