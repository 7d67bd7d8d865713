import type { Clock } from '../../base/clock.js';
import { Failure, toFailure } from '../../base/errors.js';
import type { Scope } from '../../base/scope.js';
import type { LocalStore } from '../../store/local.js';
import { DEVICES_PER_ACCOUNT } from '../../wire/limits.js';
import { foldName } from '../../wire/names.js';
import type { HistoryCursor, PeerMethods } from '../../wire/peer-link.js';
import type { Params, Result } from '../../wire/rpc.js';
import type { HistoryEvent } from '../api/events.js';
import type { HandOverApi, HistoryWish } from '../api/hand-over.js';
import type { HandOverRow } from '../storage/hand-over-row.js';
import type { Tables } from '../storage/tables.js';
import { Consents } from './consents.js';
import { recordsOf } from './frames.js';
import { pageOf } from './give.js';
import { markNow } from './mark.js';
import { HistoryMerge, type MergeInit } from './merge.js';
import { speaking } from './record.js';

/** A link to another device, as far as handing over needs it. */
export interface HistoryLink {
  readonly device: string;
  readonly certificate: { readonly user: string };
  request(
    method: 'history.read',
    params: Params<PeerMethods, 'history.read'>,
  ): Promise<Result<PeerMethods, 'history.read'>>;
  allowHistory(): void;
  /** These devices may have what is kept here, says the person. */
  tellConsents(devices: readonly string[]): void;
}

export interface HandOverInit
  extends Pick<MergeInit, 'history' | 'enqueue' | 'learnContact' | 'learnPreferences' | 'keysCame'> {
  readonly self: { readonly user: string; readonly device: string };
  readonly directory: string;
  readonly tables: Tables;
  readonly disk: LocalStore;
  readonly clock: Clock;
  readonly scope: Scope;
  /** The links to other devices of this account, dialled where there are none. */
  links(): Promise<readonly HistoryLink[]>;
  /** What a device of this account is called. */
  nameOf(device: string): string;
  /** A conversation has been brought together. */
  settled(conversation: string): Promise<void>;
  emit(event: HistoryEvent): void;
  report(error: unknown): void;
}

/** So often a device that waits for history looks whether another one of the account is there. */
const SEEK_EVERY_MS = 15_000;
/** Progress is told of so often. */
const TOLD_EVERY_MS = 2_000;

/**
 * History from one device of an account to another, whenever two of them meet:
 *
 * 1. A device that wants it asks over the link for what the other one has written since they last met.
 * 2. The first time, the other one tells its person, who allows it or does not answer: the password alone gets nothing.
 * 3. Then it comes piece by piece, the newest lines first, and each piece is merged as a backup is: by ids, so that
 *    nothing comes twice and nothing that has gone comes back.
 * 4. How far it has come is written with every piece: broken off, it goes on from there.
 *
 * Each device is asked for itself. A keeper has nobody in front of it: there, what the person allows on a device that the
 * keeper has allowed counts, too. So it gives to a new device while the one that allowed it is off.
 */
export class HandOver implements HandOverApi {
  readonly #init: HandOverInit;
  readonly #taking = new Map<string, Promise<void>>();
  /** Devices whose wish was told of in this run. */
  readonly #told = new Set<string>();
  /** Over these it has given all, or said that it may not. */
  #answered = new WeakSet<HistoryLink>();
  #seeking: (() => void) | undefined;
  readonly #consents: Consents;
  #heeds = false;
  /** Over these it has been told who may have what is kept here. */
  readonly #consented = new WeakSet<HistoryLink>();

