import { isAbsolute } from 'node:path';
import type { Duplex } from 'node:stream';
import PQueue from 'p-queue';
import { hex } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import { Failure, toFailure } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import type { Scope } from '../../base/scope.js';
import type { LocalStore, Step } from '../../store/local.js';
import type { HostAddress, Source } from '../../transfer/transfer.js';
import type { TransferContent } from '../../wire/content.js';
import type { DeviceAddress } from '../../wire/directory.js';
import { TRANSFER_CANDIDATES } from '../../wire/limits.js';
import { foldName } from '../../wire/names.js';
import { cleanLine } from '../../wire/text.js';
import { contentBytes, type Manifest, manifestCodec } from '../../wire/transfer-manifest.js';
import type { OfferOptions, Playing } from '../api.js';
import type { TransferEvent } from '../events.js';
import type { Tables, TransferRow } from '../rows.js';
import { Players } from './players.js';
import type { Rules } from './rules.js';
import { type Outcome, Run } from './run.js';
import type { Sockets } from './sockets.js';
import { sourceAgain, sourceOf, stampOf } from './source.js';
import { viewOf } from './view.js';

export interface TransfersInit {
  readonly tables: Tables;
  readonly disk: LocalStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly scope: Scope;
  readonly self: DeviceAddress;
  readonly rules: Rules;
  readonly sockets: Sockets;
  /** The person's name as registered, ready to be written to. */
  enter(to: string): Promise<string>;
  /** Resolves with the message's id when it is on disk. */
  send(user: string, content: TransferContent): Promise<Uint8Array>;
  /** Resolves when a device or the mailbox of the receiver has it. */
  reached(message: Uint8Array): Promise<void>;
  /** A connection of its own for a transfer; undefined where the device does not answer. */
  dial(address: DeviceAddress, id: Uint8Array): Promise<Duplex | undefined>;
  emit(event: TransferEvent): void;
}

interface Entry {
  row: TransferRow;
  readonly manifest: Manifest;
  source?: Source;
  run?: Run | undefined;
  /** The last one there was, for showing and playing what it brought. */
  lastRun?: Run | undefined;
  /** In the queue. */
  queued?: boolean;
  /** The offer's message, in this run of the program. */
  message?: Uint8Array;
  /** What the other side said the files are, once written; resolves whoever waits for it. */
  sums?: readonly Uint8Array[];
  onSums?: () => void;
}

interface Reaction {
  readonly entry: Entry;
  readonly work: () => unknown;
}

/** At once, each way: more would only take from each other. */
const AT_ONCE = 6;
/** Offers one person may have waiting here. */
const WAITING_OFFERS = 32;
/** Rows kept of transfers that are over. */
const KEPT = 200;
/** How long the sender waits for the receiver's digests once the files are placed there. */
const SUMS_WITHIN_MS = 2_000;
/** A program that runs for a moment begins nothing old. */
const RESUME_AFTER_MS = 400;
const LOOK_AT_ADDRESSES_MS = 3_000;

const OVER: ReadonlySet<TransferRow['state']> = new Set(['done', 'failed', 'declined']);

/** All transfers of a peer: what was offered and accepted is kept on disk and goes on until it is done or called off. */
export class TransferDesk {
  readonly #init: TransfersInit;
  readonly #entries = new Map<string, Entry>();
  readonly #queues = { in: new PQueue({ concurrency: AT_ONCE }), out: new PQueue({ concurrency: AT_ONCE }) };
  readonly #players: Players;
  readonly #followers = new Set<(event: TransferEvent) => void>();
  readonly #due = new WeakMap<TransferContent, Reaction[]>();
  #reactions: Reaction[] = [];
  #nextOrder = 1;
  #addresses = '';
  #watching = false;

  constructor(init: TransfersInit) {
    this.#init = init;
    this.#players = new Players(init.random);
  }

  async load(): Promise<void> {
    for await (const row of this.#init.tables.transfers.range(['all'])) {
      this.#nextOrder = Math.max(this.#nextOrder, row.order + 1);
      this.#entries.set(hex(row.id), { row, manifest: manifestCodec.decode(row.manifest) });
    }
    await this.#prune();
  }

