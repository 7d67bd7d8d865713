import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Cancel, Clock } from '../../base/clock.js';
import { Failure, hasCode, toFailure } from '../../base/errors.js';
import type {
  HostAddress,
  IncomingTransfer,
  PlacedFile,
  Progress,
  RelayOffer,
  RememberedPath,
  Source,
  Transfer,
  TransferEvent,
  Transfers,
} from '../../transfer/transfer.js';
import { contentBytes, type Manifest } from '../../wire/transfer-manifest.js';
import { readShape } from '../../wire/transfer-shape.js';
import type { TransferSpeed } from '../api/peer.js';
import { refusedBy, TOKENS_FOR_MS } from '../network/relay-tokens.js';
import type { TransferRow } from '../storage/tables.js';
import type { Outcome, Run } from './run.js';

export interface SessionInit {
  readonly row: TransferRow;
  readonly manifest: Manifest;
  /** The sender's. */
  readonly source?: Source | undefined;
  readonly transfers: Transfers;
  readonly clock: Clock;
  /** A connection of its own to the other side; undefined where there is none to be had now. */
  dial(): Promise<Duplex | undefined>;
  /** The host from which the other side has a link to this one. */
  linkedFrom(): string | undefined;
  /** As fast as this, where the offer says nothing else. */
  readonly speed: TransferSpeed;
  /** What the paths to the other side carried before. */
  readonly remembered: readonly RememberedPath[];
  /** A path was measured. */
  onMeasured(path: RememberedPath): void;
  /** It has found the other side, or has lost it. @param before whether it ran until now */
  onState(running: boolean, before: boolean): void;
  /** Part of it may be there already. */
  readonly goesOn: boolean;
  /** Something to be shown has changed. */
  onChange(): void;
  /** Relays at which the two may meet now. @throws Failure why there are none */
  relays(): Promise<readonly RelayOffer[]>;
  /** Neither datagrams nor a connection found the other side; it goes on trying. */
  onObstacle(): void;
}

/** Without the other side for so long, its place in the queue goes to another. */
const PATIENCE_MS = 60_000;
/** The receiver leaves dialling to the sender, who knows at once that datagrams do not get through. */
const RECEIVER_DIALS_AFTER_MS = 4_000;
const DIAL_EVERY_MS = 4_000;
/** Where no token could be had. */
const TOKENS_AGAIN_MS = 10_000;

/** One transfer while both sides are at it. */
export class Session implements Run {
  readonly ended: Promise<Outcome>;
  progress: Progress | undefined;
  /** Content that is here, in bytes; the receiver's. */
  here = 0;
  running = false;
  /** Bytes per second over the whole of this run so far; 0 where it is not known how much was there before. */
  average = 0;
  /** So far, where none of it was there before. */
  seconds: number | undefined;
  readonly #init: SessionInit;
  readonly #handle: Transfer | IncomingTransfer;
  #cancelDial: Cancel = () => {};
  #cancelRelays: Cancel = () => {};
  /** By relay: why it can't be used; undefined where it can. */
  readonly #relays = new Map<string, Failure | undefined>();
  #over = false;
  /** When the other side was first found, and how much of the content was there then. */
  #began: { readonly at: number; readonly bytes: number } | undefined;

  constructor(init: SessionInit) {
    this.#init = init;
    const { row, manifest, source, transfers, speed, remembered } = init;
    const { id, secret, candidates } = row;
    const common = { id, secret, candidates, proved: this.#proved, patience: PATIENCE_MS };
    const onEvent = (event: TransferEvent): void => this.#take(event);
    if (row.direction === 'in') {
      this.#handle = transfers.receive(
        { ...common, manifest, folder: row.folder!, keep: true, shape: readShape(row.shape) },
        onEvent,
      );
      this.#dialIn(RECEIVER_DIALS_AFTER_MS);
    } else {
      const { rate = speed.rate, pace = speed.pace, trace } = row.source!;
      const options = {
        ...(rate !== undefined && { rate }),
        ...(pace !== undefined && { pace }),
        ...(trace !== undefined && { trace }),
      };
      this.#handle = transfers.send({ ...common, ...options, remembered, source: source! }, onEvent);
    }
    this.#offerRelays();
    const done = (files: readonly PlacedFile[]): Outcome => {
      this.#measure(contentBytes(manifest));
      return { files };
    };
    this.ended = this.#handle.ended.then(done, judged).finally(() => this.#settle());
  }

