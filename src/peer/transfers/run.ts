import type { Duplex } from 'node:stream';
import type { Failure } from '../../base/errors.js';
import type { HostAddress, IncomingTransfer, PlacedFile, Progress } from '../../transfer/transfer.js';

export type Outcome =
  | { readonly files: readonly PlacedFile[] }
  | 'unreachable'
  | 'stopped'
  /** What lay at the directory is here, and is not all of it. */
  | 'partly'
  /** A fault which was not this transfer's ended all there were. */
  | { readonly interrupted: Failure };

/** A transfer while something is moving: between the two sides, or from the directory to here. */
export interface Run {
  readonly ended: Promise<Outcome>;
  readonly running: boolean;
  readonly progress: Progress | undefined;
  /** How datagrams go and come on the path in use. */
  readonly endpoint: string | undefined;
  /** Content that is here, in bytes; the receiver's. */
  readonly here: number;
  /** Bytes per second over the whole of this run so far; 0 where it is not known how much was there before. */
  readonly average: number;
  /** So far, where none of it was there before. */
  readonly seconds: number | undefined;
  /** Why no relay helps. */
  readonly relayTrouble?: Failure | undefined;
  /** The receiver's, for playing. */
  readonly incoming: IncomingTransfer | undefined;
  addCandidates(addresses: readonly HostAddress[]): void;
  attachStream(stream: Duplex): void;
  /** Ends here without a word; what has come stays. */
  stop(): void;
  cancel(): Promise<void>;
}
