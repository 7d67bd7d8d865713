import { fromHex, hex, sameBytes } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import { Failure, hasCode } from '../../base/errors.js';
import { Queues } from '../../base/queues.js';
import { dropId } from '../../crypto/guest-links.js';
import { path, segments } from '../../store/keys.js';
import type { Store } from '../../store/store.js';
import type { GuestLinkView } from '../../wire/guests.js';
import { GUEST_DROPS, GUEST_LINKS } from '../../wire/limits.js';
import { Table } from '../table.js';
import type { Standing, Uploads } from '../uploads/uploads.js';
import { type GuestLinkRow, guestLinkCodec, type VisitRow } from './rows.js';

export interface GuestLinksInit {
  readonly store: Store;
  readonly uploads: Uploads;
  readonly clock: Clock;
  /** Links live no longer than this, milliseconds. */
  readonly lifetimeMs: number;
  /** What links begin with; undefined where no guests are let in. */
  readonly url: () => string | undefined;
  /** Something about a link is to be told to its maker's devices. */
  onChanged(folded: string, link: Uint8Array): void;
}

/** What a new link says. */
export interface Terms {
  readonly link: Uint8Array;
  readonly head: Uint8Array;
  readonly proof: Uint8Array;
  readonly count: number;
  readonly lasts: number;
  readonly size: number;
  /** Of a link by which files are handed in. */
  readonly key?: Uint8Array;
}

/** Links that are over are remembered for so long, so that a guest is told that, milliseconds. */
const REMEMBERED_MS = 30 * 24 * 3_600_000;
/** What is handed in has to be whole within it. */
const BEGUN_MS = 24 * 3_600_000;

export const keyOf = (link: Uint8Array): string => path(hex(link));
const linkOf = (key: string): Uint8Array => fromHex(segments(key)[0]!);

/**
 * Links for guests, as their makers' devices see them: made, looked at, ended. What is behind one lies with the uploads, as
 * the id of the link, and counts against its maker's quota. A row comes before its blocks and stays for a while after them.
 */
export class GuestLinks {
  readonly rows: Table<GuestLinkRow>;
  readonly #init: GuestLinksInit;
  /** Of each account, by folded name: keys of its links. */
  readonly #own = new Map<string, Set<string>>();
  /** One after the other for each account: what is counted is what there is. */
  readonly #turns = new Queues();

  private constructor(init: GuestLinksInit) {
    this.#init = init;
    this.rows = new Table(init.store, 'guests', guestLinkCodec, () => {});
  }

  static async open(init: GuestLinksInit): Promise<GuestLinks> {
    const links = new GuestLinks(init);
    for await (const { key, value } of links.rows.range()) links.#keysOf(value.by.folded).add(key);
    return links;
  }

  /**
   * Makes a link to a file, or finds what there is of it.
   * @throws Failure usage 'guests-off', limit 'guest-links-full', and as the uploads' `begin`
   */
  async share(by: GuestLinkRow['by'], terms: Terms): Promise<Standing & { readonly url: string }> {
    const url = this.#url();
    const { row, isNew } = await this.#turns.take(by.folded, () => this.#make(by, terms));
    try {
      const standing = await this.#init.uploads.begin({ guest: terms.link }, row.by, row.size);
      return { ...standing, expires: row.expires, url };
    } catch (error) {
      if (isNew) await this.#forget(keyOf(terms.link), by.folded);
      throw error;
    }
  }

  /** Makes a link by which guests hand in files. @throws Failure usage 'guests-off', limit 'guest-links-full' */
  async collect(by: GuestLinkRow['by'], terms: Terms): Promise<{ readonly expires: number; readonly url: string }> {
    const url = this.#url();
    const { row } = await this.#turns.take(by.folded, () => this.#make(by, terms));
    return { expires: row.expires, url };
  }