  /** Takes up what was under way when the last program ended. */
  resume(): void {
    const { clock, scope } = this.#init;
    const cancel = clock.after(RESUME_AFTER_MS, () => {
      for (const entry of this.#entries.values()) if (this.#isDue(entry)) this.#callAndStart(entry);
    });
    scope.defer(cancel);
  }

  /** A person is here again. */
  peerIsBack(user: string): void {
    for (const entry of this.#entries.values()) {
      if (foldName(entry.row.user) === foldName(user) && this.#isDue(entry)) this.#callAndStart(entry);
    }
  }

  follow(listener: (event: TransferEvent) => void): () => void {
    this.#followers.add(listener);
    return () => this.#followers.delete(listener);
  }

  list(): TransferEvent[] {
    return [...this.#entries.values()].map((entry) => this.#view(entry));
  }

  /** Offers nobody has answered yet, for whoever begins to watch. */
  waiting(): TransferEvent[] {
    return this.list().filter(({ direction, state }) => direction === 'in' && state === 'offered');
  }

  /** Offers which came before it was said whose are accepted. */
  welcomeWaiting(): void {
    for (const entry of this.#entries.values()) {
      if (entry.row.direction === 'in' && entry.row.state === 'offered') this.#later(entry, () => this.#judge(entry));
    }
  }

  /** The address is opened before anybody asks, so that the first transfer finds it. */
  warm(): void {
    this.#init.scope.run(
      () => this.#init.sockets.open(),
      () => {},
    );
  }

  async offer(to: string, paths: readonly string[], options: OfferOptions): Promise<TransferEvent> {
    const { sockets, clock, random, tables } = this.#init;
    const [source, user, candidates] = await Promise.all([
      describeFor(paths, options),
      this.#init.enter(to),
      sockets.local(),
    ]);
    const { video = false, rate, pace, trace } = options;
    const manifest = manifestCodec.encode(source.manifest);
    const row: TransferRow = {
      order: this.#nextOrder++,
      id: random.bytes(16),
      direction: 'out',
      user,
      secret: random.bytes(32),
      manifest,
      video,
      createdAt: clock.now(),
      state: 'offered',
      candidates: [],
      source: {
        paths: [...paths],
        stamp: stampOf(source),
        ...(rate !== undefined && { rate }),
        ...(pace !== undefined && { pace }),
        ...(trace !== undefined && { trace }),
      },
    };
    const entry: Entry = { row, manifest: source.manifest, source };
    this.#entries.set(hex(row.id), entry);
    await this.#init.disk.write([tables.transfers.put(['all', row.order], row)]);
    this.#show(entry);
    const { id: transfer, secret } = row;
    const sentAt = row.createdAt;
    entry.message = await this.#init.send(user, {
      ...{ type: 'offer', transfer, secret, manifest, video, sentAt, candidates },
    });
    return this.#view(entry);
  }

  async reached(id: string): Promise<void> {
    const { row, message } = this.#find(id);
    if (message !== undefined && row.state === 'offered') await this.#init.reached(message);
  }

  async accept(id: string | undefined, folder: string | undefined): Promise<TransferEvent> {
    const entry = id === undefined ? this.#newestOffer() : this.#find(id);
    if (entry.row.direction !== 'in' || entry.row.state !== 'offered') throw notOpen('accepted');
    const where = folder ?? this.#init.rules.folder;
    if (!isAbsolute(where)) throw new Failure('usage', 'folder-relative', 'the folder needs its whole path');
    await this.#save(entry, { state: 'accepted', folder: where });
    this.#later(entry, () => this.#say(entry, 'accept'));
    this.#start(entry);
    return this.#view(entry);
  }

  async decline(id: string | undefined): Promise<TransferEvent> {
    const entry = id === undefined ? this.#newestOffer() : this.#find(id);
    if (entry.row.direction !== 'in' || entry.row.state !== 'offered') throw notOpen('declined');
    await this.#save(entry, { state: 'declined' });
    await this.#say(entry, 'decline');
    return this.#view(entry);
  }

  async control(id: string, step: 'pause' | 'resume' | 'cancel'): Promise<TransferEvent> {
    const entry = this.#find(id);
    const { state, device } = entry.row;
    if (step === 'resume' && state === 'failed' && device !== undefined) await this.#revive(entry);
    else if (OVER.has(state)) throw isOver(state);
    else if (step === 'cancel') await this.#cancel(entry);
    else if (state !== 'accepted') throw notBegun();
    else if (step === 'pause') await this.#pause(entry, 'here');
    else await this.#revive(entry);
    if (step !== 'cancel' || device !== undefined || entry.row.direction === 'out') await this.#say(entry, step);
    return this.#view(entry);
  }

