import { fromHex, hex } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import { path, segments } from '../../store/keys.js';
import type { Blobs, Store } from '../../store/store.js';
import { DEPOSITS_PER_PERSON, UPLOADS_PER_GROUP } from '../../wire/limits.js';
import { isWithinShare } from '../guard/shares.js';
import type { UploadLimits } from '../limits.js';
import { Table } from '../table.js';
import { blockKey, blocksOf, held, rowKey, sealedLength, type UploadId, type UploadRow, uploadCodec } from './rows.js';
import { Waiting } from './waiting.js';

export interface UploadsInit {
  readonly store: Store;
  readonly clock: Clock;
  readonly limits: UploadLimits;
}

/** What there is of one: the first `have` blocks. */
export interface Standing {
  readonly have: number;
  readonly finished: boolean;
  readonly expires: number;
}

/** What may be said of one that begins. */
export interface Beginning {
  /** Those for whom a deposit is, folded. */
  readonly to?: readonly string[];
  /** How much of its account's quota may be in use with it, as a part of 1. */
  readonly part?: number;
}

/**
 * Sealed files for groups, and deposits for people who are away, each block a blob of its own, so that an upload goes on
 * where it was broken off. Room is taken when an upload begins, and given back when it is removed or its time is over. A
 * row comes before its blocks and goes before them: blocks without a row are left-overs.
 */