  /** @throws Failure as the uploads' `put` */
  async put(folded: string, link: Uint8Array, block: number, sealed: Uint8Array): Promise<void> {
    await this.#init.uploads.put({ guest: link }, folded, block, sealed);
  }

  /** @returns when it ends. @throws Failure unknown 'guest-link-unknown', and as the uploads' `finish` */
  async finish(folded: string, link: Uint8Array): Promise<number> {
    const { expires } = await this.#need(folded, link);
    const until = await this.#init.uploads.finish({ guest: link }, folded, expires);
    await this.rows.update(keyOf(link), (row) => {
      if (row === undefined || row.state === 'ended') throw new Failure('guest-link-ended');
      return row.state === 'open' ? undefined : { ...row, state: 'open', expires: until };
    });
    return until;
  }

  /** Oldest first. */
  async list(folded: string): Promise<GuestLinkView[]> {
    const now = this.#init.clock.now();
    const found = await this.#rowsOf(folded);
    return found.map(({ link, row: { kind, at, expires, count, visits, state } }) => ({
      ...{ link, kind, at, expires, count, used: visits.length },
      done: visits.filter((visit) => visit.state !== 'begun').length,
      waiting: visits.filter(isWaiting).length,
      state: expires <= now ? 'ended' : state,
    }));
  }

  /** What was handed in and not fetched, the first of it. @throws Failure unknown 'guest-link-unknown' */
  async drops(folded: string, link: Uint8Array) {
    const { visits } = await this.#need(folded, link);
    const waiting = visits.filter(isWaiting).slice(0, GUEST_DROPS);
    return waiting.map(({ visit, drop }) => ({ visit, ...drop }));
  }

  /** @throws Failure unknown 'guest-link-unknown', 'upload-gone' */
  async get(folded: string, link: Uint8Array, visit: Uint8Array, block: number): Promise<Uint8Array> {
    await this.#need(folded, link);
    return this.#init.uploads.get({ guest: dropId(link, visit) }, block);
  }

  /** @throws Failure unknown 'guest-link-unknown' */
  async taken(folded: string, link: Uint8Array, visit: Uint8Array): Promise<void> {
    await this.#need(folded, link);
    await this.rows.update(
      keyOf(link),
      (row) => row && { ...row, visits: row.visits.map((one) => (sameBytes(one.visit, visit) ? takenOf(one) : one)) },
    );
    await this.empty(dropId(link, visit), folded);
  }

