import PQueue from 'p-queue';
import { hex } from '../../base/bytes.js';
import { type Failure, hasCode, toFailure } from '../../base/errors.js';
import { within } from '../../base/within.js';
import { discardPartial, type HostAddress, type PlacedFile } from '../../transfer/transfer.js';
import type { TransferContent } from '../../wire/content.js';
import { cleanLine } from '../../wire/text.js';
import { AddressWatch } from './address-watch.js';
import { isCalledOff, reasonOf } from './outcomes.js';
import type { Outcome } from './run.js';
import type { SchedulerInit } from './scheduler-init.js';
import { Session } from './session.js';
import { sourceAgain } from './source.js';
import {
  away,
  directoryAway,
  fetching,
  queuedUp,
  reconnecting,
  relayTrouble,
  stallReason,
  takenUp,
} from './stall-reasons.js';
import { fetches, isFetchedThere, isOver, plain, type TransferEntry } from './transfer-store.js';

type Step = Extract<TransferContent, { type: 'answer' }>['step'];

/** At once, each way: more would only take from each other. */
const AT_ONCE = 6;
/** How long the sender waits for the receiver's digests once the files are placed there. */
const SUMS_WITHIN_MS = 2_000;
/** A program that runs for a moment begins nothing old. */
const RESUME_AFTER_MS = 400;
/** Where nobody was found, it is tried again: shorter than a try lasts, so that the tries of both sides meet. */
const AGAIN_AFTER_MS = 15_000;
/** Doubling to this: whoever comes back calls. */
const AGAIN_AFTER_MOST_MS = 300_000;
/** How often a transfer is taken up again after its thread had a fault, and when. */
const INTERRUPTIONS = 3;
const AFTER_INTERRUPTION_MS = 1_000;

/** What is accepted on both sides runs whenever both are there, so many at once. */
export class Scheduler {
  readonly #init: SchedulerInit;
  readonly #queues = { in: new PQueue({ concurrency: AT_ONCE }), out: new PQueue({ concurrency: AT_ONCE }) };
  readonly #addresses: AddressWatch;
  #closed = false;