export class Uploads {
  readonly #rows: Table<UploadRow>;
  readonly #blobs: Blobs;
  readonly #clock: Clock;
  readonly #limits: UploadLimits;
  /** Bytes by folded name, and of all. */
  readonly #used = new Map<string, number>();
  #total = 0;
  readonly #waiting = new Waiting();
  /** Changes of rows follow each other: none comes back after it was forgotten. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor({ store, clock, limits }: UploadsInit) {
    this.#rows = new Table(store, 'uploads', uploadCodec);
    this.#blobs = store.blobs('uploads');
    this.#clock = clock;
    this.#limits = limits;
  }

  static async open(init: UploadsInit): Promise<Uploads> {
    const uploads = new Uploads(init);
    for await (const { value } of uploads.#rows.range()) uploads.#count(value.by.folded, value, 1);
    await uploads.sweep();
    return uploads;
  }

  /**
   * Takes room for an upload, or finds what there is of it.
   * @throws Failure limit 'upload-quota', 'uploads-full', 'uploads-share', 'deposits-full', denied 'upload-taken'
   */
  begin(id: UploadId, by: UploadRow['by'], size: number, { to, part }: Beginning = {}): Promise<Standing> {
    return this.#inTurn(async () => {
      const there = await this.#rows.get(rowKey(id));
      const kind = { ...(to !== undefined && { to: [...to] }), ...('guest' in id && { guest: true as const }) };
      if (there === undefined) return this.#make(id, { by, size, ...kind }, part);
      if (there.by.folded !== by.folded || there.size !== size) throw taken();
      const now = this.#clock.now();
      if (there.finished && there.expires > now) return this.#standing(id, there);
      // What is over and not swept away yet is begun once more, with the blocks that are there.
      const row = { ...there, finished: false, expires: now + this.#limits.unfinishedMs };
      await this.#rows.put(rowKey(id), row);
      return this.#standing(id, row);
    });
  }

  /** For whose it is, and those for whom it is. @throws Failure unknown 'upload-gone' */
  async find(id: UploadId, folded: string): Promise<Standing> {
    return this.#standing(id, await this.#reachable(id, folded));
  }

  /** What would fit for one account, and how long it would be kept. */
  room(folded: string): { readonly free: number; readonly lifetime: number } {
    const { perAccount, total, lifetimeMs } = this.#limits;
    const free = Math.min(perAccount - (this.#used.get(folded) ?? 0), total - this.#total);
    return { free: Math.max(0, free), lifetime: lifetimeMs };
  }

  /** @throws Failure usage 'upload-block', unknown 'upload-gone', denied 'upload-of-others' */
  async put(id: UploadId, folded: string, block: number, sealed: Uint8Array): Promise<void> {
    const row = await this.#own(id, folded);
    // What is whole stays as it is.
    if (row.finished) return;
    if (block >= blocksOf(id, row.size) || sealed.length !== sealedLength(id, row.size, block)) {
      throw new Failure('upload-block');
    }
    await this.#blobs.put(blockKey(id, block), [sealed]);
    // It was removed while this was written.
    if ((await this.#rows.get(rowKey(id))) === undefined) await this.#blobs.delete(blockKey(id, block));
  }

  /**
   * @param until when it goes, where that is before its time is over
   * @returns when it goes. @throws Failure usage 'upload-unfinished', and as `put`
   */
  finish(id: UploadId, folded: string, until = Number.POSITIVE_INFINITY): Promise<number> {
    return this.#inTurn(async () => {
      const row = await this.#own(id, folded);
      if (row.finished) return row.expires;
      if ((await this.#have(id, row.size)) < blocksOf(id, row.size)) {
        throw new Failure('upload-unfinished');
      }
      const at = this.#clock.now();
      const expires = Math.min(until, at + this.#limits.lifetimeMs);
      await this.#rows.put(rowKey(id), { ...row, at, expires, finished: true });
      return expires;
    });
  }

  /**
   * A block of a deposit may be had while others are still coming.
   * @param folded of a deposit: who asks
   * @throws Failure unknown 'upload-gone'
   */
  async get(id: UploadId, block: number, folded?: string): Promise<Uint8Array> {
    const row = folded === undefined ? await this.#find(id) : await this.#reachable(id, folded);
    const found = row?.finished || folded !== undefined ? await this.#blobs.get(blockKey(id, block)) : undefined;
    if (found === undefined) throw gone();
    const parts: Uint8Array[] = [];
    for await (const part of found.content) parts.push(part);
    return Buffer.concat(parts);
  }

  /** Those of a group which are whole, oldest first. */
  async list(group: Uint8Array) {
    const uploads: { upload: Uint8Array; user: string; size: number; at: number; expires: number }[] = [];
    for await (const { key, value } of this.#rows.range({ prefix: `${path(hex(group))}/` })) {
      const { size, at, expires, finished, by } = value;
      if (!finished || expires <= this.#clock.now()) continue;
      uploads.push({ upload: fromHex(segments(key)[1]!), user: by.user, size, at, expires });
    }
    return uploads.sort((a, b) => a.at - b.at).slice(-UPLOADS_PER_GROUP);
  }

  /** @throws Failure unknown 'upload-gone', denied 'upload-of-others' */
  async remove(id: UploadId, by: { readonly folded: string; readonly any: boolean }): Promise<void> {
    const row = await this.#find(id);
    if (row === undefined) throw gone();
    if (row.by.folded !== by.folded && !by.any) throw ofOthers();
    await this.#drop(rowKey(id));
  }

  /** One of those for whom a deposit is has all of it; after the last of them it goes. */
  async taken(id: UploadId, folded: string): Promise<void> {
    const isLast = await this.#inTurn(async () => {
      const row = await this.#rows.get(rowKey(id));
      if (row?.to === undefined || !row.to.includes(folded)) return false;
      const to = row.to.filter((one) => one !== folded);
      if (to.length === 0) return true;
      await this.#rows.put(rowKey(id), { ...row, to });
      this.#waiting.remove({ ...row, to: [folded] });
      return false;
    });
    if (isLast) await this.#drop(rowKey(id));
  }

  /** Forgets what is over, and blocks that a crash left without their row. */
  async sweep(): Promise<void> {
    const now = this.#clock.now();
    const kept = new Set<string>();
    for await (const { key, value } of this.#rows.range()) {
      if (value.expires <= now) await this.#drop(key);
      else kept.add(key);
    }
    for await (const { key } of this.#blobs.list()) {
      const row = key.slice(0, key.lastIndexOf('/'));
      if (!kept.has(row) && (await this.#rows.get(row)) === undefined) await this.#blobs.delete(key);
    }
  }

  get usage(): { readonly bytes: number } {
    return { bytes: this.#total };
  }

  async #make(id: UploadId, begun: Pick<UploadRow, 'by' | 'size' | 'to' | 'guest'>, part = 1): Promise<Standing> {
    const wanted = held(begun);
    const { folded } = begun.by;
    const { total, unfinishedMs } = this.#limits;
    const perAccount = part * this.#limits.perAccount;
    const used = this.#used.get(folded) ?? 0;
    if (used + wanted > perAccount) throw overQuota('your files take', used, perAccount);
    if (this.#total + wanted > total) throw overQuota('the files of all take', this.#total, total);
    if ('group' in id) await this.#assertPlace(id.group, folded);
    for (const user of begun.to ?? []) {
      if (!this.#waiting.hasRoom(user, folded, DEPOSITS_PER_PERSON)) throw new Failure('deposits-full');
    }
    const at = this.#clock.now();
    const row = { ...begun, at, expires: at + unfinishedMs, finished: false };
    await this.#rows.put(rowKey(id), row);
    this.#count(folded, row, 1);
    return { have: 0, finished: false, expires: row.expires };
  }

  async #standing(id: UploadId, { size, finished, expires }: UploadRow): Promise<Standing> {
    return { have: finished ? blocksOf(id, size) : await this.#have(id, size), finished, expires };
  }

  /** @throws Failure limit 'uploads-full', 'uploads-share' */
  async #assertPlace(group: Uint8Array, folded: string): Promise<void> {
    const count = { own: 0, all: 0 };
    for await (const { value } of this.#rows.range({ prefix: `${path(hex(group))}/` })) {
      count.all++;
      if (value.by.folded === folded) count.own++;
    }
    if (count.all >= UPLOADS_PER_GROUP) throw groupFull();
    if (!isWithinShare(count, 1, UPLOADS_PER_GROUP)) throw shareTaken(count.own);
  }

  #drop(key: string): Promise<void> {
    return this.#inTurn(async () => {
      const row = await this.#rows.get(key);
      if (row === undefined) return;
      await this.#rows.delete(key);
      this.#count(row.by.folded, row, -1);
      for await (const blob of this.#blobs.list({ prefix: `${key}/` })) await this.#blobs.delete(blob.key);
    });
  }

  /** How many blocks are there, from the first without a gap. */
  async #have(id: UploadId, size: number): Promise<number> {
    let have = 0;
    for await (const blob of this.#blobs.list({ prefix: `${rowKey(id)}/` })) {
      if (blob.key !== blockKey(id, have) || blob.size !== sealedLength(id, size, have)) break;
      have++;
    }
    return have;
  }

  async #find(id: UploadId): Promise<UploadRow | undefined> {
    const row = await this.#rows.get(rowKey(id));
    return row === undefined || row.expires <= this.#clock.now() ? undefined : row;
  }

  /** A deposit: to others it is not there. */
  async #reachable(id: UploadId, folded: string): Promise<UploadRow> {
    const row = await this.#find(id);
    if (row === undefined || (row.by.folded !== folded && row.to?.includes(folded) !== true)) throw gone();
    return row;
  }

  async #own(id: UploadId, folded: string): Promise<UploadRow> {
    const row = await this.#find(id);
    if (row === undefined) throw gone();
    if (row.by.folded !== folded) throw ofOthers();
    return row;
  }

  /** @param sign 1 for what comes, -1 for what goes */
  #count(folded: string, row: UploadRow, sign: 1 | -1): void {
    const bytes = sign * held(row);
    if (sign > 0) this.#waiting.add(row);
    else this.#waiting.remove(row);
    const used = (this.#used.get(folded) ?? 0) + bytes;
    if (used === 0) this.#used.delete(folded);
    else this.#used.set(folded, used);
    this.#total += bytes;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work);
    this.#last = mine.catch(() => {});
    return mine;
  }
}

const overQuota = (whose: string, used: number, limit: number): Failure =>
  new Failure('upload-quota', `it does not fit: ${whose} ${used} of the ${limit} bytes there are`, {
    details: { used, limit },
  });

const shareTaken = (own: number): Failure =>
  new Failure('uploads-share', `you have ${own} files in this group, as many as one member may have now`, {
    details: { own },
  });

const groupFull = (): Failure => new Failure('uploads-full', `a group has at most ${UPLOADS_PER_GROUP} files`);

const gone = (): Failure => new Failure('upload-gone');

const ofOthers = (): Failure => new Failure('upload-of-others');

const taken = (): Failure => new Failure('upload-taken');