  constructor(init: HandOverInit) {
    this.#init = init;
    this.#consents = new Consents(init);
    init.scope.defer(() => this.#seeking?.());
  }

  /** What this device asks the others for. */
  async wish(): Promise<HistoryWish | undefined> {
    return this.#init.tables.wishes.get('self');
  }

  /** Also of what was not wanted before: every device is asked from the beginning. */
  async want(wish: HistoryWish): Promise<void> {
    const { tables, disk } = this.#init;
    this.#answered = new WeakSet();
    await this.idle();
    const steps = [tables.wishes.put(['self'], wish)];
    for await (const { device } of tables.handOvers.range([])) steps.push(tables.handOvers.remove([device]));
    await disk.write(steps);
    this.seek();
  }

  /** A device of this account may have what is kept here. */
  async allow(device: string): Promise<void> {
    await this.#consents.set(device, true);
    this.#tell(device, 'allowed');
    for (const link of await this.#links()) {
      if (link.device === device) link.allowHistory();
      else if (await this.#consents.isAllowed(link.device)) link.tellConsents([device]);
    }
  }

  consents(): Promise<readonly string[]> {
    return this.#consents.all('allowed');
  }

  heed(): void {
    this.#heeds = true;
  }

  /** A device that may have all of it says who else may. */
  async consented(devices: readonly string[], link: HistoryLink): Promise<void> {
    if (!this.#heeds || !this.#isOwn(link) || (await this.#consents.isAllowed(link.device)) !== true) return;
    for (const device of devices) {
      if (device !== this.#init.self.device && !(await this.#consents.isAllowed(device))) await this.allow(device);
    }
  }

  /** Tells again of who waits for an answer. */
  async tell(): Promise<void> {
    for (const device of await this.#consents.all('waiting')) this.#tell(device, 'asked');
  }

  /** Looks for other devices of this account, now and then as long as this one wants history. */
  seek(): void {
    const { scope, clock, report } = this.#init;
    this.#seeking?.();
    this.#seeking = undefined;
    scope.run(async () => {
      const wish = await this.wish();
      if (wish === undefined || wish.history === 'none') return;
      for (const link of await this.#init.links()) this.met(link);
      this.#seeking?.();
      if (!scope.closed) this.#seeking = clock.after(SEEK_EVERY_MS, () => this.seek());
    }, report);
  }

  /** The device at the other end gives what it keeps from now on. */
  async allowed(link: HistoryLink): Promise<void> {
    // It may just be answering that it does not.
    await this.#taking.get(link.device);
    this.#answered.delete(link);
    this.met(link);
  }

  /** There is a link to a device. Over one link it is asked once: what is new from then on comes by itself. */
  met(link: HistoryLink): void {
    if (!this.#isOwn(link)) return;
    this.#init.scope.run(() => this.#passOn(link), this.#init.report);
    if (this.#taking.has(link.device) || this.#answered.has(link)) return;
    const answered = this.#answered;
    const taking = this.#take(link, () => answered === this.#answered)
      .then(() => {
        answered.add(link);
      })
      .catch((error: unknown) => {
        // A program of before has no such request; one that is gone is met again.
        const failure = toFailure(error);
        if (failure.code === 'method-unknown') answered.add(link);
        else if (failure.reason !== 'unreachable') this.#init.report(error);
      })
      .finally(() => this.#taking.delete(link.device));
    this.#taking.set(link.device, taking);
  }

  /** Resolves when nothing is being taken any more. */
  async idle(): Promise<void> {
    await Promise.all(this.#taking.values());
  }

  /** Another device asks. @throws Failure denied 'not-permitted' */
  async read(
    params: Params<PeerMethods, 'history.read'>,
    link: HistoryLink,
  ): Promise<Result<PeerMethods, 'history.read'>> {
    if (!this.#isOwn(link)) throw new Failure('not-permitted', 'History is for devices of the same account.');
    const { tables } = this.#init;
    const { device } = link;
    const isAllowed = await this.#consents.isAllowed(device);
    if (isAllowed !== true) {
      if (isAllowed === undefined) await this.#consents.set(device, false);
      if (!this.#told.has(device)) this.#tell(device, 'asked');
      this.#told.add(device);
      return {};
    }
    const { since, at } = params;
    const mark = at === undefined ? await markNow(this.#init) : undefined;
    const page = await pageOf(tables, speaking(this.#init), params);
    // What is small is not worth a word each time the two meet.
    if (at === undefined && (since === 0 || page.next)) this.#tell(device, 'giving');
    if (page.next === undefined && (since === 0 || at)) this.#tell(device, 'given');
    return { ...page, ...(mark !== undefined && { mark }) };
  }

  /** @param isWanted whether nothing else has been wished since */
  async #take(link: HistoryLink, isWanted: () => boolean): Promise<void> {
    const wish = await this.wish();
    if (wish === undefined || wish.history === 'none') return;
    const { clock, tables, disk, history, enqueue, learnContact, learnPreferences, keysCame } = this.#init;
    const from = wish.seconds === undefined ? {} : { from: Math.max(0, clock.now() - wish.seconds * 1_000) };
    let row = await this.#resumed(await this.#row(link.device));
    const merge = new HistoryMerge({
      ...{ tables, disk, history, enqueue, learnContact, learnPreferences, ...(keysCame && { keysCame }) },
      fresh: false,
      now: () => clock.now(),
      settled: this.#init.settled,
    });
    if (row.at !== undefined && row.at.stage !== 'state') await this.#heads(link, row.since, merge);
    let told = Number.NEGATIVE_INFINITY;
    for (let before = 0; ; ) {
      const answer = await link.request('history.read', { since: row.since, ...from, ...(row.at && { at: row.at }) });
      if (answer.piece === undefined) return this.#tell(link.device, 'waiting');
      const records = recordsOf(answer.piece);
      if (records === undefined) throw new Failure('malformed', 'a piece of history is not as agreed');
      for (const record of records) await merge.take(record);
      const { next, mark = row.mark } = answer;
      const isOver = next === undefined;
      // Of a conversation that goes on in the next piece, the order is known when it is whole.
      await merge.settle(next?.stage === 'lines' ? next.conversation : undefined);
      const lines = row.lines + merge.counts.added - before;
      before = merge.counts.added;
      const { at: _, mark: __, ...kept } = row;
      row = isOver
        ? { ...kept, lines, since: mark ?? row.since }
        : { ...kept, lines, at: next, ...(mark !== undefined && { mark }) };
      if (!isWanted()) return;
      // Lines that wait for their place are asked for again, so that it is known.
      if (!merge.waits) await this.#save(row);
      const { added, changed } = merge.counts;
      if (isOver) return added + changed > 0 ? this.#tell(link.device, 'done', lines) : undefined;
      if (clock.monotonic() - told < TOLD_EVERY_MS) continue;
      this.#tell(link.device, 'taking', lines);
      told = clock.monotonic();
    }
  }

  /** What was said of conversations before it was broken off: at the end, read marks are judged by it. */
  async #heads(link: HistoryLink, since: number, merge: HistoryMerge): Promise<void> {
    let at: HistoryCursor | undefined;
    do {
      const { piece, next } = await link.request('history.read', { since, ...(at && { at }) });
      const records = piece === undefined ? [] : (recordsOf(piece) ?? []);
      for (const record of records) await merge.note(record);
      at = next;
    } while (at?.stage === 'state');
  }

  /** Those that may not have it needn't know who may. */
  async #passOn(link: HistoryLink): Promise<void> {
    if (this.#consented.has(link) || !(await this.#consents.isAllowed(link.device))) return;
    this.#consented.add(link);
    const others = (await this.#consents.all('allowed')).filter((device) => device !== link.device);
    if (others.length > 0) link.tellConsents(others.slice(0, DEVICES_PER_ACCOUNT));
  }

  /** Whoever can't be reached now hears it when the two meet. */
  #links(): Promise<readonly HistoryLink[]> {
    return this.#init.links().catch((error: unknown) => {
      this.#init.report(error);
      return [];
    });
  }

  #isOwn({ certificate, device }: HistoryLink): boolean {
    const { self } = this.#init;
    return foldName(certificate.user) === foldName(self.user) && device !== self.device;
  }

  async #row(device: string): Promise<HandOverRow> {
    return (await this.#init.tables.handOvers.get(device)) ?? { device, since: 0, lines: 0 };
  }

  /** Where lines have to be put in order with those that are here, all of their conversation are looked at once more. */
  async #resumed({ at, ...row }: HandOverRow): Promise<HandOverRow> {
    if (at === undefined || at.stage !== 'lines' || at.conversation === undefined) return at ? { ...row, at } : row;
    const { adopted } = await this.#init.history.head(at.conversation);
    const { below: _, ...beginning } = at;
    return { ...row, at: adopted?.device === row.device ? at : beginning };
  }

  async #save(row: HandOverRow): Promise<void> {
    await this.#init.disk.write([this.#init.tables.handOvers.put([row.device], row)]);
  }

  #tell(device: string, state: HistoryEvent['state'], lines?: number): void {
    const name = this.#init.nameOf(device);
    this.#init.emit({
      ...{ event: 'account', change: 'history', state, device: { id: device, name } },
      ...(lines !== undefined && { lines }),
    });
  }
}