  async play(id: string, file: number): Promise<Playing> {
    const entry = this.#find(id);
    const { row, manifest } = entry;
    if (row.direction !== 'in' || !['accepted', 'done'].includes(row.state)) throw notPlayable();
    const incoming = entry.run?.incoming ?? entry.lastRun?.incoming;
    const url = await this.#players.serve(hex(row.id), { manifest, file, incoming, results: row.results });
    return { id: hex(row.id), url, name: cleanLine(manifest.files[file]?.path ?? '') };
  }

  /** A connection for a transfer came in. @returns whether it was taken */
  takeStream(from: DeviceAddress, id: Uint8Array, stream: Duplex): boolean {
    const entry = this.#entries.get(hex(id));
    if (entry?.run === undefined || entry.row.device !== from.device) return false;
    entry.run.attachStream(stream);
    return true;
  }

  // --- What the other side says ---

  /**
   * Steps which keep what was said; they are written together with the memory that it came. What follows from it is done by
   * `react`, once that write has begun: a later state must not be written before.
   */
  take(user: string, from: DeviceAddress, content: TransferContent): readonly Step[] {
    this.#reactions = [];
    this.#due.set(content, this.#reactions);
    return this.#take(user, from, content);
  }

  react(content: TransferContent): void {
    for (const { entry, work } of this.#due.get(content) ?? []) this.#later(entry, work);
    this.#due.delete(content);
  }

  #after(entry: Entry, work: () => unknown): void {
    this.#reactions.push({ entry, work });
  }

  #take(user: string, from: DeviceAddress, content: TransferContent): readonly Step[] {
    const entry = this.#entries.get(hex(content.transfer));
    const isOwn = foldName(from.user) === foldName(this.#init.self.user);
    if (content.type === 'offer') return isOwn || entry ? [] : this.#offered(user, from, content);
    if (entry === undefined || foldName(entry.row.user) !== foldName(user)) return [];
    if (isOwn) return content.type === 'answer' ? this.#answeredElsewhere(entry, content.step) : [];
    if (content.type === 'candidates') return this.#calledBy(entry, from, content.candidates);
    if (content.device !== undefined && content.device !== this.#init.self.device) return [];
    return this.#answered(entry, from, content);
  }

  #offered(user: string, from: DeviceAddress, offer: Extract<TransferContent, { type: 'offer' }>): Step[] {
    const manifest = decoded(offer.manifest);
    if (manifest === undefined) return [];
    const row: TransferRow = {
      order: this.#nextOrder++,
      id: offer.transfer,
      direction: 'in',
      user,
      device: from.device,
      secret: offer.secret,
      manifest: offer.manifest,
      video: offer.video,
      createdAt: this.#init.clock.now(),
      state: 'offered',
      candidates: offer.candidates,
    };
    const entry: Entry = { row, manifest };
    if (this.#countOffers(user) >= WAITING_OFFERS) {
      this.#after(entry, () => this.#say(entry, 'decline', 'too many offers are waiting'));
      return [];
    }
    this.#entries.set(hex(row.id), entry);
    this.#after(entry, () => this.#welcome(entry));
    return [this.#put(entry)];
  }

  async #welcome(entry: Entry): Promise<void> {
    if (entry.row.state !== 'offered') return;
    this.#show(entry);
    await this.#judge(entry);
  }

  async #judge(entry: Entry): Promise<void> {
    const { user, id } = entry.row;
    if ((await this.#init.rules.accepts(user, contentBytes(entry.manifest))) && entry.row.state === 'offered')
      await this.accept(hex(id), undefined);
  }

  #answered(entry: Entry, from: DeviceAddress, answer: Extract<TransferContent, { type: 'answer' }>): Step[] {
    const { row } = entry;
    const { step } = answer;
    if (row.direction === 'out' && row.state === 'offered') {
      if (step === 'accept') return this.#accepted(entry, from, answer.candidates ?? []);
      if (step === 'decline') return this.#decided(entry, 'declined', declined(answer.reason));
      return [];
    }
    if (row.device !== from.device) {
      if (step === 'accept' && row.direction === 'out') this.#tooLate(entry, from);
      return [];
    }
    switch (step) {
      case 'accept':
        return this.#calledBy(entry, from, answer.candidates ?? []);
      case 'cancel':
        return OVER.has(row.state) ? [] : this.#decided(entry, 'failed', calledOff(answer.reason));
      case 'pause':
        return row.state === 'accepted' && row.paused === undefined ? this.#rested(entry) : [];
      case 'resume':
        return this.#calledBack(entry, answer.candidates ?? []);
      case 'done':
        return this.#told(entry, answer.sums);
      default:
        return [];
    }
  }