  constructor(init: SchedulerInit) {
    this.#init = init;
    const { clock, scope, sockets, entries } = init;
    this.#addresses = new AddressWatch({ clock, scope, local: () => sockets.local() }, async (now) => {
      for (const entry of entries.all()) if (entry.run !== undefined) await this.#call(entry, now);
    });
  }

  /** Takes up what was under way when the last program ended. */
  resume(): void {
    const { clock, scope, entries } = this.#init;
    scope.after(clock, RESUME_AFTER_MS, () => {
      for (const entry of entries.all()) {
        if (isFetchedThere(entry) && entry.row.state === 'accepted') entry.waiting = fetching(entry.row.user);
        if (!this.#isDue(entry)) continue;
        entry.waiting = takenUp();
        this.callAndStart(entry);
      }
    });
  }

  #isDue(entry: TransferEntry): boolean {
    const { row, run, queued } = entry;
    const isWanted = row.state === 'accepted' && row.paused === undefined && !isFetchedThere(entry);
    return isWanted && run === undefined && queued !== true;
  }

  /** The directory is back: what was laid down there can be fetched. */
  directoryIsBack(): void {
    for (const entry of this.#init.entries.all()) if (fetches(entry)) this.callAndStart(entry);
  }

  /** Lets the other side know where we are, and begins. */
  callAndStart(entry: TransferEntry): void {
    if (!this.#isDue(entry)) return;
    this.start(entry);
    this.later(entry, async () => this.#call(entry, await this.#candidates(entry)));
  }

  /** A receiver calls by accepting once more: it may have been ended between deciding that and saying it. */
  async #call(entry: TransferEntry, candidates: readonly HostAddress[]): Promise<void> {
    const { row } = entry;
    const call = { transfer: row.id, candidates: [...candidates] };
    const accepts = { type: 'answer', step: 'accept', ...call, ...(fetches(entry) && { fetches: true }) } as const;
    await this.#init.send(row.user, row.direction === 'in' ? accepts : { type: 'candidates', ...call });
  }

  /** Of whom nobody looks for, none: the thread of transfers is not needed then. */
  async #candidates(entry: TransferEntry): Promise<HostAddress[]> {
    return fetches(entry) ? [] : this.#init.sockets.local();
  }

  start(entry: TransferEntry): void {
    if (!this.#isDue(entry) || this.#init.scope.closed) return;
    entry.queued = true;
    entry.cancelAgain?.();
    if (!fetches(entry)) this.#addresses.begin();
    const queue = this.#queues[entry.row.direction];
    if (queue.pending >= AT_ONCE) {
      entry.waiting = queuedUp(AT_ONCE);
      this.#init.entries.show(entry);
    }
    // Whom nobody finds does not keep those who are there waiting.
    const priority = -(entry.missed ?? 0);
    const work = (): Promise<void> => this.#run(entry).catch((error) => this.#fail(entry, toFailure(error)));
    this.#init.scope.run(() => queue.add(work, { priority }));
  }

  async #run(entry: TransferEntry): Promise<void> {
    const outcome = await this.#attempt(entry);
    if (outcome === 'stopped' || outcome === 'unreachable') {
      if (this.#closed) return;
      if (outcome === 'unreachable') this.#tryAgain(entry);
      this.#init.entries.show(entry);
      if (entry.anew !== true) return;
      entry.anew = false;
      this.start(entry);
      return;
    }
    if ('interrupted' in outcome) {
      this.#afterInterruption(entry, outcome.interrupted);
      return;
    }
    if (entry.row.direction === 'out') {
      if (entry.sums === undefined) await this.#sums(entry);
      if (entry.row.state === 'accepted') await this.#finishOutgoing(entry);
      return;
    }
    const finished = this.#finishIncoming(entry, outcome.files);
    this.#init.taken(entry, finished);
    await finished;
  }

  /** @returns the message that says so */
  async #finishIncoming(entry: TransferEntry, files: readonly PlacedFile[]): Promise<Uint8Array> {
    const results = files.map(({ path, sha256 }) => ({ path, sha256 }));
    const { folder, id } = entry.row;
    // Not before it is kept that it is done: all of it would come once more.
    await this.#init.entries.save(entry, { state: 'done', results }, () => discardPartial(folder!, id));
    return this.say(entry, 'done');
  }

  /** What lies at the directory comes from there first. @returns undefined where the rest is to come straight */
  async #fetched(entry: TransferEntry): Promise<Exclude<Outcome, 'partly'> | undefined> {
    if (!fetches(entry) || entry.row.state !== 'accepted' || entry.row.paused !== undefined) return undefined;
    const { isThere, linkedFrom, entries } = this.#init;
    const { user, device, deposit } = entry.row;
    const address = { user, device: device! };
    const run = this.#init.fetch(entry);
    entry.run = run;
    entry.lastRun = run;
    delete entry.waiting;
    const outcome = await run.ended.catch(async (error: unknown) => {
      const isLost = hasCode(error, 'deposit-gone') || hasCode(error, 'deposit-damaged');
      if (isLost && (await isThere(address).catch(() => false))) return 'partly' as const;
      throw error;
    });
    const mayBeDirect = outcome === 'unreachable' && linkedFrom(address.device) !== undefined;
    if (outcome === 'unreachable') entry.waiting = directoryAway();
    if (outcome !== 'partly' && !mayBeDirect) return outcome;
    // More of it was laid down meanwhile: whoever did that may be gone.
    if (outcome === 'partly' && entry.row.deposit !== deposit) return this.#fetched(entry);
    entry.direct = true;
    entry.run = undefined;
    entries.show(entry);
    this.later(entry, async () => this.#call(entry, await this.#init.sockets.local()));
    return undefined;
  }

  async #attempt(entry: TransferEntry): Promise<Exclude<Outcome, 'partly'>> {
    const { sockets, clock, dial, scope, entries, paths } = this.#init;
    try {
      const fetched = await this.#fetched(entry);
      if (fetched !== undefined) return fetched;
      const [transfers, speed] = [await sockets.open(), await this.#init.speed()];
      if (entry.row.direction === 'out') entry.source ??= await sourceAgain(entry.row);
      const remembered = entry.row.direction === 'out' ? await paths.get(entry.row.user) : [];
      if (scope.closed || entry.row.state !== 'accepted' || entry.row.paused !== undefined) return 'stopped';
      const { row, manifest, source } = entry;
      const address = { user: row.user, device: row.device! };
      if (entry.waiting?.code === 'transfer-queued') delete entry.waiting;
      const run = new Session({
        ...{ row, manifest, source, transfers, clock, speed, remembered },
        onMeasured: (path) =>
          scope.run(
            () => paths.put(row.user, path),
            () => {},
          ),
        dial: () => dial(address, row.id),
        relays: () => this.#init.relays.offers(address),
        linkedFrom: () => this.#init.linkedFrom(address.device),
        goesOn: entry.lastRun !== undefined || entry.waiting?.code === 'transfer-resuming',
        onState: (running, before) => this.#onState(entry, running, before),
        // The end is told once what had come is gone from the disk, by whoever cleans up.
        onChange: () => isOver(entry) || entries.show(entry),
        onObstacle: () => this.#explain(entry),
      });
      entry.run = run;
      entry.lastRun = run;
      this.#tellReflexive(entry, run);
      const outcome = await run.ended;
      return outcome === 'partly' ? 'stopped' : outcome;
    } finally {
      entry.run = undefined;
      entry.queued = false;
    }
  }

  #onState(entry: TransferEntry, running: boolean, before: boolean): void {
    if (running) {
      delete entry.waiting;
      entry.missed = 0;
    } else if (before) entry.waiting = reconnecting(entry.row.user);
  }

  /** Neither datagrams nor a connection got through: why, as far as that can be seen from here. */
  #explain(entry: TransferEntry): void {
    const { run, row } = entry;
    this.later(entry, async () => {
      const there = await this.#init.isThere({ user: row.user, device: row.device! });
      const outlook = await this.#init.sockets.outlook();
      const trouble = outlook.answered ? relayTrouble(row, run?.relayTrouble) : undefined;
      const why = there ? (trouble ?? stallReason(row, outlook)) : away(row.user);
      if (entry.run !== run || run?.running) return;
      entry.waiting = why;
      this.#init.entries.show(entry);
    });
  }

  /** The other side is called: the next thread may have another port. What it happens to again and again is at fault itself. */
  #afterInterruption(entry: TransferEntry, why: Failure): void {
    if (this.#closed) return;
    entry.interruptions = (entry.interruptions ?? 0) + 1;
    if (entry.interruptions > INTERRUPTIONS) throw why;
    entry.waiting = takenUp();
    entry.cancelAgain = this.#init.clock.after(AFTER_INTERRUPTION_MS, () => this.callAndStart(entry));
    this.#init.entries.show(entry);
  }

  #tryAgain(entry: TransferEntry): void {
    entry.missed = (entry.missed ?? 0) + 1;
    const wait = Math.min(AGAIN_AFTER_MS * 2 ** (entry.missed - 1), AGAIN_AFTER_MOST_MS);
    entry.cancelAgain = this.#init.clock.after(wait, () => this.start(entry));
  }

  /** Where the two do not meet at once, the address which the directory saw may help. */
  #tellReflexive(entry: TransferEntry, run: Session): void {
    this.later(entry, async () => {
      const { seen } = await this.#init.sockets.outlook();
      if (seen !== undefined && entry.run === run && run.seeks) await this.#call(entry, [seen]);
    });
  }

  async #finishOutgoing(entry: TransferEntry): Promise<void> {
    const results = entry.manifest.files.map((_file, index) => {
      const sum = entry.sums?.[index];
      return sum === undefined ? {} : { sha256: hex(sum) };
    });
    await this.#init.entries.save(entry, { state: 'done', results });
  }

  /** The receiver has placed the files and says what they are. Where datagrams did not bring the news, this does. */
  async told(entry: TransferEntry, sums: readonly Uint8Array[]): Promise<void> {
    entry.sums = sums;
    entry.onSums?.();
    const { run } = entry;
    if (run !== undefined) await within(this.#init, run.ended, SUMS_WITHIN_MS);
    if (entry.row.state === 'accepted') await this.#finishOutgoing(entry);
    run?.stop();
  }

  /** The receiver's word on what it wrote comes a moment after its last datagram. */
  #sums(entry: TransferEntry): Promise<unknown> {
    const told = new Promise<void>((resolve) => {
      entry.onSums = resolve;
    });
    return within(this.#init, told, SUMS_WITHIN_MS);
  }

  async #fail(entry: TransferEntry, why: Failure): Promise<void> {
    if (isOver(entry) || this.#init.scope.closed) return;
    if (isCalledOff(why)) await this.discard(entry);
    await this.#init.entries.save(entry, { state: 'failed', failure: plain(why) });
    if (!isCalledOff(why)) await this.say(entry, 'cancel', reasonOf(why));
  }

  /** What has come of what is called off goes, whoever said so and by whichever way that came. */
  async discard(entry: TransferEntry): Promise<void> {
    const { run, row } = entry;
    await run?.cancel();
    if (row.direction === 'in' && row.folder !== undefined) discardPartial(row.folder, row.id);
  }

  say(entry: TransferEntry, step: Step, reason?: string): Promise<Uint8Array> {
    return this.#answerOf(entry, step, reason).then((answer) => this.#init.send(entry.row.user, answer));
  }

  async #answerOf(entry: TransferEntry, step: Step, reason: string | undefined): Promise<TransferContent> {
    const { row } = entry;
    const sums = row.results?.map(({ sha256 }) => new Uint8Array(Buffer.from(sha256 ?? '', 'hex')));
    const calls = step === 'accept' || step === 'resume';
    const where = calls ? { candidates: await this.#candidates(entry) } : {};
    return {
      type: 'answer',
      transfer: row.id,
      step,
      ...where,
      ...(calls && fetches(entry) && { fetches: true }),
      ...(reason !== undefined && { reason: cleanLine(reason, 180).slice(0, 180) }),
      ...(step === 'done' && sums !== undefined && { sums }),
    };
  }

  /** After what was said is kept; on errors the transfer fails. */
  later(entry: TransferEntry, work: () => unknown): void {
    const { scope } = this.#init;
    scope.run(work, (error) => {
      if (toFailure(error).reason === 'unreachable' || scope.closed) return;
      scope.run(() => this.#fail(entry, toFailure(error)));
    });
  }

  /** What runs goes on in the next program. */
  close(): void {
    this.#closed = true;
    for (const { run, cancelAgain } of this.#init.entries.all()) {
      cancelAgain?.();
      run?.stop();
    }
    for (const queue of Object.values(this.#queues)) queue.clear();
  }
}
