import PQueue from 'p-queue';
import { fromHex, hex } from '../../base/bytes.js';
import type { Cancel, Clock } from '../../base/clock.js';
import { Failure, hasCode, toFailure } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import type { Scope } from '../../base/scope.js';
import { sealUploadBlock } from '../../crypto/upload-blocks.js';
import type { LocalStore } from '../../store/local.js';
import type { TransferContent } from '../../wire/content.js';
import { depositBlocks } from '../../wire/deposit-blocks.js';
import type { DirectoryRequest } from '../../wire/directory-request.js';
import { DEPOSIT_BLOCK_BYTES } from '../../wire/limits.js';
import { contentBytes } from '../../wire/transfer-manifest.js';
import { UPLOAD_OVERHEAD } from '../../wire/uploads.js';
import type { TransferEvent } from '../api/events.js';
import { DepositContent } from './deposit-content.js';
import { type Deposit, isLaid, isSettled, LaidOffers, mayLay } from './laid-offers.js';
import { sourceAgain } from './source.js';
import { depositExpired, needless } from './transfer-failures.js';
import { plain, type TransferEntry, type TransferStore } from './transfer-store.js';
import { inWindow } from './window.js';

export interface DepositsInit {
  readonly entries: TransferStore;
  readonly disk: LocalStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly scope: Scope;
  readonly directoryId: string;
  readonly request: DirectoryRequest;
  isOnline(): boolean;
  /** Resolves with the message's id when it is on disk. */
  send(user: string, content: TransferContent): Promise<Uint8Array>;
  /** Resolves when a device or the mailbox of the receiver has it. */
  reached(message: Uint8Array): Promise<void>;
  /** Tells the receiver that it comes to nothing, for this reason. */
  callOff(entry: TransferEntry, why: Failure): Promise<unknown>;
}

interface Job {
  readonly abort: AbortController;
  /** It rests while the same goes straight to the only one for whom it is. */
  rests: boolean;
}

const RETRY_MS = 2_000;
/** How often what lies there is looked at, at most. */
const LOOK_EVERY_MS = 6 * 3_600_000;
/** The directory's clock may be behind. */
const LATER_MS = 60_000;

/**
 * What was offered to people who are away, laid down for them: begun, brought there block by block, and told them; then looked
 * after until they have it, take it not, or its time is over. What an earlier program began goes on.
 *
 * Several offers of the same files, as to a group, have one deposit. Which offers those are stands in their rows.
 */
export class Deposits {
  readonly #init: DepositsInit;
  readonly #offers: LaidOffers;
  readonly #jobs = new Map<string, Job>();
  /** When each is looked at next. */
  readonly #looks = new Map<string, Cancel>();
  /** Of whom it is under way that all of it lies there. */
  readonly #saying = new WeakSet<TransferEntry>();
  readonly #turn = new PQueue({ concurrency: 1 });

