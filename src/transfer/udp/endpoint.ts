import type { DatagramBatch } from '../protocol/datagram-batch.js';
import type { Path } from '../protocol/path.js';

/** A socket, in one of several ways; all keep the same contract (test/transfer/endpoint.test.ts). */

export interface HostAddress {
  /** Numeric. */
  readonly host: string;
  readonly port: number;
}

/** 'busy': nothing was taken, `onWritable` follows. 'refused': that size does not leave the machine. */
export type Sent = 'sent' | 'busy' | 'refused';

/** [at, at + length) of `bytes` is one datagram or several joined ones from one address. Valid during the call. */
export type OnDatagrams = (bytes: Uint8Array, view: DataView, at: number, length: number, path: Path) => void;

export interface Endpoint {
  /** How it sends and receives, for people: 'dgram', 'batch (koffi)'. */
  readonly kind: string;
  readonly family: 4 | 6;
  readonly address: HostAddress;
  /** Bytes its receive buffer holds. */
  readonly buffer: number;
  /** To be filled and given to `send`; what is in it is gone with the next `send` that took it. */
  readonly train: DatagramBatch;

  onDatagrams: OnDatagrams;
  /** After each batch, and when `send` was busy and is no more. */
  onTurn: () => void;

  path(address: HostAddress): Path;
  send(path: Path, train: DatagramBatch): Sent;
  sendOne(path: Path, datagram: Uint8Array): Sent;
  /**
   * Much is going to come from there: the system may make ready for it. What arrives, and how it is told, stays the same.
   * @returns ends that
   */
  favour(path: Path): () => void;
  /** Takes in what has arrived without waiting for the event loop, where it can. @returns whether there may be more */
  drain(): boolean;
  /** Whether `onTurn` follows when something arrives: not while somebody drains anyway. */
  watch(on: boolean): void;
  /** Waits in this thread, finer than timers can; missing where the system has no such wait. */
  readonly nap?: (ms: number) => void;
  close(): Promise<void>;
}

/** One that the event loop tells of each datagram: it makes ready for nothing, and keeps nothing to be taken in. */
export abstract class ToldEndpoint {
  favour(): () => void {
    return () => {};
  }

  drain(): boolean {
    return false;
  }

  watch(): void {}
}

/**
 * Paths by address, the same object for the same address. A flood from invented addresses forgets those that nobody uses:
 * of two generations the older is dropped when the younger is full.
 */
export class PathTable<Key> {
  #young = new Map<Key, Path>();
  #old = new Map<Key, Path>();

  get(key: Key, make: () => Path): Path {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const path = this.#old.get(key) ?? make();
    if (this.#young.size >= GENERATION) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, path);
    return path;
  }
}

const GENERATION = 1_024;
