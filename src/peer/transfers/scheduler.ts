import type { Duplex } from 'node:stream';
import PQueue from 'p-queue';
import { hex } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import { type Failure, toFailure } from '../../base/errors.js';
import type { Scope } from '../../base/scope.js';
import { discardPartial, type HostAddress } from '../../transfer/transfer.js';
import type { TransferContent } from '../../wire/content.js';
import type { DeviceAddress } from '../../wire/directory.js';
import { cleanLine } from '../../wire/text.js';
import type { TransferSpeed } from '../api/peer.js';
import { isCalledOff, reasonOf } from './outcomes.js';
import type { PathMemory } from './path-memory.js';
import type { TransferRelays } from './relays.js';
import { type Outcome, Session } from './session.js';
import { sourceAgain } from './source.js';
import { away, queuedUp, reconnecting, relayTrouble, stallReason, takenUp } from './stall-reasons.js';
import type { TransferEndpoint } from './transfer-endpoint.js';
import { isOver, plain, type TransferEntry, type TransferStore } from './transfer-store.js';

type Step = Extract<TransferContent, { type: 'answer' }>['step'];

export interface SchedulerInit {
  readonly entries: TransferStore;
  readonly clock: Clock;
  readonly scope: Scope;
  readonly sockets: TransferEndpoint;
  /** Resolves when the message is on disk. */
  send(user: string, content: TransferContent): Promise<unknown>;
  /** A connection of its own for a transfer; undefined where the device does not answer. */
  dial(address: DeviceAddress, id: Uint8Array): Promise<Duplex | undefined>;
  /** Whether the device is there, as far as the directory knows. */
  isThere(address: DeviceAddress): Promise<boolean>;
  /** The host from which that device has a link to this one. */
  linkedFrom(device: string): string | undefined;
  /** As fast as this, where the offer says nothing else. */
  speed(): Promise<TransferSpeed>;
  readonly paths: PathMemory;
  readonly relays: TransferRelays;
}

/** At once, each way: more would only take from each other. */
const AT_ONCE = 6;
/** How long the sender waits for the receiver's digests once the files are placed there. */
const SUMS_WITHIN_MS = 2_000;
/** A program that runs for a moment begins nothing old. */
const RESUME_AFTER_MS = 400;
const LOOK_AT_ADDRESSES_MS = 1_000;
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
  #addresses = '';
  #watching = false;
  #closed = false;

  constructor(init: SchedulerInit) {
    this.#init = init;
  }

  /** Takes up what was under way when the last program ended. */
  resume(): void {
    const { clock, scope, entries } = this.#init;
    scope.after(clock, RESUME_AFTER_MS, () => {
      for (const entry of entries.all()) {
        if (!this.#isDue(entry)) continue;
        entry.waiting = takenUp();
        this.callAndStart(entry);
      }
    });
  }

  #isDue({ row, run, queued }: TransferEntry): boolean {
    return row.state === 'accepted' && row.paused === undefined && run === undefined && queued !== true;
  }

  /** Lets the other side know where we are, and begins. */
  callAndStart(entry: TransferEntry): void {
    if (!this.#isDue(entry)) return;
    this.start(entry);
    this.later(entry, async () => this.#call(entry, await this.#init.sockets.local()));
  }

  /** A receiver calls by accepting once more: it may have been ended between deciding that and saying it. */
  async #call({ row }: TransferEntry, candidates: readonly HostAddress[]): Promise<void> {
    const call = { transfer: row.id, candidates: [...candidates] };
    const accepts = row.direction === 'in';
    await this.#init.send(
      row.user,
      accepts ? { type: 'answer', step: 'accept', ...call } : { type: 'candidates', ...call },
    );
  }

  start(entry: TransferEntry): void {
    if (!this.#isDue(entry) || this.#init.scope.closed) return;
    entry.queued = true;
    entry.cancelAgain?.();
    this.#watchAddresses();
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
    const results = outcome.files.map(({ path, sha256 }) => ({ path, sha256 }));
    const { folder, id } = entry.row;
    // Not before it is kept that it is done: all of it would come once more.
    await this.#init.entries.save(entry, { state: 'done', results }, () => discardPartial(folder!, id));
    await this.say(entry, 'done');
  }

  async #attempt(entry: TransferEntry): Promise<Outcome> {
    const { sockets, clock, dial, scope, entries, paths } = this.#init;
    try {
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
        onChange: () => entries.show(entry),
        onObstacle: () => this.#explain(entry),
      });
      entry.run = run;
      entry.lastRun = run;
      this.#tellReflexive(entry, run);
      return await run.ended;
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
      const why = there ? (relayTrouble(row, run?.relayTrouble) ?? stallReason(row, outlook)) : away(row.user);
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
    if (run !== undefined) await this.#within(run.ended, SUMS_WITHIN_MS);
    if (entry.row.state === 'accepted') await this.#finishOutgoing(entry);
    run?.stop();
  }

  /** The receiver's word on what it wrote comes a moment after its last datagram. */
  #sums(entry: TransferEntry): Promise<unknown> {
    const told = new Promise<void>((resolve) => {
      entry.onSums = resolve;
    });
    return this.#within(told, SUMS_WITHIN_MS);
  }

  async #within(wait: Promise<unknown>, ms: number): Promise<void> {
    const { clock, scope } = this.#init;
    let end = (): void => {};
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    const cancel = clock.after(ms, end);
    scope.signal.addEventListener('abort', end);
    await Promise.race([wait.catch(() => {}), over]);
    scope.signal.removeEventListener('abort', end);
    cancel();
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

  say(entry: TransferEntry, step: Step, reason?: string): Promise<unknown> {
    return this.#answerOf(entry, step, reason).then((answer) => this.#init.send(entry.row.user, answer));
  }

  async #answerOf({ row }: TransferEntry, step: Step, reason: string | undefined): Promise<TransferContent> {
    const sums = row.results?.map(({ sha256 }) => new Uint8Array(Buffer.from(sha256 ?? '', 'hex')));
    const where = step === 'accept' || step === 'resume' ? { candidates: await this.#init.sockets.local() } : {};
    return {
      type: 'answer',
      transfer: row.id,
      step,
      ...where,
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

  #watchAddresses(): void {
    if (this.#watching) return;
    this.#watching = true;
    const { clock, scope, sockets, entries } = this.#init;
    const look = async (): Promise<void> => {
      const local = await sockets.local();
      const before = this.#addresses;
      this.#addresses = JSON.stringify(local);
      if (before !== '' && before !== this.#addresses) {
        for (const entry of entries.all()) if (entry.run !== undefined) await this.#call(entry, local);
      }
      again();
    };
    const again = (): void => scope.after(clock, LOOK_AT_ADDRESSES_MS, () => scope.run(look, again));
    scope.run(look, again);
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
