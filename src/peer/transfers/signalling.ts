import type { Failure } from '../../base/errors.js';
import { type HostAddress, hasSafeNames } from '../../transfer/transfer.js';
import type { TransferContent } from '../../wire/content.js';
import type { DeviceAddress } from '../../wire/directory.js';
import { TRANSFER_CANDIDATES } from '../../wire/limits.js';
import { foldName } from '../../wire/names.js';
import { type Manifest, manifestCodec } from '../../wire/transfer-manifest.js';
import { readShape } from '../../wire/transfer-shape.js';
import type { Transaction } from '../messaging/transaction.js';
import type { TransferRow } from '../storage/tables.js';
import { calledOff, declined, elsewhere, isCalledOff, reasonOf } from './outcomes.js';
import type { Scheduler } from './scheduler.js';
import type { Seeds } from './seeds.js';
import { fetching } from './stall-reasons.js';
import { isOver, plain, type TransferEntry, type TransferStore } from './transfer-store.js';

type Offer = Extract<TransferContent, { type: 'offer' }>;
type Answer = Extract<TransferContent, { type: 'answer' }>;
type Deposit = Extract<TransferContent, { type: 'deposit' }>;

/** Offers one person may have waiting here. */
const WAITING_OFFERS = 32;

export interface SignallingInit {
  readonly entries: TransferStore;
  readonly running: Scheduler;
  readonly self: DeviceAddress;
  /** What other devices of the account offer is nothing of this one's, but a keeper sees to it. */
  readonly seeds: Pick<Seeds, 'take'>;
  now(): number;
  send(user: string, content: TransferContent): Promise<unknown>;
  sharedGroup(group: string, user: string): string | undefined;
  /** An offer has come and is kept. */
  welcome(entry: TransferEntry): Promise<void>;
}

/** What the other side says: kept with the memory that it came, and followed once that is on disk. */
export class Signalling {
  readonly #init: SignallingInit;

  constructor(init: SignallingInit) {
    this.#init = init;
  }

  take(user: string, from: DeviceAddress, content: TransferContent, tx: Transaction): void {
    const { entries, self, seeds } = this.#init;
    seeds.take(user, from, content, tx);
    const entry = entries.get(content.transfer);
    const isOwn = foldName(from.user) === foldName(self.user);
    if (content.type === 'offer') {
      if (!isOwn && entry === undefined) this.#offered(user, from, content, tx);
      return;
    }
    if (entry === undefined || foldName(entry.row.user) !== foldName(user)) return;
    if (isOwn && content.type === 'answer') this.#answeredElsewhere(entry, content.step, tx);
    if (isOwn) return;
    if (content.type === 'candidates') this.#calledBy(entry, from, content.candidates, tx);
    else if (content.type === 'deposit') this.#laidDown(entry, from, content, tx);
    else if (content.device === undefined || content.device === self.device) this.#answered(entry, from, content, tx);
  }

  /** Once it is on disk, in the order of its transfer. */
  #after(entry: TransferEntry, tx: Transaction, work: () => unknown): void {
    tx.afterCommit(() => this.#init.running.later(entry, work));
  }

