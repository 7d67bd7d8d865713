import type { Clock } from '../../base/clock.js';
import { Failure, toFailure } from '../../base/errors.js';
import type { Scope } from '../../base/scope.js';
import { type Drop, type OpenedDrop, openDrop } from '../../crypto/guest-drops.js';
import { PartialDownload } from '../../transfer/files/partial-download.js';
import type { DirectoryRequest } from '../../wire/directory-request.js';
import { depositBlocks } from '../../wire/deposit-blocks.js';
import { DEPOSIT_BLOCK_BYTES } from '../../wire/limits.js';
import { cleanLine } from '../../wire/text.js';
import type { GuestEvent } from '../api/guests.js';
import type { GuestRow } from '../storage/guest-row.js';
import { inWindow } from '../transfers/window.js';
import { viewOf } from './view.js';

export interface DropsInit {
  readonly request: DirectoryRequest;
  readonly clock: Clock;
  readonly scope: Scope;
  /** Where what guests hand in goes. */
  folder(): string;
  tell(event: GuestEvent): void;
}

/**
 * What guests have handed in: fetched from the directory, opened, and put into the folder for downloads, under a name made
 * harmless and never over another file. It goes on where it was broken off. What can't be opened is told and forgotten, since
 * it would be no other at the next try.
 */
export class Drops {
  readonly #init: DropsInit;

  constructor(init: DropsInit) {
    this.#init = init;
  }

  async fetch(row: GuestRow): Promise<void> {
    const { request, scope } = this.#init;
    const link = row.id;
    for (;;) {
      const { drops } = await request('guests.drops', { link });
      if (drops.length === 0) return;
      for (const drop of drops) {
        if (scope.closed) return;
        await this.#one(row, drop);
        await request('guests.taken', { link, visit: drop.visit });
      }
    }
  }

  async #one(row: GuestRow, drop: Drop): Promise<void> {
    const { tell } = this.#init;
    const opened = await openDrop(row.keys!.privateKey, row.id, drop);
    try {
      if (opened === undefined) throw new Failure('guest-drop-foreign');
      const path = await this.#keep(row, drop, opened);
      const { size } = drop;
      tell(viewOf(row, 'received', { name: cleanLine(opened.words.name), size, bytes: size, path }));
    } catch (error) {
      const failure = toFailure(error);
      if (failure.reason !== 'trust' && failure.code !== 'unsafe-name') throw error;
      const { code, message, hint } = failure;
      tell(viewOf(row, 'failed', { error: { code, message, hint } }));
    }
  }

  /** @returns where it is */
  async #keep(row: GuestRow, drop: Drop, { words, open }: OpenedDrop): Promise<string> {
    const { request, clock, scope, folder } = this.#init;
    const { visit, size } = drop;
    const manifest = { files: [{ path: baseName(words.name), size }], block: DEPOSIT_BLOCK_BYTES };
    const partial = await PartialDownload.open({ id: visit, manifest, folder: folder(), durable: true });
    const missing = function* (): Generator<number> {
      for (let block = 0; block < depositBlocks(size) && !scope.closed; block++)
        if (!partial.have.has(block)) yield block;
    };
    try {
      await inWindow({
        ...{ clock, items: missing() },
        ask: async (block) => {
          const { sealed } = await request('guests.get', { link: row.id, visit, block });
          const plain = open(block, sealed);
          if (plain === undefined) throw new Failure('guest-drop-damaged');
          partial.write(block, plain);
        },
      });
      scope.signal.throwIfAborted();
      await partial.place();
      const [placed] = await partial.finish();
      return placed!.path;
    } catch (error) {
      // What is not what was sealed is of no use to the next try.
      if (toFailure(error).code === 'guest-drop-damaged') await partial.discard();
      throw error;
    } finally {
      await partial.close();
    }
  }
}

/** A name is no path, whatever it says. */
const baseName = (name: string): string =>
  name
    .split(/[/\\]/)
    .filter((part) => part !== '' && part !== '.' && part !== '..')
    .at(-1) ?? 'file';
