import type { Duplex } from 'node:stream';
import type { Cancel, Clock } from '../../base/clock.js';
import { hasCode } from '../../base/errors.js';
import type {
  HostAddress,
  IncomingTransfer,
  PlacedFile,
  Progress,
  Source,
  Transfer,
  TransferEvent,
  Transfers,
} from '../../transfer/transfer.js';
import { contentBytes, type Manifest } from '../../wire/transfer-manifest.js';
import type { TransferRow } from '../rows.js';

export interface RunInit {
  readonly row: TransferRow;
  readonly manifest: Manifest;
  /** The sender's. */
  readonly source?: Source | undefined;
  readonly transfers: Transfers;
  readonly clock: Clock;
  /** A connection of its own to the other side; undefined where there is none to be had now. */
  dial(): Promise<Duplex | undefined>;
  /** Something to be shown has changed. */
  onChange(): void;
}

export type Outcome = { readonly files: readonly PlacedFile[] } | 'unreachable' | 'stopped';

/** Without the other side for so long, its place in the queue goes to another. */
const PATIENCE_MS = 60_000;
/** The receiver leaves dialling to the sender, who knows at once that datagrams do not get through. */
const RECEIVER_DIALS_AFTER_MS = 4_000;
const DIAL_EVERY_MS = 4_000;

/** One transfer while both sides are at it. */
export class Run {
  readonly ended: Promise<Outcome>;
  progress: Progress | undefined;
  /** Content that is here, in bytes; the receiver's. */
  here = 0;
  running = false;
  readonly #init: RunInit;
  readonly #handle: Transfer | IncomingTransfer;
  #cancelDial: Cancel = () => {};
  #over = false;

  constructor(init: RunInit) {
    this.#init = init;
    const { row, manifest, source, transfers } = init;
    const common = { id: row.id, secret: row.secret, candidates: row.candidates, patience: PATIENCE_MS };
    const onEvent = (event: TransferEvent): void => this.#take(event);
    if (row.direction === 'in') {
      this.#handle = transfers.receive({ ...common, manifest, folder: row.folder! }, onEvent);
      this.#dialIn(RECEIVER_DIALS_AFTER_MS);
    } else {
      const { rate, pace, trace } = row.source!;
      const options = {
        ...(rate !== undefined && { rate }),
        ...(pace !== undefined && { pace }),
        ...(trace !== undefined && { trace }),
      };
      this.#handle = transfers.send({ ...common, ...options, source: source! }, onEvent);
    }
    this.ended = this.#handle.ended.then((files) => ({ files }), judged).finally(() => this.#settle());
  }

  /** The receiver's, for playing. */
  get incoming(): IncomingTransfer | undefined {
    return 'want' in this.#handle ? this.#handle : undefined;
  }

  addCandidates(addresses: readonly HostAddress[]): void {
    if (!this.#over) this.#handle.addCandidates(addresses);
  }

  attachStream(stream: Duplex): void {
    if (this.#over) {
      stream.destroy();
      return;
    }
    this.#handle.attachStream(stream);
    // It was held until somebody reads.
    stream.resume();
  }

  /** Ends here without a word; what has come stays. */
  stop(): void {
    if (!this.#over) this.#handle.stop();
  }

  async cancel(): Promise<void> {
    if (!this.#over) await this.#handle.cancel(true);
  }

  #take(event: TransferEvent): void {
    switch (event.type) {
      case 'progress':
        this.progress = event.progress;
        break;
      case 'state':
        this.#enter(event.state !== 'connecting');
        break;
      case 'have':
        this.here = bytesOf(event.ranges, this.#init.manifest);
        return;
      case 'blocked':
        this.#dialIn(0);
        return;
      default:
        return;
    }
    this.#init.onChange();
  }

  #enter(running: boolean): void {
    this.running = running;
    this.#cancelDial();
    if (!running && this.#init.row.direction === 'in') this.#dialIn(RECEIVER_DIALS_AFTER_MS);
  }

  /** Again and again, until there is a way: by this or by datagrams after all. */
  #dialIn(delay: number): void {
    this.#cancelDial();
    if (this.#over) return;
    this.#cancelDial = this.#init.clock.after(delay, () => {
      this.#init.dial().then(
        (stream) => this.#dialled(stream),
        () => this.#dialIn(DIAL_EVERY_MS),
      );
    });
  }

  #dialled(stream: Duplex | undefined): void {
    if (stream === undefined) this.#dialIn(DIAL_EVERY_MS);
    else if (this.running) stream.destroy();
    else this.attachStream(stream);
  }

  #settle(): void {
    this.#over = true;
    this.running = false;
    this.#cancelDial();
  }
}

function bytesOf(ranges: readonly { readonly first: number; readonly end: number }[], manifest: Manifest): number {
  const blocks = ranges.reduce((sum, { first, end }) => sum + end - first, 0);
  return Math.min(blocks * manifest.block, contentBytes(manifest));
}

function judged(error: unknown): Outcome {
  if (hasCode(error, 'transfer-unreachable')) return 'unreachable';
  if (hasCode(error, 'transfer-stopped')) return 'stopped';
  throw error;
}
