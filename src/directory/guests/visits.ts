import { timingSafeEqual } from 'node:crypto';
import { hex, sameBytes } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import { Failure, hasCode } from '../../base/errors.js';
import { dropId } from '../../crypto/guest-links.js';
import { sha256 } from '../../crypto/hash.js';
import { depositBlocks } from '../../wire/deposit-blocks.js';
import type { Uploads } from '../uploads/uploads.js';
import { type GuestLinks, keyOf } from './links.js';
import type { GuestLinkRow, VisitRow } from './rows.js';

export interface VisitsInit {
  readonly links: GuestLinks;
  readonly uploads: Uploads;
  readonly clock: Clock;
  /** Whether the account is there and not banned: what somebody made who was shut out opens no more. */
  isThere(folded: string): Promise<boolean>;
  /** Takes what a request costs from all who come with that link. @throws Failure limit 'rate-limited' */
  spend(link: string): Promise<void> | undefined;
}

/** What guests hand in leaves the rest of the quota to whoever made the link. */
const GUESTS_PART = 0.75;

/** Who comes with a link, and shows that all of it is there. */
export interface Proven {
  readonly link: Uint8Array;
  readonly access: Uint8Array;
}

/**
 * What a guest may do with a link. A visit is one use of it, under an id that the browser makes: so an answer that was lost
 * uses nothing up when it is asked for again. Of who can't show the whole link nothing is kept.
 */
export class Visits {
  readonly #init: VisitsInit;

  constructor(init: VisitsInit) {
    this.#init = init;
  }

  /** Uses nothing up, also where nothing is left. @throws Failure as `#need` */
  async open(proven: Proven) {
    const { head, size, count, visits, expires, key } = await this.#need(proven);
    return { head, size, left: count - visits.length, expires, ...(key !== undefined && { key }) };
  }

  /** @throws Failure as `#need`, ended 'guest-link-used' */
  async begin(proven: Proven, visit: Uint8Array): Promise<void> {
    const { kind, by } = await this.#need(proven);
    if (kind !== 'share') throw new Failure('guest-request');
    const { isNew } = await this.#enter(proven.link, { visit });
    if (isNew) this.#init.links.changed(by.folded, proven.link);
  }

  /**
   * Begins to hand in a file, or finds what there is of it: what is whole, or was fetched, is not begun again.
   * @returns how many blocks are there, from the first
   * @throws Failure as `begin`, limit 'guest-too-large', 'upload-quota'
   */
  async drop(proven: Proven, visit: Uint8Array, drop: NonNullable<VisitRow['drop']>): Promise<number> {
    const { links, uploads } = this.#init;
    const { kind, by, size } = await this.#need(proven);
    if (kind !== 'collect') throw new Failure('guest-request');
    if (drop.size > size) throw new Failure('guest-too-large');
    const guest = dropId(proven.link, visit);
    const { isNew, state } = await this.#enter(proven.link, { visit, drop });
    if (state !== 'begun') return depositBlocks(drop.size);
    try {
      const { have } = await uploads.begin({ guest }, by, drop.size, { part: GUESTS_PART });
      // Ended meanwhile: nobody else would give its room back.
      if ((await links.rows.get(keyOf(proven.link)))?.state !== 'open') {
        await links.empty(guest, by.folded);
        throw new Failure('guest-link-ended');
      }
      if (isNew) links.changed(by.folded, proven.link);
      return have;
    } catch (error) {
      if (isNew) await this.#leave(proven.link, visit);
      // How much its maker has lying here is nothing for guests.
      throw hasCode(error, 'upload-quota') ? new Failure('upload-quota') : error;
    }
  }

  /** @throws Failure as `#need`, and as the uploads' `put` */
  async put(proven: Proven, visit: Uint8Array, block: number, sealed: Uint8Array): Promise<void> {
    const row = await this.#need(proven);
    visitIn(row, visit);
    await this.#init.uploads.put({ guest: dropId(proven.link, visit) }, row.by.folded, block, sealed);
  }

