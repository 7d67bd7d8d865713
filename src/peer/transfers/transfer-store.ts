import { hex } from '../../base/bytes.js';
import type { Cancel } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import type { LocalStore, Step } from '../../store/local.js';
import type { Source } from '../../transfer/transfer.js';
import { foldName } from '../../wire/names.js';
import { cleanLine } from '../../wire/text.js';
import { type Manifest, manifestCodec } from '../../wire/transfer-manifest.js';
import { readShape } from '../../wire/transfer-shape.js';
import type { TransferEvent } from '../api/events.js';
import type { Tables, TransferRow } from '../storage/tables.js';
import { isCalledOff, isOwnDeed } from './outcomes.js';
import type { Run } from './run.js';
import { viewOf } from './view.js';

/** One transfer: what is kept of it, and what this run of the program knows besides. */
export interface TransferEntry {
  row: TransferRow;
  readonly manifest: Manifest;
  source?: Source;
  run?: Run | undefined;
  /** The last one there was, for showing and playing what it brought. */
  lastRun?: Run | undefined;
  /** What lay at the directory is here; the rest comes straight. */
  direct?: boolean;
  /** It begins once more when the run of now has ended: another way has opened. */
  anew?: boolean;
  /** Content that has been laid down so far. */
  laid?: number;
  /** Why it could not be laid down. */
  notLaid?: NonNullable<NonNullable<TransferEvent['laid']>['error']>;
  /** In the queue. */
  queued?: boolean;
  /** Times that a fault of the program, in another transfer perhaps, has interrupted it. */
  interruptions?: number;
  /** Tries that found nobody, one after another. */
  missed?: number;
  /** Ends the wait for the next one. */
  cancelAgain?: Cancel;
  /** Why it does not run though both want it. */
  waiting?: TransferEvent['waiting'];
  /** The offer's message, in this run of the program. */
  message?: Uint8Array;
  /** What the other side said the files are, once written; resolves whoever waits for it. */
  sums?: readonly Uint8Array[];
  onSums?: () => void;
  /** The last event, so that nothing is said twice. */
  shown?: string;
}

/** Rows kept of transfers that are over. */
const KEPT = 200;

const OVER: ReadonlySet<TransferRow['state']> = new Set(['done', 'failed', 'declined']);

export const isOver = ({ row }: TransferEntry): boolean => OVER.has(row.state);
export const isOffer = ({ row }: TransferEntry): boolean => row.direction === 'in' && row.state === 'offered';

/** It failed, and nobody called it off: what has come is kept. */
export const canResume = ({ row }: TransferEntry): boolean =>
  row.state === 'failed' && row.device !== undefined && !isCalledOff(row.failure);

/** An end that whoever has this device did not bring about by a command. */
const isNews = (entry: TransferEntry): boolean => {
  const { direction, state, failure, unseen } = entry.row;
  return unseen === undefined && isOver(entry) && !isOwnDeed(failure) && !(direction === 'in' && state === 'declined');
};

/** It is laid down for this person, and not yet all here. */
export const fetches = ({ row, direct }: TransferEntry): boolean =>
  row.direction === 'in' && row.deposit !== undefined && direct !== true;

/** The receiver fetches it from the directory. */
export const isFetchedThere = ({ row }: TransferEntry): boolean =>
  row.direction === 'out' && row.deposit?.fetched === true;

export interface TransferStoreInit {
  readonly tables: Tables;
  readonly disk: LocalStore;
  emit(event: TransferEvent): void;
  /** @returns whether somebody has taken it */
  tell(event: TransferEvent): Promise<boolean>;
  /** Somebody hears what is emitted. */
  isWatched(): boolean;
}

/** All transfers there are, on disk and in memory, and who watches them. */
export class TransferStore {
  readonly #init: TransferStoreInit;
  readonly #entries = new Map<string, TransferEntry>();
  readonly #followers = new Set<(event: TransferEvent) => void>();
  readonly #watchers = new Set<(event: TransferEvent) => void>();
  #nextOrder = 1;

  constructor(init: TransferStoreInit) {
    this.#init = init;
  }

  async load(): Promise<void> {
    for await (const row of this.#init.tables.transfers.range(['all'])) {
      this.#nextOrder = Math.max(this.#nextOrder, row.order + 1);
      try {
        this.#entries.set(hex(row.id), { row, manifest: manifestCodec.decode(row.manifest) });
      } catch (error) {
        await this.#init.tables.transfers.setAside(['all', row.order], error);
      }
    }
    await this.prune();
  }

  get nextOrder(): number {
    return this.#nextOrder++;
  }

