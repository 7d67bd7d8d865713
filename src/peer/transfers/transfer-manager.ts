import { isAbsolute } from 'node:path';
import type { Duplex } from 'node:stream';
import { hex } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import { Failure, hasCode, toFailure } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import type { Scope } from '../../base/scope.js';
import type { LocalStore } from '../../store/local.js';
import type { TransferContent } from '../../wire/content.js';
import type { DeviceAddress } from '../../wire/directory.js';
import type { DirectoryRequest } from '../../wire/directory-request.js';
import { foldName } from '../../wire/names.js';
import { cleanLine } from '../../wire/text.js';
import { contentBytes } from '../../wire/transfer-manifest.js';
import type { PeerEvent, TransferEvent } from '../api/events.js';
import type { OfferOptions, Playing } from '../api/peer.js';
import type { Transaction } from '../messaging/transaction.js';
import type { RelayTokens } from '../network/relay-tokens.js';
import type { Tables } from '../storage/tables.js';
import type { AcceptRules } from './accept-rules.js';
import { DepositRun } from './deposit-run.js';
import { Deposits } from './deposits.js';
import { assertRoom } from './disk-space.js';
import { LastWords } from './last-words.js';
import { Offers, type OffersInit } from './offers.js';
import { cancelledHere, isCalledOff, reasonOf } from './outcomes.js';
import { PathMemory } from './path-memory.js';
import { Players } from './players.js';
import { RateSettings } from './rate-settings.js';
import { Scheduler } from './scheduler.js';
import type { Seeds } from './seeds.js';
import { Signalling } from './signalling.js';
import type { TransferEndpoint } from './transfer-endpoint.js';
import { notBegun, notOpen, notPlayable, over, pausedThere } from './transfer-failures.js';
import { canResume, isOffer, isOver, plain, type TransferEntry, TransferStore } from './transfer-store.js';

export interface TransferManagerInit extends Pick<OffersInit, 'isAway' | 'trouble'> {
  readonly tables: Tables;
  readonly disk: LocalStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly scope: Scope;
  readonly self: DeviceAddress;
  readonly rules: AcceptRules;
  readonly sockets: TransferEndpoint;
  readonly relays: RelayTokens;
  readonly seeds: Seeds;
  /** The person's name as registered, ready to be written to. */
  enter(to: string): Promise<string>;
  /** The others who are in a group, and its name as its maker wrote it. @throws Failure as `GroupQueries.others` does */
  members(group: string): Promise<{ readonly group: string; readonly users: readonly string[] }>;
  /** `#name`, where that person and this one are both in it. */
  sharedGroup(group: string, user: string): string | undefined;
  /** Resolves with the message's id when it is on disk. */
  send(user: string, content: TransferContent): Promise<Uint8Array>;
  /** Resolves when a device or the mailbox of the receiver has it. */
  reached(message: Uint8Array): Promise<void>;
  /** A connection of its own for a transfer; undefined where the device does not answer. */
  dial(address: DeviceAddress, id: Uint8Array): Promise<Duplex | undefined>;
  /** Whether the device is there, as far as the directory knows. */
  isThere(address: DeviceAddress): Promise<boolean>;
  /** The host from which that device has a link to this one. */
  linkedFrom(device: string): string | undefined;
  readonly directoryId: string;
  readonly request: DirectoryRequest;
  isOnline(): boolean;
  isWatched(): boolean;
  emit(event: PeerEvent): void;
  tell(event: PeerEvent): Promise<boolean>;
}

/** From one person, of those that were taken without asking; what is beyond stays an offer. */
const UNASKED_AT_ONCE = 64;

/** All transfers of a peer: what was offered and accepted is kept on disk and goes on until it is done or called off. */
export class TransferManager {
  readonly speeds: RateSettings;
  readonly seeds: Seeds;
  readonly #init: TransferManagerInit;
  readonly #entries: TransferStore;
  readonly #running: Scheduler;
  readonly #deposits: Deposits;
  readonly #offers: Offers;
  readonly #answers: Signalling;
  readonly #players: Players;
  readonly #lastWords: LastWords;
  #judged: Promise<unknown> = Promise.resolve();