  #accepted(entry: Entry, from: DeviceAddress, candidates: readonly HostAddress[]): Step[] {
    entry.row = { ...entry.row, state: 'accepted', device: from.device, candidates: [...candidates] };
    this.#after(entry, () => {
      this.#show(entry);
      this.#start(entry);
    });
    return [this.#put(entry)];
  }

  /** Another device of theirs was first. */
  #tooLate(entry: Entry, { device }: DeviceAddress): void {
    const { row } = entry;
    const { send } = this.#init;
    const reason = 'another device accepted it first';
    this.#after(entry, () => send(row.user, { type: 'answer', transfer: row.id, step: 'cancel', device, reason }));
  }

  #answeredElsewhere(entry: Entry, step: string): Step[] {
    if (entry.row.direction !== 'in' || entry.row.state !== 'offered') return [];
    if (step !== 'accept' && step !== 'decline') return [];
    return this.#decided(entry, 'declined', elsewhere());
  }

  #decided(entry: Entry, state: 'failed' | 'declined', why: Failure): Step[] {
    entry.row = { ...entry.row, state, failure: plain(why) };
    entry.run?.stop();
    this.#after(entry, () => this.#show(entry));
    return [this.#put(entry)];
  }

  #rested(entry: Entry): Step[] {
    entry.row = { ...entry.row, paused: 'there' };
    entry.run?.stop();
    this.#after(entry, () => this.#show(entry));
    return [this.#put(entry)];
  }

  #calledBack(entry: Entry, candidates: readonly HostAddress[]): Step[] {
    const { paused, failure, ...row } = entry.row;
    const resumable = row.state === 'accepted' || row.state === 'failed';
    if (!resumable || row.device === undefined) return [];
    entry.row = { ...row, state: 'accepted', ...(paused === 'here' && { paused }), candidates: [...candidates] };
    this.#after(entry, () => {
      this.#show(entry);
      if (this.#isDue(entry)) this.#start(entry);
    });
    return [this.#put(entry)];
  }

  #calledBy(entry: Entry, from: DeviceAddress, candidates: readonly HostAddress[]): Step[] {
    const { row } = entry;
    if (row.device !== from.device || OVER.has(row.state)) {
      // They have not heard of the end.
      if (row.state === 'done' && row.direction === 'in') this.#after(entry, () => this.#say(entry, 'done'));
      return [];
    }
    const known = row.candidates.filter((one) => !candidates.some((next) => sameAddress(one, next)));
    entry.row = { ...row, candidates: [...candidates, ...known].slice(0, TRANSFER_CANDIDATES) };
    entry.run?.addCandidates(candidates);
    this.#after(entry, () => this.#start(entry));
    return [this.#put(entry)];
  }

  #told(entry: Entry, sums: readonly Uint8Array[] | undefined): Step[] {
    if (entry.row.direction !== 'out' || entry.row.state !== 'accepted') return [];
    entry.sums = sums ?? [];
    entry.onSums?.();
    // Where datagrams did not bring the news, this does.
    const { run } = entry;
    this.#after(entry, async () => {
      if (run !== undefined) await this.#within(run.ended, SUMS_WITHIN_MS);
      if (entry.row.state === 'accepted') await this.#finishOutgoing(entry);
      run?.stop();
    });
    return [];
  }

  // --- Running ---

  #isDue({ row, run, queued }: Entry): boolean {
    return row.state === 'accepted' && row.paused === undefined && run === undefined && queued !== true;
  }

  /** Lets the other side know where we are, and begins. */
  #callAndStart(entry: Entry): void {
    this.#start(entry);
    this.#later(entry, async () => this.#call(entry, await this.#init.sockets.local()));
  }

  async #call({ row }: Entry, candidates: readonly HostAddress[]): Promise<void> {
    await this.#init.send(row.user, { type: 'candidates', transfer: row.id, candidates: [...candidates] });
  }

  #start(entry: Entry): void {
    if (!this.#isDue(entry) || this.#init.scope.closed) return;
    entry.queued = true;
    this.#watchAddresses();
    const work = (): Promise<void> => this.#run(entry).catch((error) => this.#fail(entry, toFailure(error)));
    this.#init.scope.run(() => this.#queues[entry.row.direction].add(work));
  }

  async #run(entry: Entry): Promise<void> {
    const outcome = await this.#attempt(entry);
    if (outcome === 'stopped' || outcome === 'unreachable') {
      this.#show(entry);
      return;
    }
    if (entry.row.direction === 'out') {
      if (entry.sums === undefined) await this.#sums(entry);
      if (entry.row.state === 'accepted') await this.#finishOutgoing(entry);
      return;
    }
    const results = outcome.files.map(({ path, sha256 }) => ({ path, sha256 }));
    await this.#save(entry, { state: 'done', results });
    await this.#say(entry, 'done');
  }

  async #attempt(entry: Entry): Promise<Outcome> {
    const { sockets, clock, dial, scope } = this.#init;
    try {
      const transfers = await sockets.open();
      if (entry.row.direction === 'out') entry.source ??= await sourceAgain(entry.row);
      if (scope.closed || entry.row.state !== 'accepted' || entry.row.paused !== undefined) return 'stopped';
      const { row, manifest, source } = entry;
      const address = { user: row.user, device: row.device! };
      const run = new Run({
        ...{ row, manifest, source, transfers, clock },
        dial: () => dial(address, row.id),
        onChange: () => this.#show(entry),
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

  /** Where the two do not meet at once, the address which the directory saw may help. */
  #tellReflexive(entry: Entry, run: Run): void {
    this.#later(entry, async () => {
      const seen = await this.#init.sockets.reflexive();
      if (seen !== undefined && entry.run === run && !run.running) await this.#call(entry, [seen]);
    });
  }

  async #finishOutgoing(entry: Entry): Promise<void> {
    const results = entry.manifest.files.map((_file, index) => {
      const sum = entry.sums?.[index];
      return sum === undefined ? {} : { sha256: hex(sum) };
    });
    await this.#save(entry, { state: 'done', results });
  }

  /** The receiver's word on what it wrote comes a moment after its last datagram. */
  #sums(entry: Entry): Promise<unknown> {
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

  async #fail(entry: Entry, why: Failure): Promise<void> {
    if (OVER.has(entry.row.state) || this.#init.scope.closed) return;
    await this.#save(entry, { state: 'failed', failure: plain(why) });
    if (why.code !== 'transfer-cancelled') await this.#say(entry, 'cancel', why.message);
  }

  async #pause(entry: Entry, side: 'here' | 'there'): Promise<void> {
    entry.run?.stop();
    await this.#save(entry, { paused: side });
  }

  async #revive(entry: Entry): Promise<void> {
    const { paused: _, failure: __, ...row } = entry.row;
    entry.row = { ...row, state: 'accepted' };
    await this.#save(entry, {});
    this.#start(entry);
  }

  async #cancel(entry: Entry): Promise<void> {
    const { run } = entry;
    await this.#save(entry, { state: 'failed', failure: plain(cancelledHere()) });
    await run?.cancel();
  }

  // --- Small things ---

  #say(entry: Entry, step: Extract<TransferContent, { type: 'answer' }>['step'], reason?: string): Promise<unknown> {
    return this.#answerOf(entry, step, reason).then((answer) => this.#init.send(entry.row.user, answer));
  }

  async #answerOf(
    { row }: Entry,
    step: Extract<TransferContent, { type: 'answer' }>['step'],
    reason: string | undefined,
  ): Promise<TransferContent> {
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
  #later(entry: Entry, work: () => unknown): void {
    this.#init.scope.run(work, (error) => {
      if (toFailure(error).reason === 'unreachable' || this.#init.scope.closed) return;
      this.#init.scope.run(() => this.#fail(entry, toFailure(error)));
    });
  }

  #watchAddresses(): void {
    if (this.#watching) return;
    this.#watching = true;
    const { clock, scope, sockets } = this.#init;
    let cancel = (): void => {};
    scope.defer(() => cancel());
    const look = async (): Promise<void> => {
      const local = await sockets.local();
      const addresses = JSON.stringify(local);
      if (this.#addresses !== '' && this.#addresses !== addresses) {
        for (const entry of this.#entries.values()) if (entry.run !== undefined) await this.#call(entry, local);
      }
      this.#addresses = addresses;
      if (!scope.closed) cancel = clock.after(LOOK_AT_ADDRESSES_MS, () => scope.run(look, () => {}));
    };
    scope.run(look, () => {});
  }

  #view(entry: Entry): TransferEvent {
    const { progress, here = 0 } = entry.run ?? entry.lastRun ?? {};
    return viewOf(entry.row, entry.manifest, { running: entry.run?.running ?? false, progress, here });
  }

  #show(entry: Entry): void {
    const event = this.#view(entry);
    this.#init.emit(event);
    for (const follower of [...this.#followers]) follower(event);
  }

  #put({ row }: Entry): Step {
    return this.#init.tables.transfers.put(['all', row.order], row);
  }

  async #save(entry: Entry, change: Partial<TransferRow>): Promise<void> {
    entry.row = { ...entry.row, ...change };
    await this.#init.disk.write([this.#put(entry)]);
    this.#show(entry);
  }

  #countOffers(user: string): number {
    const waits = ({ row }: Entry): boolean =>
      row.direction === 'in' && row.state === 'offered' && foldName(row.user) === foldName(user);
    return [...this.#entries.values()].filter(waits).length;
  }

  #newestOffer(): Entry {
    const waits = ({ row }: Entry): boolean => row.direction === 'in' && row.state === 'offered';
    const offer = [...this.#entries.values()].filter(waits).at(-1);
    if (offer !== undefined) return offer;
    throw new Failure('unknown', 'transfer-unknown', 'nobody is offering anything now', { hint: LIST_HINT });
  }

  #find(id: string): Entry {
    const wanted = id.toLowerCase();
    const found = [...this.#entries.entries()].filter(([key]) => key.startsWith(wanted));
    if (found.length === 1) return found[0]![1];
    const many = found.length > 1;
    throw new Failure(
      many ? 'usage' : 'unknown',
      many ? 'transfer-ambiguous' : 'transfer-unknown',
      many ? `several transfers begin with ${cleanLine(id, 40)}` : `there is no transfer ${cleanLine(id, 40)}`,
      { hint: LIST_HINT },
    );
  }

  async #prune(): Promise<void> {
    const over = [...this.#entries.entries()].filter(([, { row }]) => OVER.has(row.state));
    const steps: Step[] = [];
    for (const [id, { row }] of over.slice(0, Math.max(0, over.length - KEPT))) {
      this.#entries.delete(id);
      steps.push(this.#init.tables.transfers.remove(['all', row.order]));
    }
    if (steps.length > 0) await this.#init.disk.write(steps);
  }

  /** What runs goes on in the next program. */
  async close(): Promise<void> {
    await this.#players.close();
    for (const { run } of this.#entries.values()) run?.stop();
    for (const queue of Object.values(this.#queues)) queue.clear();
    await this.#init.sockets.close();
  }
}

const LIST_HINT = '/transfers lists them (p2pchat transfers).';

async function describeFor(paths: readonly string[], { video = false }: OfferOptions): Promise<Source> {
  const source = await sourceOf(paths);
  if (!video || source.files.length === 1) return source;
  throw new Failure('usage', 'video-one', 'a video is one file', { hint: 'Send several files with /p2pfile.' });
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

const plain = ({ code, message, hint }: Failure) => ({
  code: code.slice(0, 64),
  message: cleanLine(message),
  hint: cleanLine(hint),
});

const declined = (reason: string | undefined): Failure =>
  new Failure('transfer', 'transfer-declined', `it was declined${because(reason)}`);
const calledOff = (reason: string | undefined): Failure =>
  new Failure('transfer', 'transfer-cancelled', `the other side called it off${because(reason)}`);
const cancelledHere = (): Failure => new Failure('transfer', 'transfer-cancelled', 'it was cancelled here');
const elsewhere = (): Failure =>
  new Failure('transfer', 'transfer-elsewhere', 'another device of yours has answered it');

const because = (reason: string | undefined): string => (reason === undefined ? '' : `: ${cleanLine(reason)}`);

const notOpen = (what: string): Failure =>
  new Failure('usage', 'transfer-not-offered', `that is no offer which could be ${what} now`, { hint: LIST_HINT });
const isOver = (state: string): Failure =>
  new Failure('usage', 'transfer-over', `that transfer is over (${state})`, { hint: LIST_HINT });
const notBegun = (): Failure =>
  new Failure('usage', 'transfer-not-begun', 'that transfer has not been accepted yet', { hint: LIST_HINT });
const notPlayable = (): Failure =>
  new Failure('usage', 'transfer-not-playable', 'nothing of that has come here', {
    hint: 'Accept it first; what arrives can then be played.',
  });