  constructor(init: DepositsInit) {
    this.#init = init;
    this.#offers = new LaidOffers(init.entries, init.disk);
    init.entries.follow((event) => this.#seen(event));
  }

  /**
   * @throws Failure usage 'deposit-needless', limit 'upload-quota', 'deposits-full', usage 'deposits-unsupported'
   */
  async leave(entries: readonly TransferEntry[]): Promise<void> {
    const open = entries.filter((entry) => mayLay(entry));
    if (open.length === 0) throw needless();
    const fresh: Deposit = { id: this.#init.random.bytes(16), key: this.#init.random.bytes(32) };
    await this.#offers.change(open, ({ deposit = fresh }) => deposit);
    for (const id of new Set(open.map(({ row }) => hex(row.deposit!.id)))) {
      // What doesn't fit is said at once.
      if (this.#init.isOnline()) await this.#begin(id).catch((error: unknown) => this.#unlessAway(id, error));
      this.#start(id);
    }
  }

  /** How long the directory would keep so much, in milliseconds; undefined where it would not, or can't be asked. */
  async wouldTake(size: number): Promise<number | undefined> {
    if (!this.#init.isOnline()) return undefined;
    const room = await this.#init.request('deposits.room', {}).catch(() => undefined);
    return room !== undefined && size + depositBlocks(size) * UPLOAD_OVERHEAD <= room.free ? room.lifetime : undefined;
  }

  /** The directory can be reached (again). */
  online(): void {
    for (const id of this.#offers.ids()) this.#look(id);
  }

  close(): void {
    for (const { abort } of this.#jobs.values()) abort.abort();
    for (const cancel of this.#looks.values()) cancel();
    this.#turn.clear();
  }

  // --- One deposit, by hex of its id ---

  #look(id: string): void {
    const { scope } = this.#init;
    const { open } = this.#offers.of(id);
    if (open.length === 0) this.#withdrawSoon(id);
    else if (open.every(({ row }) => row.deposit!.sums !== undefined))
      scope.run(
        () => this.#tend(id),
        () => {},
      );
    else this.#start(id);
  }

  #start(id: string): void {
    const { scope, isOnline } = this.#init;
    if (this.#jobs.get(id)?.rests === false || !isOnline() || scope.closed) return;
    const job: Job = { abort: new AbortController(), rests: false };
    this.#jobs.set(id, job);
    scope.run(
      async () => {
        await this.#turn.add(() => this.#lay(id, job));
        if (!job.rests) this.#jobs.delete(id);
      },
      (error) => this.#stopped(id, job, toFailure(error)),
    );
  }

  #stopped(id: string, job: Job, why: Failure): void {
    const { scope, clock, isOnline } = this.#init;
    if (scope.closed || this.#jobs.get(id) !== job) return;
    this.#jobs.delete(id);
    if (why.reason !== 'unreachable')
      scope.run(
        () => this.#refused(id, why),
        () => {},
      );
    else if (isOnline()) scope.after(clock, RETRY_MS, () => this.#look(id));
  }

  async #begin(id: string): Promise<{ readonly have: number; readonly expires: number }> {
    const { open } = this.#offers.of(id);
    const to = open.map(({ row }) => row.user);
    const size = contentBytes(open[0]!.manifest);
    const begun = this.#init.request('deposits.begin', { deposit: fromHex(id), to, size });
    return begun.catch((error: unknown) => {
      throw hasCode(error, 'method-unknown') ? new Failure('deposits-unsupported', undefined, { cause: error }) : error;
    });
  }

  async #lay(id: string, { abort: { signal } }: Job): Promise<void> {
    const { request } = this.#init;
    const first = this.#offers.of(id).open[0];
    if (first === undefined || signal.aborted) return;
    first.source ??= await sourceAgain(first.row);
    if (signal.aborted) return;
    const { have, expires } = await this.#begin(id);
    if (first.row.deposit?.expires === undefined) await this.#tell(id, { expires });
    const content = new DepositContent(first.source);
    await this.#bring(id, first, content, have, signal);
    if (signal.aborted) return;
    const finished = await request('deposits.finish', { deposit: fromHex(id) });
    await this.#tell(id, { expires: finished.expires, sums: content.sums });
    this.#look(id);
  }

  async #bring(
    id: string,
    { row, manifest }: TransferEntry,
    content: DepositContent,
    have: number,
    signal: AbortSignal,
  ) {
    const { clock, random, request, directoryId } = this.#init;
    const deposit = fromHex(id);
    const { key } = row.deposit!;
    const size = contentBytes(manifest);
    const place = { directoryId, deposit, size };
    let there = have;
    const tell = (): void => this.#advance(id, Math.min(size, there * DEPOSIT_BLOCK_BYTES));
    const lacking = async function* () {
      // All are read, for the digests.
      for await (const one of content.blocks(signal)) if (one.block >= have) yield one;
    };
    tell();
    await inWindow({
      ...{ clock, items: lacking() },
      ask: async ({ block, plain: bytes }) => {
        await request('deposits.put', { deposit, block, sealed: sealUploadBlock(key, place, block, bytes, random) });
        there++;
        tell();
      },
    });
  }

  #advance(id: string, laid: number): void {
    for (const entry of this.#offers.of(id).open) {
      const before = Math.floor((100 * (entry.laid ?? 0)) / contentBytes(entry.manifest));
      entry.laid = laid;
      if (Math.floor((100 * laid) / contentBytes(entry.manifest)) !== before) this.#init.entries.show(entry);
    }
  }

  /** Keeps what is new of it, and lets each for whom it is know. */
  async #tell(id: string, news: Pick<Deposit, 'expires' | 'sums'>): Promise<void> {
    const { open } = this.#offers.of(id);
    await this.#offers.change(open, ({ deposit }) => ({ ...deposit!, ...news }));
    for (const entry of open) await this.#say(entry);
  }

  async #say(entry: TransferEntry): Promise<void> {
    const { send, reached, scope } = this.#init;
    const { user, id: transfer, deposit } = entry.row;
    const { id, key, expires, sums } = deposit!;
    const message = await send(user, {
      ...{ type: 'deposit', transfer, deposit: id, key, expires: expires! },
      ...(sums !== undefined && { sums }),
    });
    if (sums === undefined) return;
    this.#saying.add(entry);
    scope.run(
      async () => {
        await reached(message);
        if (isLaid(entry.row)) await this.#offers.change([entry], (row) => ({ ...row.deposit!, told: true }));
      },
      () => {},
    );
  }

  /** Looks whether it is still there, until its time is over. What a directory has lost is laid down once more. */
  async #tend(id: string): Promise<void> {
    const { clock, request, isOnline } = this.#init;
    const { open } = this.#offers.of(id);
    if (!isOnline() || open.length === 0) return;
    // A program that ended between knowing it and saying it.
    for (const entry of open) if (entry.row.deposit!.told !== true && !this.#saying.has(entry)) await this.#say(entry);
    const due = Math.min(...open.map(({ row }) => row.deposit!.expires!)) - clock.now();
    const isThere = await request('deposits.find', { deposit: fromHex(id) }).then(
      () => true,
      (error: unknown) => {
        if (hasCode(error, 'upload-gone')) return false;
        throw error;
      },
    );
    if (isThere) this.#lookIn(id, due > 0 ? Math.min(LOOK_EVERY_MS, due) : LATER_MS);
    else if (due <= 0) await this.#expire(id);
    else if (open.every(({ row }) => row.state === 'offered')) {
      await this.#offers.change(open, ({ deposit }) => ({ id: deposit!.id, key: deposit!.key }));
      this.#start(id);
    }
  }

  #lookIn(id: string, ms: number): void {
    this.#lookNoMore(id);
    this.#looks.set(
      id,
      this.#init.clock.after(ms, () => this.#look(id)),
    );
  }

  #lookNoMore(id: string): void {
    this.#looks.get(id)?.();
    this.#looks.delete(id);
  }

  async #expire(id: string): Promise<void> {
    const { entries, callOff } = this.#init;
    const { all, open } = this.#offers.of(id);
    for (const entry of open) {
      const { state, deposit } = entry.row;
      if (state !== 'offered' && deposit?.fetched !== true) continue;
      await entries.save(entry, { state: 'failed', failure: plain(depositExpired(entry.row.user)) });
      await callOff(entry, depositExpired(entry.row.user));
    }
    await this.#offers.change(all, () => undefined);
  }

  async #refused(id: string, why: Failure): Promise<void> {
    const { all, open } = this.#offers.of(id);
    for (const entry of open) entry.notLaid = plain(why);
    await this.#offers.change(all, () => undefined);
    await this.#init.request('deposits.remove', { deposit: fromHex(id) }).catch(() => {});
  }

  async #unlessAway(id: string, error: unknown): Promise<void> {
    if (toFailure(error).reason === 'unreachable') return;
    await this.#refused(id, toFailure(error));
    throw error;
  }

  /** Nobody is going to fetch it, or everybody has it. */
  #withdrawSoon(id: string): void {
    const { scope, request, isOnline } = this.#init;
    this.#jobs.get(id)?.abort.abort();
    this.#jobs.delete(id);
    this.#lookNoMore(id);
    if (!isOnline()) return;
    scope.run(
      async () => {
        await request('deposits.remove', { deposit: fromHex(id) }).catch((error: unknown) => {
          if (toFailure(error).reason === 'unreachable') throw error;
        });
        await this.#offers.change(this.#offers.of(id).all, () => undefined);
      },
      () => {},
    );
  }

  /** An offer has changed: what goes straight needs no laying down meanwhile, and what is over no more. */
  #seen({ id: transfer, direction, state }: TransferEvent): void {
    const entry = direction === 'out' ? this.#init.entries.get(fromHex(transfer)) : undefined;
    if (entry === undefined || !isLaid(entry.row)) return;
    const id = hex(entry.row.deposit!.id);
    const job = this.#jobs.get(id);
    if (isSettled(entry) && this.#offers.of(id).open.length === 0) this.#withdrawSoon(id);
    else if (state === 'running' && job?.rests === false && this.#offers.of(id).open.length === 1) {
      job.rests = true;
      job.abort.abort();
    } else if (state === 'accepted' && job?.rests === true && entry.row.deposit!.sums === undefined) this.#start(id);
  }
}