  constructor(init: TransferManagerInit) {
    this.#init = init;
    const { tables, disk, clock, scope, sockets, relays, emit, tell, send, dial, isThere, linkedFrom } = init;
    const { directoryId, request } = init;
    this.#players = new Players(init.random);
    this.#lastWords = new LastWords(clock);
    this.seeds = init.seeds;
    this.speeds = new RateSettings(tables, disk);
    this.#entries = new TransferStore({ tables, disk, emit, tell, isWatched: () => init.isWatched() });
    const entries = this.#entries;
    entries.follow(({ id, state, error }) => {
      if (state === 'failed' && isCalledOff(error)) init.scope.run(() => this.#players.end(id));
    });
    const speed = () => this.speeds.get();
    const paths = new PathMemory({ tables, disk, clock });
    this.#running = new Scheduler({
      ...{ entries, clock, scope, sockets, relays, send, dial, isThere, linkedFrom, speed, paths },
      fetch: ({ row, manifest }) =>
        new DepositRun({
          ...{ row, manifest, clock, request, directoryId },
          onChange: () => {
            const entry = entries.get(row.id);
            if (entry) entries.show(entry);
          },
        }),
      taken: ({ row: { deposit } }, said) => {
        if (deposit === undefined) return;
        this.#lastWords.add(said.then((message) => init.reached(message)));
        this.#lastWords.add(said.then(() => request('deposits.taken', { deposit: deposit.id })));
      },
    });
    this.#deposits = new Deposits({
      ...{ entries, disk, clock, random: init.random, scope, directoryId, request, send },
      isOnline: () => init.isOnline(),
      reached: (message) => init.reached(message),
      callOff: (entry, why) => this.#running.say(entry, 'cancel', reasonOf(why)),
    });
    this.#offers = new Offers({
      ...{ entries, deposits: this.#deposits, disk, clock, random: init.random, scope, sockets, send },
      ...{ enter: init.enter, members: init.members, isAway: init.isAway, trouble: init.trouble },
    });
    this.#answers = new Signalling({
      ...{ entries, send, self: init.self, running: this.#running, seeds: init.seeds },
      now: () => clock.now(),
      sharedGroup: (group, user) => init.sharedGroup(group, user),
      welcome: (entry) => this.#welcome(entry),
    });
  }

  get sockets(): TransferEndpoint {
    return this.#init.sockets;
  }

  async load(): Promise<void> {
    await Promise.all([this.#entries.load(), this.seeds.load()]);
  }

  /** Takes up what was under way when the last program ended. */
  resume(): void {
    this.#running.resume();
  }

  /** A person is here again. */
  peerIsBack(user: string): void {
    for (const entry of this.#entries.all())
      if (foldName(entry.row.user) === foldName(user)) this.#running.callAndStart(entry);
  }

  follow(listener: (event: TransferEvent) => void): () => void {
    return this.#entries.watch(listener);
  }

  list(): TransferEvent[] {
    return this.#entries.all().map((entry) => this.#entries.view(entry));
  }

  /** For whoever begins to watch: what has ended meanwhile, and offers nobody has answered yet. */
  async tell(): Promise<void> {
    await this.#entries.tellUnseen();
    for (const entry of this.#entries.all()) if (isOffer(entry)) this.#init.emit(this.#entries.view(entry));
  }

  /** Offers which came before it was said whose are accepted. */
  welcomeWaiting(): void {
    for (const entry of this.#entries.all()) if (isOffer(entry)) this.#running.later(entry, () => this.#judge(entry));
  }

  /** The address is opened before anybody asks, so that the first transfer finds it: its thread needs a tenth of a second. */
  warm(): void {
    this.#init.scope.run(
      () => this.#init.sockets.open(),
      () => {},
    );
  }

  offer(to: string, paths: readonly string[], options: OfferOptions): Promise<TransferEvent> {
    this.warm();
    return this.#offers.toPerson(to, paths, options);
  }

  /** To each of the others in a group, one transfer each. */
  offerToGroup(name: string, paths: readonly string[], options: OfferOptions): Promise<TransferEvent[]> {
    this.warm();
    return this.#offers.toGroup(name, paths, options);
  }

  async leave(id: string): Promise<TransferEvent> {
    const entry = this.#entries.find(id);
    await this.#deposits.leave([entry]);
    return this.#entries.view(entry);
  }

  directoryIsBack(): void {
    this.#deposits.online();
    this.#running.directoryIsBack();
  }

  async reached(id: string): Promise<void> {
    const { row, message } = this.#entries.find(id);
    if (message !== undefined && row.state === 'offered') await this.#init.reached(message);
  }

  async accept(id: string | undefined, folder: string | undefined, unasked = false): Promise<TransferEvent> {
    const entry = id === undefined ? this.#entries.newestOffer() : this.#entries.find(id);
    if (!isOffer(entry)) throw notOpen('accepted');
    const where = folder ?? this.#init.rules.folder;
    if (!isAbsolute(where)) throw new Failure('folder-relative');
    await assertRoom(where, contentBytes(entry.manifest), { taken: this.#expected(), unasked });
    if (!isOffer(entry)) throw notOpen('accepted');
    await this.#entries.save(entry, { state: 'accepted', folder: where });
    this.#running.later(entry, () => this.#running.say(entry, 'accept'));
    this.#running.start(entry);
    return this.#entries.view(entry);
  }

  /** What is still to come of other transfers, by folder. */
  #expected(): { readonly folder: string; readonly bytes: number }[] {
    const coming = this.#entries.all().filter(({ row, run }) => row.direction === 'in' && run !== undefined);
    return coming.map(({ row, run, manifest }) => ({ folder: row.folder!, bytes: contentBytes(manifest) - run!.here }));
  }

  async decline(id: string | undefined): Promise<TransferEvent> {
    const entry = id === undefined ? this.#entries.newestOffer() : this.#entries.find(id);
    if (!isOffer(entry)) throw notOpen('declined');
    // Said first: it is asked about once more, rather than kept from the sender, if this is the end of the program.
    try {
      await this.#running.say(entry, 'decline');
    } finally {
      await this.#entries.save(entry, { state: 'declined' });
    }
    return this.#entries.view(entry);
  }

  async control(id: string, step: 'pause' | 'resume' | 'cancel'): Promise<TransferEvent> {
    const entry = this.#entries.find(id);
    const { state, device, direction } = entry.row;
    if (step === 'cancel') {
      if (isOver(entry) && !canResume(entry)) throw over(state);
      await this.#cancel(entry);
      // An offer which is not answered is declined by this.
      if (device !== undefined || direction === 'out') await this.#running.say(entry, step);
      return this.#entries.view(entry);
    }
    if (step === 'pause') await this.#pause(entry);
    else await this.#revive(entry);
    await this.#running.say(entry, step);
    return this.#entries.view(entry);
  }

  async #pause(entry: TransferEntry): Promise<void> {
    const { state, paused } = entry.row;
    if (isOver(entry)) throw over(state);
    if (state !== 'accepted') throw notBegun();
    entry.run?.stop();
    await this.#entries.save(entry, { paused: paused === 'there' || paused === 'both' ? 'both' : 'here' });
  }

  /** What failed is tried once more; what was cancelled is not: what had come is gone. */
  async #revive(entry: TransferEntry): Promise<void> {
    const { state, paused, user } = entry.row;
    const failed = canResume(entry);
    if (isOver(entry) && !failed) throw over(state);
    if (state !== 'accepted' && !failed) throw notBegun();
    if (paused === 'there') throw pausedThere(user);
    const { paused: _, failure: __, ...row } = entry.row;
    entry.row = { ...row, state: 'accepted', ...(paused === 'both' && { paused: 'there' }) };
    await this.#entries.save(entry, {});
    this.#running.start(entry);
  }

  async #cancel(entry: TransferEntry): Promise<void> {
    await this.#entries.save(entry, { state: 'failed', failure: plain(cancelledHere()) });
    await this.#running.discard(entry);
  }

  async play(id: string, file: number): Promise<Playing> {
    const entry = this.#entries.find(id);
    const { row, manifest } = entry;
    if (row.direction !== 'in' || !['accepted', 'done'].includes(row.state)) throw notPlayable();
    const key = hex(row.id);
    const url = await this.#players.serve(key, {
      ...{ manifest, file },
      incoming: () => (entry.run ?? entry.lastRun)?.incoming,
      results: () => entry.row.results,
      onChange: (listener) => this.#entries.follow((event) => event.id === key && listener()),
    });
    return { id: key, url, name: cleanLine(manifest.files[file]?.path ?? '') };
  }

  /** A connection for a transfer came in. @returns whether it was taken */
  takeStream(from: DeviceAddress, id: Uint8Array, stream: Duplex): boolean {
    const entry = this.#entries.get(id);
    if (entry?.run === undefined || entry.row.device !== from.device) return false;
    entry.run.attachStream(stream);
    return true;
  }

  take(user: string, from: DeviceAddress, content: TransferContent, tx: Transaction): void {
    this.#answers.take(user, from, content, tx);
  }

  async #welcome(entry: TransferEntry): Promise<void> {
    if (!isOffer(entry)) return;
    this.#entries.show(entry);
    await this.#judge(entry);
  }

  /** One after another, so that each finds what those before it have used up. */
  #judge(entry: TransferEntry): Promise<void> {
    const judged = this.#judged.then(() => this.#takeUnasked(entry));
    this.#judged = judged.catch(() => {});
    return judged;
  }

  /** Takes what may be taken without asking. What has no room on the disk stays an offer, and is told. */
  async #takeUnasked(entry: TransferEntry): Promise<void> {
    const { rules, emit } = this.#init;
    const { user, id } = entry.row;
    const { manifest } = entry;
    if (this.#entries.underWayFrom(user) >= UNASKED_AT_ONCE) return;
    if (!(await rules.accepts(user, manifest)) || !isOffer(entry)) return;
    try {
      await this.accept(hex(id), undefined, true);
      await rules.spend(user, manifest);
    } catch (error) {
      if (!hasCode(error, 'disk-full')) throw error;
      const { code, message, hint } = toFailure(error);
      emit({ event: 'error', code, message: `the offer of ${user} was not taken: ${message}`, hint });
    }
  }

  /** What runs goes on in the next program. */
  async close(): Promise<void> {
    await this.#lastWords.close();
    await this.#players.close();
    this.#deposits.close();
    this.#running.close();
    await this.#init.sockets.close();
  }
}