  all(): TransferEntry[] {
    return [...this.#entries.values()];
  }

  add(entry: TransferEntry): void {
    this.#entries.set(hex(entry.row.id), entry);
  }

  get(id: Uint8Array): TransferEntry | undefined {
    return this.#entries.get(hex(id));
  }

  /** @param id or its beginning @throws Failure unknown 'transfer-unknown', usage 'transfer-ambiguous' */
  find(id: string): TransferEntry {
    const wanted = id.toLowerCase();
    const found = [...this.#entries.entries()].filter(([key]) => key.startsWith(wanted));
    if (found.length === 1) return found[0]![1];
    throw found.length > 1 ? ambiguous(id) : unknown(`there is no transfer ${cleanLine(id, 40)}`);
  }

  newestOffer(): TransferEntry {
    const offer = this.all().filter(isOffer).at(-1);
    if (offer !== undefined) return offer;
    throw unknown('nobody is offering anything now');
  }

  offersOf(user: string): number {
    return this.all().filter((entry) => isOffer(entry) && foldName(entry.row.user) === foldName(user)).length;
  }

  underWayFrom(user: string): number {
    const runs = ({ row }: TransferEntry): boolean =>
      row.direction === 'in' && row.state === 'accepted' && foldName(row.user) === foldName(user);
    return this.all().filter(runs).length;
  }

  /** For what is done about it here. */
  follow(listener: (event: TransferEvent) => void): () => void {
    this.#followers.add(listener);
    return () => this.#followers.delete(listener);
  }

  /** For whoever waits for it, and needs not be told of it again. */
  watch(listener: (event: TransferEvent) => void): () => void {
    this.#watchers.add(listener);
    return () => this.#watchers.delete(listener);
  }

  /** Tells what has ended while nobody was watching. */
  async tellUnseen(): Promise<void> {
    const ended = this.all().filter(({ row }) => row.unseen === true);
    const tell = async (entry: TransferEntry): Promise<boolean> => {
      entry.row = { ...entry.row, unseen: false };
      const isTaken = await this.#init.tell(this.view(entry));
      if (!isTaken) entry.row = { ...entry.row, unseen: true };
      return isTaken;
    };
    const told = await Promise.all(ended.map(tell));
    const taken = ended.filter((_, at) => told[at]);
    if (taken.length > 0) await this.#init.disk.write(taken.map((entry) => this.put(entry)));
  }

  view(entry: TransferEntry): TransferEvent {
    const { run, lastRun, row, manifest, waiting, laid, notLaid } = entry;
    const { progress, endpoint, here = 0, average = 0, seconds } = run ?? lastRun ?? {};
    // Of what comes it is said once more when it is here: by then nobody remembers.
    const isTold = row.state === 'offered' || (row.state === 'done' && row.direction === 'in');
    const { leftOut = [], more = 0 } = (isTold && readShape(row.shape)) || {};
    return viewOf(row, manifest, {
      leftOut: more === 0 ? leftOut : [...leftOut, { name: `and ${more} more`, why: 'not named' }],
      running: run?.running ?? false,
      progress,
      endpoint,
      here,
      average,
      seconds,
      waiting,
      laid,
      notLaid,
    });
  }

  /** Tells whoever watches; nothing where it would be the same again. */
  show(entry: TransferEntry): void {
    const event = this.view(entry);
    const text = JSON.stringify(event);
    if (entry.shown === text) return;
    entry.shown = text;
    this.#init.emit(event);
    for (const follower of [...this.#followers, ...this.#watchers]) follower(event);
  }

  put(entry: TransferEntry): Step {
    const isHeard = this.#watchers.size > 0 || this.#init.isWatched();
    if (!isHeard && isNews(entry)) entry.row = { ...entry.row, unseen: true };
    const { row } = entry;
    return this.#init.tables.transfers.put(['all', row.order], row);
  }

  /** @param written called once it is on disk, before anybody is told */
  async save(entry: TransferEntry, change: Partial<TransferRow>, written: () => void = () => {}): Promise<void> {
    entry.row = { ...entry.row, ...change };
    await this.#init.disk.write([this.put(entry)]);
    written();
    this.show(entry);
    if (isOver(entry)) await this.prune();
  }

  /** Forgets the oldest of those that are over. */
  async prune(): Promise<void> {
    const over = this.all().filter(isOver);
    const steps: Step[] = [];
    for (const { row } of over.slice(0, Math.max(0, over.length - KEPT))) {
      this.#entries.delete(hex(row.id));
      steps.push(this.#init.tables.transfers.remove(['all', row.order]));
    }
    if (steps.length > 0) await this.#init.disk.write(steps);
  }
}

export const LIST_HINT = '/transfers lists them.';

const unknown = (message: string): Failure => new Failure('transfer-unknown', message, { hint: LIST_HINT });
const ambiguous = (id: string): Failure =>
  new Failure('transfer-ambiguous', `several transfers begin with ${cleanLine(id, 40)}`, { hint: LIST_HINT });

/** What is kept of a failure: told to people later, so it passes the gate for text. */
export const plain = ({ code, message, hint }: Failure) => ({
  code: code.slice(0, 64),
  message: cleanLine(message),
  hint: cleanLine(hint),
});