  /** Nothing of it can be had any more; what was handed in whole is still there for its maker. @throws Failure unknown 'guest-link-unknown', denied 'not-permitted' */
  async end(by: { readonly folded: string; readonly any: boolean }, link: Uint8Array): Promise<void> {
    const { folded } = (await this.#need(by.any ? undefined : by.folded, link)).by;
    const now = this.#init.clock.now();
    const ended = await this.rows.update(keyOf(link), (row) =>
      row === undefined || row.state === 'ended'
        ? undefined
        : { ...row, state: 'ended', expires: Math.min(row.expires, now) },
    );
    await this.empty(link, folded);
    for (const { visit, state } of ended?.visits ?? [])
      if (state === 'begun') await this.empty(dropId(link, visit), folded);
    this.#init.onChanged(folded, link);
  }

  /** Gives back the room of what is behind a link, or was handed in. */
  async empty(guest: Uint8Array, folded: string): Promise<void> {
    await this.#init.uploads.remove({ guest }, { folded, any: false }).catch(unlessGone);
  }

  changed(folded: string, link: Uint8Array): void {
    this.#init.onChanged(folded, link);
  }

  /** Forgets what has been over for long; what lay behind it went with the time of the uploads. */
  async sweep(): Promise<void> {
    const now = this.#init.clock.now();
    // What was handed in at the last moment waits for as long as uploads are kept.
    const remembered = Math.max(REMEMBERED_MS, this.#init.lifetimeMs);
    for await (const { key, value } of this.rows.range()) {
      if (value.expires <= now - remembered) await this.#forget(key, value.by.folded);
      else if (value.kind === 'collect') await this.rows.update(key, (row) => row && withoutStale(row, now - BEGUN_MS));
    }
  }

  #url(): string {
    const url = this.#init.url();
    if (url === undefined) throw new Failure('guests-off');
    return url;
  }

  async #make(by: GuestLinkRow['by'], terms: Terms): Promise<{ row: GuestLinkRow; isNew: boolean }> {
    const { link, head, proof, count, size } = terms;
    const now = this.#init.clock.now();
    const lasts = Math.min(terms.lasts, this.#init.lifetimeMs);
    const fresh: GuestLinkRow = {
      ...{ by, head, proof, size, count, at: now, expires: now + lasts, visits: [] },
      ...(terms.key === undefined
        ? { kind: 'share', state: 'laying' }
        : { kind: 'collect', state: 'open', key: terms.key }),
    };
    const there = await this.rows.get(keyOf(link));
    if (there !== undefined) {
      if (there.by.folded !== by.folded || there.size !== size) throw new Failure('upload-taken');
      if (there.state === 'ended' || there.expires <= now) throw new Failure('guest-link-ended');
      return { row: there, isNew: false };
    }
    await this.#makeRoom(by.folded, now);
    const own = this.#keysOf(by.folded).add(keyOf(link));
    if (await this.rows.create(keyOf(link), fresh)) return { row: fresh, isNew: true };
    own.delete(keyOf(link));
    throw new Failure('upload-taken');
  }

  /** Of too many links those that are over go first, but for those of which something waits. @throws Failure limit 'guest-links-full' */
  async #makeRoom(folded: string, now: number): Promise<void> {
    if (this.#keysOf(folded).size < GUEST_LINKS) return;
    const over = (await this.#rowsOf(folded)).find(({ row }) => row.expires <= now && !row.visits.some(isWaiting));
    if (over === undefined) throw new Failure('guest-links-full');
    await this.#forget(keyOf(over.link), folded);
  }

  async #forget(key: string, folded: string): Promise<void> {
    await this.rows.delete(key);
    const own = this.#keysOf(folded);
    own.delete(key);
    if (own.size === 0) this.#own.delete(folded);
  }

  async #rowsOf(folded: string): Promise<{ link: Uint8Array; row: GuestLinkRow }[]> {
    const found: { link: Uint8Array; row: GuestLinkRow }[] = [];
    for (const key of this.#own.get(folded) ?? []) {
      const row = await this.rows.get(key);
      if (row !== undefined) found.push({ link: linkOf(key), row });
    }
    return found.sort((a, b) => a.row.at - b.row.at);
  }

  /** @param folded whose it has to be; anybody's, if not given */
  async #need(folded: string | undefined, link: Uint8Array): Promise<GuestLinkRow> {
    const row = await this.rows.get(keyOf(link));
    if (row === undefined || (folded !== undefined && row.by.folded !== folded))
      throw new Failure('guest-link-unknown');
    return row;
  }

  #keysOf(folded: string): Set<string> {
    const known = this.#own.get(folded);
    if (known !== undefined) return known;
    const keys = new Set<string>();
    this.#own.set(folded, keys);
    return keys;
  }
}

/** Whole, and not fetched by its maker. */
const isWaiting = (visit: VisitRow): visit is VisitRow & { drop: NonNullable<VisitRow['drop']> } =>
  visit.state === 'done' && visit.drop !== undefined;

const takenOf = ({ visit, at }: VisitRow): VisitRow => ({ visit, at, state: 'taken' });

/** What was begun and never finished leaves its place to others. */
function withoutStale(row: GuestLinkRow, before: number): GuestLinkRow | undefined {
  const visits = row.visits.filter(({ state, at }) => state !== 'begun' || at > before);
  return visits.length === row.visits.length ? undefined : { ...row, visits };
}

function unlessGone(error: unknown): void {
  if (!hasCode(error, 'upload-gone')) throw error;
}
