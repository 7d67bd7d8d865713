/**
 * What the program keeps, behind one interface for one machine and for a cluster. Whatever a cluster cannot do cheaply
 * (transactions over several keys, locks) is left out: a key and a log are each consistent by themselves, and code that
 * stands on `Store` must get by with that. Only `LocalStore` (local.ts) writes several at once.
 *
 * Promises of every implementation:
 * - A write is acknowledged (its promise resolves) when it will survive a crash and a power cut.
 * - A write that fails with reason `storage` may or may not have happened; with any other code it has not.
 * - Reads see every write acknowledged before they began.
 * - Writes to one key, and appends to one log, issued in order without waiting, happen in that order.
 *
 * Errors are Failures: `store-exists`, `store-conflict` (compare-and-set lost), `store-key` (unusable name),
 * `store-value-size`, `store-quota`, `store-damaged` (a checksum did not match), `disk-full` (works again when there is
 * room), `descriptors-exhausted` (likewise), `store-unavailable` (a cluster gives no answer; goes on when it does),
 * `store-failed` (a write failed: nothing more is done until the store is opened
 * anew), `store-unreadable` (a read failed), `store-closed`.
 */

/** What a value, a log entry and a message may measure at most, in bytes. A cluster must be set to take as much. */
export const MAX_VALUE_BYTES = 4 * 1024 * 1024;

/** What a key, the name of a log and the subject of a message may measure at most, in characters. */
export const MAX_KEY_LENGTH = 400;

/** What the name of a space may measure at most, in characters. */
export const MAX_SPACE_LENGTH = 64;

/**
 * A space (`accounts`, `mailbox`) is named by letters, digits, `_`, `-` and `.`. A key is 1 to MAX_KEY_LENGTH printable
 * ASCII characters (0x20–0x7e), usually segments joined with `/`: `path(…)` in keys.ts makes one from any text. Keys
 * are ordered by their bytes.
 */
export interface Store {
  records(space: string): Records;
  logs(space: string): Logs;
  blobs(space: string, options?: BlobsOptions): Blobs;
  /** Names of the spaces in which there is something of that kind, in order. */
  spaces(kind: SpaceKind): Promise<string[]>;
  readonly bus: Bus;
  /** Waits for what is under way; everything after fails with `store-closed`. Idempotent. */
  close(): Promise<void>;
}

export type SpaceKind = 'records' | 'logs' | 'blobs';

/** A number that grows with every write of a key, also over its deletion. To be compared for equality only. */
export type Revision = number;

export interface Versioned {
  readonly value: Uint8Array;
  readonly revision: Revision;
}

export interface KeyedRecord extends Versioned {
  readonly key: string;
}

export interface RangeOptions {
  /** Only keys that begin with this. One that ends in `/` is cheap everywhere, others may be filtered by the reader. */
  readonly prefix?: string;
  /** The first key, inclusive. */
  readonly from?: string;
  /** The end, exclusive. */
  readonly to?: string;
  readonly limit?: number;
  /** From the last key to the first. */
  readonly reverse?: boolean;
}

/** Values by key. */
export interface Records {
  get(key: string): Promise<Versioned | undefined>;
  /** Fails with `store-exists` if there is a value. */
  create(key: string, value: Uint8Array): Promise<Revision>;
  /** Compare-and-set: fails with `store-conflict` unless the value's revision is `expected`. */
  replace(key: string, value: Uint8Array, expected: Revision): Promise<Revision>;
  /** Whatever was there. */
  put(key: string, value: Uint8Array): Promise<Revision>;
  /** Fails with `store-conflict` unless the revision is `expected`, if given. Deleting nothing is no error without it. */
  delete(key: string, expected?: Revision): Promise<void>;
  /** In key order. Each record is as it was at some time between call and delivery: not one moment for all. */
  range(options?: RangeOptions): AsyncIterable<KeyedRecord>;
}

/** Named logs. A log needs no making: one that never had an entry is empty. */
export interface Logs {
  log(name: string): Log;
  /** Names of logs that were appended to and not deleted, in order. */
  names(options?: { readonly prefix?: string }): AsyncIterable<string>;
}

export interface LogEntry {
  readonly position: number;
  readonly value: Uint8Array;
}

export interface LogEnds {
  /** Position of the oldest entry kept; equals `next` if none is. */
  readonly first: number;
  /** The position that the next entry will get. */
  readonly next: number;
}

export interface AppendOptions {
  /** The position that the (first) entry must get; otherwise `store-conflict`, whose detail `position` is the actual. */
  readonly expect?: number;
}

/** Entries at positions 0, 1, 2, … without gaps. */
export interface Log {
  /** The entry's position. */
  append(value: Uint8Array, options?: AppendOptions): Promise<number>;
  /** All or none, one after the other; the first one's position. At least one, 4 MiB together at most. */
  appendMany(values: readonly Uint8Array[], options?: AppendOptions): Promise<number>;
  /** From `from` (default: the oldest kept) on, to the end as it is when reached. Trimmed positions are skipped. */
  read(options?: { readonly from?: number; readonly limit?: number }): AsyncIterable<LogEntry>;
  ends(): Promise<LogEnds>;
  /** Forgets the acknowledged entries before `before`; positions stay. */
  trim(before: number): Promise<void>;
  /**
   * Forgets the log; positions start at 0 again. To be waited for before appending again. Broken off by a crash it may
   * leave an empty log at its position.
   */
  delete(): Promise<void>;
}

export interface BlobsOptions {
  /** What all blobs of the space may measure together, in bytes, those being written included. */
  readonly quota?: number;
}

export interface BlobStat {
  readonly size: number;
}

export interface BlobContent extends BlobStat {
  /** The range asked for. A checksum that does not match fails the iteration with `store-damaged`. */
  readonly content: AsyncIterable<Uint8Array>;
}

export interface BlobRange {
  /** First byte, default 0. */
  readonly start?: number;
  /** End, exclusive; default and at most the size. */
  readonly end?: number;
}

/** Large values, streamed. A blob appears whole when `put` resolves, or not at all. */
export interface Blobs {
  /** Replaces what was there. Fails with `store-quota` if it exceeds `maxBytes` or the space's quota. */
  put(
    key: string,
    content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    options?: { readonly maxBytes?: number },
  ): Promise<BlobStat>;
  get(key: string, range?: BlobRange): Promise<BlobContent | undefined>;
  stat(key: string): Promise<BlobStat | undefined>;
  delete(key: string): Promise<void>;
  list(options?: { readonly prefix?: string }): AsyncIterable<BlobStat & { readonly key: string }>;
  usage(): Promise<{ readonly blobs: number; readonly bytes: number }>;
}

export type BusHandler = (message: Uint8Array, subject: string) => void;

/**
 * Messages to whoever listens now: at most once, nothing kept. A hint that something is to be read, never the thing
 * itself. Subjects are keys; a pattern is a subject, or a prefix of segments followed by `/*` for all below it.
 */
export interface Bus {
  /** Returns at once; handlers run later, in the order published. */
  publish(subject: string, message: Uint8Array): void;
  /** Resolves when messages published from then on are delivered. */
  subscribe(pattern: string, handler: BusHandler): Promise<() => void>;
  /** `handler` is called when messages may have been missed: what they hint at has to be read. Returns how to stop it. */
  onGap(handler: () => void): () => void;
}