  #offered(user: string, from: DeviceAddress, offer: Offer, tx: Transaction): void {
    const { entries, running } = this.#init;
    const manifest = decoded(offer.manifest);
    if (manifest === undefined) return;
    // Where they say falsely that it is for a group, it is for me alone.
    const group = offer.group === undefined ? undefined : this.#init.sharedGroup(offer.group, user);
    const row: TransferRow = {
      order: entries.nextOrder,
      id: offer.transfer,
      direction: 'in',
      user,
      device: from.device,
      secret: offer.secret,
      manifest: offer.manifest,
      ...(readShape(offer.shape) && { shape: offer.shape }),
      video: offer.video,
      createdAt: this.#init.now(),
      state: 'offered',
      candidates: offer.candidates,
      ...(group !== undefined && { group }),
    };
    const entry: TransferEntry = { row, manifest };
    const refusal = hasSafeNames(manifest) ? this.#tooMany(user) : 'a name in it is not safe on a disk';
    if (refusal !== undefined) {
      this.#after(entry, tx, () => running.say(entry, 'decline', refusal));
      return;
    }
    entries.add(entry);
    this.#after(entry, tx, () => this.#init.welcome(entry));
    tx.add(entries.put(entry));
  }

  #tooMany(user: string): string | undefined {
    return this.#init.entries.offersOf(user) < WAITING_OFFERS ? undefined : 'too many offers are waiting';
  }

  #answered(entry: TransferEntry, from: DeviceAddress, answer: Answer, tx: Transaction): void {
    const { row } = entry;
    const { step } = answer;
    if (row.direction === 'out' && row.state === 'offered') {
      if (step === 'accept') this.#accepted(entry, from, answer, tx);
      if (step === 'decline') this.#decided(entry, 'declined', declined(answer.reason), tx);
      return;
    }
    if (row.device !== from.device) {
      if ((step === 'accept' || step === 'resume') && row.direction === 'out') this.#tooLate(entry, from, tx);
      return;
    }
    if (step === 'accept') this.#calledBy(entry, from, answer.candidates ?? [], tx, answer.fetches);
    else if (step === 'cancel' && !isOver(entry)) this.#decided(entry, 'failed', calledOff(answer.reason), tx);
    else if (step === 'pause' && row.state === 'accepted') this.#rested(entry, tx);
    else if (step === 'resume') this.#calledBack(entry, answer, tx);
    else if (step === 'done') this.#told(entry, answer.sums, tx);
  }

  #accepted(
    entry: TransferEntry,
    from: DeviceAddress,
    { candidates = [], fetches = false }: Answer,
    tx: Transaction,
  ): void {
    const { entries, running } = this.#init;
    delete entry.waiting;
    entry.row = { ...entry.row, state: 'accepted', device: from.device, candidates: [...candidates] };
    this.#fetchedThere(entry, fetches);
    this.#after(entry, tx, () => {
      entries.show(entry);
      running.start(entry);
    });
    tx.add(entries.put(entry));
  }

  /** Another device of theirs was first. */
  #tooLate(entry: TransferEntry, { device }: DeviceAddress, tx: Transaction): void {
    const { user, id: transfer } = entry.row;
    const reason = 'another device accepted it first';
    this.#after(entry, tx, () => this.#init.send(user, { type: 'answer', transfer, step: 'cancel', device, reason }));
  }

  #answeredElsewhere(entry: TransferEntry, step: string, tx: Transaction): void {
    if (entry.row.direction !== 'in' || entry.row.state !== 'offered') return;
    if (step !== 'accept' && step !== 'decline') return;
    this.#decided(entry, 'declined', elsewhere(), tx);
  }

  #decided(entry: TransferEntry, state: 'failed' | 'declined', why: Failure, tx: Transaction): void {
    entry.row = { ...entry.row, state, failure: plain(why) };
    if (!isCalledOff(why)) entry.run?.stop();
    this.#after(entry, tx, async () => {
      if (isCalledOff(why)) await this.#init.running.discard(entry);
      this.#init.entries.show(entry);
    });
    tx.add(this.#init.entries.put(entry));
  }

  #rested(entry: TransferEntry, tx: Transaction): void {
    const { paused } = entry.row;
    entry.row = { ...entry.row, paused: paused === undefined || paused === 'there' ? 'there' : 'both' };
    entry.run?.stop();
    this.#after(entry, tx, () => this.#init.entries.show(entry));
    tx.add(this.#init.entries.put(entry));
  }

  /** What was paused here rests on; what was cancelled stays so. */
  #calledBack(entry: TransferEntry, { candidates = [], fetches = false }: Answer, tx: Transaction): void {
    const { entries, running } = this.#init;
    const { paused, failure, ...row } = entry.row;
    const failed = row.state === 'failed' && !isCalledOff(failure);
    const resumable = row.state === 'accepted' || failed;
    if (!resumable || row.device === undefined) return;
    const rests = paused === 'here' || paused === 'both';
    entry.row = { ...row, state: 'accepted', ...(rests && { paused: 'here' }), candidates: [...candidates] };
    this.#fetchedThere(entry, fetches);
    this.#after(entry, tx, () => {
      entries.show(entry);
      running.start(entry);
    });
    tx.add(entries.put(entry));
  }

  /** Whoever fetches it from the directory is not looked for. */
  #fetchedThere(entry: TransferEntry, fetches: boolean): void {
    const { deposit, user } = entry.row;
    if (deposit === undefined || entry.row.direction !== 'out') return;
    entry.row = { ...entry.row, deposit: { ...deposit, fetched: fetches } };
    if (fetches) entry.waiting = fetching(user);
    if (fetches && entry.run?.running === false) entry.run.stop();
  }

  /** The other side lays down what it offered: that is a way to it, whether or not they are there. */
  #laidDown(entry: TransferEntry, from: DeviceAddress, content: Deposit, tx: Transaction): void {
    const { entries, running } = this.#init;
    const { row, run } = entry;
    if (row.direction !== 'in' || row.device !== from.device || row.state === 'done' || row.state === 'declined')
      return;
    const { deposit: id, key, expires, sums } = content;
    entry.row = { ...row, deposit: { id, key, expires, ...(sums !== undefined && { sums }) } };
    entry.direct = false;
    this.#after(entry, tx, () => {
      entries.show(entry);
      if (run === undefined || run.running) return running.start(entry);
      entry.anew = true;
      run.stop();
    });
    tx.add(entries.put(entry));
  }

  #calledBy(
    entry: TransferEntry,
    from: DeviceAddress,
    candidates: readonly HostAddress[],
    tx: Transaction,
    fetches = false,
  ): void {
    const { entries, running } = this.#init;
    const { row } = entry;
    if (row.device !== from.device) return;
    if (isOver(entry)) {
      this.#after(entry, tx, () => this.#remind(entry));
      return;
    }
    if (row.paused === 'here' || row.paused === 'both') this.#after(entry, tx, () => running.say(entry, 'pause'));
    const known = row.candidates.filter((one) => !candidates.some((next) => sameAddress(one, next)));
    entry.row = { ...row, candidates: [...candidates, ...known].slice(0, TRANSFER_CANDIDATES) };
    this.#fetchedThere(entry, fetches);
    entry.run?.addCandidates(candidates);
    this.#after(entry, tx, () => running.start(entry));
    tx.add(entries.put(entry));
  }

  /** They look for what is over here: they have not heard of it, or we ended before we said it. */
  async #remind(entry: TransferEntry): Promise<void> {
    const { state, direction, failure } = entry.row;
    if (state === 'done' && direction === 'in') await this.#init.running.say(entry, 'done');
    if (state === 'failed') await this.#init.running.say(entry, 'cancel', failure && reasonOf(failure));
  }

  #told(entry: TransferEntry, sums: readonly Uint8Array[] | undefined, tx: Transaction): void {
    if (entry.row.direction !== 'out' || entry.row.state !== 'accepted') return;
    this.#after(entry, tx, () => this.#init.running.told(entry, sums ?? []));
  }
}

/** Undefined where sizes or names are not as agreed: such an offer is not shown. */
function decoded(bytes: Uint8Array): Manifest | undefined {
  try {
    return manifestCodec.decode(bytes);
  } catch {
    return undefined;
  }
}

const sameAddress = (a: HostAddress, b: HostAddress): boolean => a.host === b.host && a.port === b.port;
