import PQueue from 'p-queue';
import { hex, sameBytes } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import { Failure, hasCode, toFailure } from '../../base/errors.js';
import { Queues } from '../../base/queues.js';
import type { Random } from '../../base/random.js';
import type { Scope } from '../../base/scope.js';
import { createDropKeys } from '../../crypto/guest-drops.js';
import { guestFileKey, sealGuestBlock } from '../../crypto/guest-links.js';
import type { LocalStore } from '../../store/local.js';
import type { DirectoryRequest } from '../../wire/directory-request.js';
import { GUEST_SECRET_BYTES } from '../../wire/guest-seal.js';
import type { GuestLinkView } from '../../wire/guests.js';
import { DEPOSIT_BLOCK_BYTES } from '../../wire/limits.js';
import type { CollectTerms, GuestEvent, GuestsApi, GuestTerms } from '../api/guests.js';
import type { GuestRow } from '../storage/guest-row.js';
import type { Tables } from '../storage/tables.js';
import { inWindow } from '../transfers/window.js';
import { blocksOf, changed, contentAt } from './content.js';
import { Drops, isToCome } from './drops.js';
import { Laying } from './laying.js';
import { unlessUnknown, unlessUnreachable, unlessUnsupported } from './refusals.js';
import { GuestRows } from './rows.js';
import { assertTerms, DEFAULT_COUNT, DEFAULT_SECONDS, DEFAULT_SIZE, fitting, termsOf } from './terms.js';
import { linkOf, strangeView, viewOf } from './view.js';

export interface GuestsInit {
  readonly tables: Tables;
  readonly disk: LocalStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly scope: Scope;
  readonly user: string;
  readonly request: DirectoryRequest;
  isOnline(): boolean;
  /** Somebody hears what is told. */
  isWatched(): boolean;
  emit(event: GuestEvent): void;
  report(error: unknown): void;
  /** Where what guests hand in goes. */
  folder(): string;
}

const RETRY_MS = 2_000;

/**
 * Links for guests that were made here. What lies behind one is sealed under a secret that stands in the link and nowhere
 * else; the directory holds it, counts the visits, and says when something about a link has changed. Of that each is told
 * once, to whoever watches next.
 */
export class Guests implements GuestsApi {
  readonly #init: GuestsInit;
  readonly #rows: GuestRows;
  readonly #laying = new Map<string, Laying>();
  readonly #followers = new Set<(event: GuestEvent) => void>();
  /** One is laid down after the other; and what the directory tells is compared one time after the other. */
  readonly #turn = new PQueue({ concurrency: 1 });
  readonly #looks = new Queues();
  readonly #fetching = new Set<string>();
  readonly #drops: Drops;

