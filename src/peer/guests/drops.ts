import { fromHex, sameBytes } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import { Failure, hasCode, toFailure } from '../../base/errors.js';
import type { Scope } from '../../base/scope.js';
import { type Drop, type OpenedDrop, openDrop } from '../../crypto/guest-drops.js';
import { dropId } from '../../crypto/guest-links.js';
import { discardPartial } from '../../transfer/files/partial-download.js';
import type { DirectoryRequest } from '../../wire/directory-request.js';
import type { GuestLinkView } from '../../wire/guests.js';
import { DEPOSIT_BLOCK_BYTES } from '../../wire/limits.js';
import { cleanLine } from '../../wire/text.js';
import type { GuestEvent } from '../api/guests.js';
import type { GuestRow } from '../storage/guest-row.js';
import { fetchSealedFile } from '../transfers/sealed-file.js';
import { viewOf } from './view.js';

export interface DropsInit {
  readonly request: DirectoryRequest;
  readonly clock: Clock;
  readonly scope: Scope;
  /** Where what guests hand in goes. */
  folder(): string;
  /** As it is now; undefined where it is gone. */
  rowOf(id: string): GuestRow | undefined;
  /** This visit's file is here, or of no use: it does not come again. */
  taken(id: string, visit: Uint8Array): Promise<void>;
  tell(event: GuestEvent): void;
}

/** Whether more may come by a link: the directory is not believed that somebody has handed in more than it takes. */
const mayReceive = ({ taken = [], count }: GuestRow): boolean => taken.length < count;

/** Whether something waits that this link takes. */
export const isToCome = (row: GuestRow, link: GuestLinkView | undefined): boolean =>
  link !== undefined && link.waiting > 0 && mayReceive(row);

/**
 * What guests have handed in: fetched from the directory, opened, and put into the folder for downloads, under a name made
 * harmless and never over another file. It goes on where it was broken off. What can't be opened, is larger than the link
 * takes, or is gone is told and forgotten, since it would be no other at the next try.
 */
export class Drops {
  readonly #init: DropsInit;

  constructor(init: DropsInit) {
    this.#init = init;
  }

  /**
   * As long as there is something new.
   * @param id of the link, in hex
   * @returns whether anything came, or was told to be of no use
   */
  async fetch(id: string): Promise<boolean> {
    const { request, scope, rowOf, taken } = this.#init;
    const link = fromHex(id);
    let isAny = false;
    for (let isNew = true; isNew; isAny ||= isNew) {
      isNew = false;
      for (const drop of (await request('guests.drops', { link })).drops) {
        const { visit } = drop;
        const row = rowOf(id);
        if (row === undefined || scope.closed) return isAny;
        if (!hasCome(row, visit)) {
          if (!mayReceive(row)) return isAny;
          await this.#one(row, drop);
          await taken(id, visit);
          isNew = true;
        }
        await request('guests.taken', { link, visit });
      }
    }
    return isAny;
  }

  async #one(row: GuestRow, drop: Drop): Promise<void> {
    const { tell, folder } = this.#init;
    const { size } = drop;
    try {
      const opened = size > row.size ? undefined : await openDrop({ ...row, link: row.id, ...row.keys! }, drop);
      if (opened === undefined) throw new Failure('guest-drop-foreign');
      const path = await this.#keep(row, drop, opened);
      tell(viewOf(row, 'received', { name: cleanLine(opened.words.name), size, bytes: size, path }));
    } catch (error) {
      const failure = hasCode(error, 'upload-gone') ? new Failure('guest-drop-gone') : toFailure(error);
      const { code, message, hint } = failure;
      if (!FINAL.includes(code)) throw error;
      discardPartial(folder(), dropId(row.id, drop.visit));
      tell(viewOf(row, 'failed', { error: { code, message, hint } }));
    }
  }

  /** @returns where it is */
  #keep(row: GuestRow, { visit, size }: Drop, { words, open }: OpenedDrop): Promise<string> {
    const { request, clock, scope, folder } = this.#init;
    return fetchSealedFile({
      ...{ clock, signal: scope.signal, folder: folder(), id: dropId(row.id, visit), name: words.name, size },
      ...{ block: DEPOSIT_BLOCK_BYTES, spoilt: 'guest-drop-damaged' },
      async fetch(block) {
        const { sealed } = await request('guests.get', { link: row.id, visit, block });
        const plain = open(block, sealed);
        if (plain === undefined) throw new Failure('guest-drop-damaged');
        return plain;
      },
    });
  }
}

const hasCome = ({ taken = [] }: GuestRow, visit: Uint8Array): boolean => taken.some((one) => sameBytes(one, visit));

const FINAL: readonly string[] = ['guest-drop-foreign', 'guest-drop-damaged', 'guest-drop-gone', 'unsafe-name'];