  /** The receiver's, for playing. */
  get incoming(): IncomingTransfer | undefined {
    return 'want' in this.#handle ? this.#handle : undefined;
  }

  /** How datagrams go and come on the path in use; undefined on a stream, and before there is a path. */
  get endpoint(): string | undefined {
    const { path } = this.progress ?? {};
    if (path === undefined || path === 'stream') return undefined;
    const family = isIP(path.split(' ').at(-2)!);
    return this.#init.transfers.endpoints.find(({ address }) => isIP(address.host) === family)?.kind;
  }

  /** Why no relay helps, where there are some. */
  get relayTrouble(): Failure | undefined {
    const all = [...this.#relays.values()];
    return all.every((why) => why !== undefined) ? all[0] : undefined;
  }

  /** Whether it may still find a direct path: it has none yet, or goes by a relay. */
  get seeks(): boolean {
    return !this.running || this.progress === undefined || isRelayed(this.progress.path);
  }

  /** Tokens end sooner than many a transfer. */
  #offerRelays(): void {
    const { relays, clock } = this.#init;
    const next = (ms: number): void => {
      if (!this.#over) this.#cancelRelays = clock.after(ms, () => this.#offerRelays());
    };
    relays().then(
      (offers) => {
        this.#relays.delete('');
        if (!this.#over && offers.length > 0) this.#handle.addRelays(offers);
        next(TOKENS_FOR_MS);
      },
      (error: unknown) => {
        const why = toFailure(error);
        if (why.reason !== 'unreachable') this.#relays.set('', why);
        next(TOKENS_AGAIN_MS);
      },
    );
  }

  addCandidates(addresses: readonly HostAddress[]): void {
    if (!this.#over) this.#handle.addCandidates(addresses, this.#proved);
  }

  get #proved(): string[] {
    return [this.#init.linkedFrom()].filter((host) => host !== undefined);
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
        this.#advance(event.progress);
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
      case 'relay':
        this.#relays.set(event.relay, relayFault(event));
        return;
      case 'measured':
        this.#init.onMeasured(event.path);
        return;
      default:
        return;
    }
    this.#init.onChange();
  }

  #advance(progress: Progress): void {
    this.progress = progress;
    this.#began ??= { at: this.#init.clock.monotonic(), bytes: progress.bytes };
    this.#measure(progress.bytes);
  }

  #measure(bytes: number): void {
    if (this.#began === undefined || (this.#init.goesOn && this.#init.row.direction === 'out')) return;
    const elapsed = this.#init.clock.monotonic() - this.#began.at;
    if (elapsed <= 0) return;
    this.average = ((bytes - this.#began.bytes) * 1_000) / elapsed;
    if (!this.#init.goesOn && this.#began.bytes === 0) this.seconds = elapsed / 1_000;
  }

  #enter(running: boolean): void {
    this.#init.onState(running, this.running);
    this.running = running;
    if (running) this.#began ??= { at: this.#init.clock.monotonic(), bytes: this.here };
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
    if (this.#over) stream?.destroy();
    else if (this.running) stream?.destroy();
    else if (stream !== undefined) this.attachStream(stream);
    else {
      this.#dialIn(DIAL_EVERY_MS);
      this.#init.onObstacle();
    }
  }

  #settle(): void {
    this.#over = true;
    this.running = false;
    this.#cancelDial();
    this.#cancelRelays();
  }
}

function bytesOf(ranges: readonly { readonly first: number; readonly end: number }[], manifest: Manifest): number {
  const blocks = ranges.reduce((sum, { first, end }) => sum + end - first, 0);
  return Math.min(blocks * manifest.block, contentBytes(manifest));
}

function judged(error: unknown): Outcome {
  if (hasCode(error, 'transfer-unreachable')) return 'unreachable';
  if (hasCode(error, 'transfer-stopped')) return 'stopped';
  if (hasCode(error, 'transfers-interrupted')) return { interrupted: error };
  throw error;
}

/** Whether the path goes by a relay: its key names the relay's address then. */
export const isRelayed = (path: string): boolean => path.startsWith('relay ');

function relayFault({ state, why }: Extract<TransferEvent, { type: 'relay' }>): Failure | undefined {
  if (state === 'away') return new Failure('relay-away');
  return state === 'refused' && why !== undefined ? refusedBy(why.reason) : undefined;
}