  constructor(init: GuestsInit) {
    this.#init = init;
    const rows = new GuestRows(init.tables, init.disk);
    this.#rows = rows;
    this.#drops = new Drops({
      ...{ ...init, rowOf: (id) => rows.get(id), tell: (event) => this.#tell(event) },
      taken: (id, visit) => rows.change(id, ({ taken = [] }) => ({ taken: [...taken, visit] })),
    });
  }

  /** What an earlier program began. */
  async load(): Promise<void> {
    await this.#rows.load();
    for (const row of this.#rows.all()) {
      if (row.url !== undefined) continue;
      if (row.kind === 'share') this.#laying.set(hex(row.id), new Laying(this.#init.clock));
      // Nobody was given this link.
      else await this.#rows.forget(row);
    }
  }

  /** The directory can be reached (again). */
  resume(): void {
    for (const id of this.#laying.keys()) this.#start(id);
    this.look();
  }

  /** Something about a link may have changed, or somebody watches now. */
  look(): void {
    const { scope, report } = this.#init;
    scope.run(() => this.tell(), report);
  }

  /** Tells what is new of the links. */
  tell(): Promise<void> {
    return this.#looks.take('', () => this.#compare());
  }

  // --- What a person does ---

  async share(path: string, { count = DEFAULT_COUNT, seconds = DEFAULT_SECONDS }: GuestTerms): Promise<GuestEvent> {
    const { random, clock, isOnline } = this.#init;
    assertTerms(count, seconds);
    const { name, size, stamp } = await contentAt(path);
    const row: GuestRow = {
      ...{ id: random.bytes(16), kind: 'share', name, size, count },
      ...{ secret: random.bytes(GUEST_SECRET_BYTES), source: { path, stamp } },
      ...{ lasts: 1_000 * seconds, at: clock.now(), told: { used: 0, done: 0 } },
    };
    // What doesn't fit is said at once.
    if (isOnline()) await this.#begin(row).catch(unlessUnreachable);
    await this.#rows.keep(row);
    this.#laying.set(hex(row.id), new Laying(clock));
    const event = viewOf(row, 'laying');
    this.#tell(event);
    this.#start(hex(row.id));
    return event;
  }

  async collect(name: string, { count = DEFAULT_COUNT, seconds = DEFAULT_SECONDS, size = DEFAULT_SIZE }: CollectTerms) {
    const { random, clock, request, user } = this.#init;
    assertTerms(count, seconds, size);
    const keys = await createDropKeys(random);
    const row: GuestRow = {
      ...{ id: random.bytes(16), kind: 'collect', name: fitting(name), secret: random.bytes(GUEST_SECRET_BYTES) },
      ...{ keys, size, count, lasts: 1_000 * seconds, at: clock.now(), told: { used: 0, done: 0 } },
    };
    // Kept first: what is handed in opens with these keys alone.
    await this.#rows.keep(row);
    try {
      const { publicKey: key } = keys;
      const answer = await request('guests.collect', { ...termsOf(row, user, random), size, key }).catch(
        unlessUnsupported,
      );
      await this.#rows.keep({ ...row, ...answer });
      const event = this.#view({ ...row, ...answer }, undefined);
      this.#tell(event);
      return event;
    } catch (error) {
      await this.#rows.forget(row);
      throw error;
    }
  }

  async ready(id: string): Promise<GuestEvent> {
    const laying = this.#laying.get(id);
    if (laying !== undefined) return laying.ready;
    const row = this.#rows.get(id);
    if (row === undefined) throw new Failure('guest-link-unknown');
    return this.#view(row, undefined);
  }

  async list(): Promise<readonly GuestEvent[]> {
    const links = await this.#links();
    const known = new Map(links?.map((link) => [hex(link.link), link]));
    const own = this.#rows.all().map((row) => this.#view(row, known.get(hex(row.id))));
    // What was ended is remembered for guests, not for its maker.
    const others = [...known].filter(([id, { state }]) => this.#rows.get(id) === undefined && state !== 'ended');
    return [...own, ...others.map(([, link]) => strangeView(link))];
  }

  async end(id: string): Promise<GuestEvent> {
    const found = (await this.list()).filter((one) => one.id.startsWith(id.toLowerCase()));
    if (found.length !== 1) throw new Failure('guest-link-unknown');
    const { link: _gone, ...one } = found[0]!;
    const row = this.#rows.get(one.id);
    this.#laying.get(one.id)?.failed(new Failure('guest-link-ended'));
    this.#laying.delete(one.id);
    await this.#init.request('guests.end', { link: Buffer.from(one.id, 'hex') }).catch(unlessUnknown);
    const event: GuestEvent = { ...one, state: 'ended' };
    if (row !== undefined && (await this.#isWaiting(row))) {
      // Its keys open what guests have handed in by now: that comes first.
      this.look();
      return event;
    }
    if (row !== undefined) await this.#rows.forget(row);
    this.#tell(event);
    return event;
  }

  follow(listener: (event: GuestEvent) => void): () => void {
    this.#followers.add(listener);
    return () => {
      this.#followers.delete(listener);
    };
  }

  // --- Laying down ---

  #start(id: string): void {
    const { scope, isOnline } = this.#init;
    const laying = this.#laying.get(id);
    if (laying === undefined || laying.running || !isOnline() || scope.closed) return;
    laying.running = true;
    const stop = (): void => laying.abort.abort();
    scope.run(
      async (signal) => {
        signal.addEventListener('abort', stop, { once: true });
        await this.#turn.add(() => this.#lay(this.#rows.get(id)!, laying));
      },
      (error) => this.#stopped(id, laying, toFailure(error)),
    );
  }

  /** Without the directory it goes on when that is back. */
  #stopped(id: string, laying: Laying, why: Failure): void {
    const { scope, clock, isOnline, report } = this.#init;
    laying.running = false;
    if (scope.closed || this.#laying.get(id) !== laying) return;
    if (why.reason === 'unreachable') {
      if (isOnline()) scope.after(clock, RETRY_MS, () => this.#start(id));
      return;
    }
    this.#laying.delete(id);
    const row = this.#rows.get(id)!;
    const { code, message, hint } = why;
    this.#tell(viewOf(row, 'failed', { error: { code, message, hint } }));
    laying.failed(why);
    scope.run(async () => {
      await this.#rows.forget(row);
      await this.#init.request('guests.end', { link: row.id }).catch(unlessUnknown);
    }, report);
  }

  async #begin(row: GuestRow): Promise<{ readonly have: number; readonly url: string }> {
    const { request, random, user } = this.#init;
    return request('guests.share', { ...termsOf(row, user, random), size: row.size }).catch(unlessUnsupported);
  }

  async #lay(row: GuestRow, laying: Laying): Promise<void> {
    const { request, clock, random } = this.#init;
    const { signal } = laying.abort;
    if (signal.aborted) return;
    const content = await contentAt(row.source!.path);
    if (content.size !== row.size || !sameBytes(content.stamp, row.source!.stamp)) throw changed();
    const { have, url } = await this.#begin(row);
    const key = guestFileKey(row.secret);
    let there = have;
    const lacking = async function* () {
      for await (const one of blocksOf(content)) {
        if (signal.aborted) return;
        if (one.block >= have) yield one;
      }
    };
    await inWindow({
      ...{ clock, items: lacking() },
      ask: async ({ block, plain }) => {
        const sealed = sealGuestBlock(key, row.id, row.size, block, plain, random);
        await request('guests.put', { link: row.id, block, sealed });
        const bytes = Math.min(row.size, ++there * DEPOSIT_BLOCK_BYTES);
        if (laying.advance(bytes)) this.#tell(viewOf(row, 'laying', { bytes }));
      },
    });
    if (signal.aborted) return;
    const { expires } = await request('guests.finish', { link: row.id });
    const open = { ...row, url, expires };
    await this.#rows.keep(open);
    this.#laying.delete(hex(row.id));
    const event = this.#view(open, undefined);
    this.#tell(event);
    laying.done(event);
  }

  // --- What guests do ---

  async #compare(): Promise<void> {
    const open = this.#rows.all().filter(({ url }) => url !== undefined);
    if (open.length === 0 || !this.#init.isWatched()) return;
    const links = await this.#links();
    if (links === undefined) return;
    const known = new Map(links.map((link) => [hex(link.link), link]));
    for (const id of open.map((row) => hex(row.id))) {
      const link = known.get(id);
      if (link !== undefined) await this.#tellVisits(id, link);
      const row = this.#rows.get(id);
      if (row === undefined) continue;
      const isWaiting = isToCome(row, link);
      if (isWaiting) this.#fetch(id);
      // What was handed in whole is fetched also behind the end.
      if (link !== undefined && (link.state !== 'ended' || isWaiting)) continue;
      this.#tell(viewOf(row, 'ended'));
      await this.#rows.forget(row);
    }
  }

  async #tellVisits(id: string, { used, done }: GuestLinkView): Promise<void> {
    const row = this.#rows.get(id);
    if (row === undefined) return;
    const { told } = row;
    if (used === told.used && done === told.done) return;
    for (let n = told.used + 1; n <= used; n++) this.#tell(viewOf(row, 'visited', { used: n }));
    // What was handed in is told of when it is here.
    if (row.kind === 'share')
      for (let n = told.done + 1; n <= done; n++) this.#tell(viewOf(row, 'fetched', { used, done: n }));
    await this.#rows.change(id, () => ({ told: { used, done } }));
  }

  /** What was handed in comes one link after the other, and of one link one file after the other. */
  #fetch(id: string): void {
    const { scope, report } = this.#init;
    if (this.#fetching.has(id)) return;
    this.#fetching.add(id);
    scope.run(
      async () => {
        const isAny = await this.#turn.add(() => this.#drops.fetch(id)).finally(() => this.#fetching.delete(id));
        // What came meanwhile; and a link that is over has nothing to wait for now.
        if (isAny) this.look();
      },
      (error) => scope.closed || report(error),
    );
  }

  /** Whether guests have handed in what is not here. */
  async #isWaiting(row: GuestRow): Promise<boolean> {
    if (row.kind !== 'collect') return false;
    const links = await this.#links();
    return isToCome(
      row,
      links?.find(({ link }) => sameBytes(link, row.id)),
    );
  }

  /** Undefined where the directory can't be asked, or knows no guests. */
  async #links(): Promise<readonly GuestLinkView[] | undefined> {
    if (!this.#init.isOnline()) return undefined;
    const answer = await this.#init.request('guests.list', {}).catch((error: unknown) => {
      if (!hasCode(error, 'method-unknown')) unlessUnreachable(error);
    });
    return answer?.links;
  }

  // --- Inside ---

  #view(row: GuestRow, now: GuestLinkView | undefined): GuestEvent {
    const laying = this.#laying.get(hex(row.id));
    if (laying !== undefined) return viewOf(row, 'laying', { bytes: laying.bytes });
    const numbers = now === undefined ? {} : { used: now.used, done: now.done };
    if (now?.state === 'ended') return viewOf(row, 'ended', numbers);
    return viewOf(row, 'open', { ...numbers, link: linkOf(row)! });
  }

  #tell(event: GuestEvent): void {
    this.#init.emit(event);
    for (const follower of this.#followers) follower(event);
  }
}