  /** @throws Failure as `#need` */
  async look(proven: Proven, visit: Uint8Array): Promise<VisitRow['state']> {
    return visitIn(await this.#need(proven), visit).state;
  }

  /** @throws Failure as `#need`, unknown 'upload-gone' */
  async get(proven: Proven, visit: Uint8Array, block: number): Promise<Uint8Array> {
    visitIn(await this.#need(proven), visit);
    return this.#init.uploads.get({ guest: proven.link }, block);
  }

  /** What nobody can fetch any more gives its room back. @throws Failure as `#need` */
  async done(proven: Proven, visit: Uint8Array): Promise<void> {
    const { by, kind, visits: begun } = await this.#need(proven);
    const { folded } = by;
    if (kind === 'collect' && begun.some((one) => sameBytes(one.visit, visit) && one.state === 'begun')) {
      await this.#init.uploads.finish({ guest: dropId(proven.link, visit) }, folded);
    }
    let isNew = false;
    const row = await this.#update(proven.link, (before) => {
      isNew = visitIn(before, visit).state === 'begun';
      if (!isNew) return undefined;
      const visits = before.visits.map((one) =>
        sameBytes(one.visit, visit) ? { ...one, state: 'done' as const } : one,
      );
      return { ...before, visits };
    });
    if (!isNew || row === undefined) return;
    const isOver =
      kind === 'share' && row.visits.length >= row.count && row.visits.every(({ state }) => state === 'done');
    if (isOver) await this.#init.links.empty(proven.link, folded);
    this.#init.links.changed(folded, proven.link);
  }

  /**
   * @returns whether it takes a use, which the same visit again does not, and how far it is
   * @throws Failure ended 'guest-link-used'
   */
  async #enter(link: Uint8Array, visit: Pick<VisitRow, 'visit' | 'drop'>) {
    const at = this.#init.clock.now();
    let known: VisitRow | undefined;
    await this.#update(link, (row) => {
      known = row.visits.find((one) => sameBytes(one.visit, visit.visit));
      if (known !== undefined) return undefined;
      if (row.visits.length >= row.count) throw new Failure('guest-link-used');
      return { ...row, visits: [...row.visits, { ...visit, at, state: 'begun' as const }] };
    });
    return { isNew: known === undefined, state: known?.state ?? 'begun' };
  }

  async #leave(link: Uint8Array, visit: Uint8Array): Promise<void> {
    await this.#init.links.rows.update(
      keyOf(link),
      (row) => row && { ...row, visits: row.visits.filter((one) => !sameBytes(one.visit, visit)) },
    );
  }

  #update(link: Uint8Array, change: (row: GuestLinkRow) => GuestLinkRow | undefined) {
    return this.#init.links.rows.update(keyOf(link), (row) => {
      if (row === undefined) throw new Failure('guest-link-unknown');
      if (row.state !== 'open') throw new Failure('guest-link-ended');
      return change(row);
    });
  }

  /** @throws Failure unknown 'guest-link-unknown', trust 'guest-link-key', ended 'guest-link-ended', limit 'rate-limited' */
  async #need({ link, access }: Proven): Promise<GuestLinkRow> {
    const row = await this.#init.links.rows.get(keyOf(link));
    // One that is still being laid down has been given to nobody.
    if (row === undefined || row.state === 'laying') throw new Failure('guest-link-unknown');
    if (!timingSafeEqual(sha256(access), row.proof)) throw new Failure('guest-link-key');
    await this.#init.spend(hex(link));
    const isOver = row.state === 'ended' || row.expires <= this.#init.clock.now();
    if (isOver || !(await this.#init.isThere(row.by.folded))) throw new Failure('guest-link-ended');
    return row;
  }
}

/** @throws Failure unknown 'guest-visit-unknown' */
function visitIn({ visits }: GuestLinkRow, visit: Uint8Array): VisitRow {
  const found = visits.find((one) => sameBytes(one.visit, visit));
  if (found === undefined) throw new Failure('guest-visit-unknown');
  return found;
}
