import { sameBytes } from '../../base/bytes.js';
import { Failure, hasCode } from '../../base/errors.js';
import { sha256 } from '../../crypto/hash.js';
import type { DirectoryRequest } from '../../wire/directory-request.js';
import { PREFERENCES_ITEMS } from '../../wire/limits.js';
import { decodePreferences, encodePreferences, type SharedPreference } from '../../wire/preferences.js';
import { isPreference } from './preference-items.js';
import { WorkQueues } from './work-queues.js';

/** What a device and the directory have agreed on last: the state there, and what was in it. */
export interface Agreed {
  readonly tag: Uint8Array;
  readonly said: Uint8Array;
}

export interface SharedPreferencesInit {
  /** What this device would have others know. */
  items(): readonly SharedPreference[];
  /** Takes over what is newer in theirs. */
  merge(theirs: readonly SharedPreference[]): Promise<void>;
  agreed(): Agreed | undefined;
  keep(agreed: Agreed): Promise<void>;
  seal(plain: Uint8Array): Uint8Array;
  /** Undefined for what no device of this account has sealed. */
  open(sealed: Uint8Array): Uint8Array | undefined;
  request: DirectoryRequest;
  isOnline(): boolean;
  /** Runs it; nobody waits for it. */
  run(work: () => Promise<void>): void;
  report(error: unknown): void;
}

/** How often it is tried again after another device was first. */
const TRIES = 8;

const half = (bytes: Uint8Array): Uint8Array => sha256(bytes).subarray(0, 16);

/**
 * Keeps this account's devices of one mind. The directory has one sealed state; a device that hears of another one than it
 * knows, or has something to say, takes it in and leaves what both say in its place. Merging is the same in any order, so all
 * devices end with the same. A directory of an earlier version keeps none: then each device has its own, as before.
 */
export class SharedPreferences {
  readonly #init: SharedPreferencesInit;
  readonly #queue = new WorkQueues();

  constructor(init: SharedPreferencesInit) {
    this.#init = init;
  }

  /** The directory has this state, or none. */
  hear(tag: Uint8Array | undefined): Promise<void> {
    return this.#queue.run('', async () => {
      const { agreed, items } = this.#init;
      const known = agreed();
      const isKnown = tag === undefined ? items().length === 0 : known !== undefined && sameBytes(tag, known.tag);
      if (isKnown && !this.#hasNews()) return;
      await this.#agree();
    });
  }

  /** Something is another way here now. */
  changed(): void {
    const { run, isOnline } = this.#init;
    run(() => this.#queue.run('', async () => (isOnline() && this.#hasNews() ? this.#agree() : undefined)));
  }

  #hasNews(): boolean {
    const items = this.#init.items();
    const known = this.#init.agreed();
    return known === undefined ? items.length > 0 : !sameBytes(known.said, half(encodePreferences(items)));
  }

  async #agree(): Promise<void> {
    const { request, merge, items, keep, seal } = this.#init;
    try {
      for (let tries = 0; tries < TRIES; tries++) {
        const { preferences: theirs } = await request('preferences.get', {});
        const plain = theirs && this.#opened(theirs.sealed);
        const others = plain ? decodePreferences(plain) : [];
        await merge(others);
        const mine = items();
        const said = half(encodePreferences(mine));
        // What newer programs share and this one does not know is handed on as it is.
        const all = [...mine, ...others.filter(({ name }) => !isPreference(name))].slice(0, PREFERENCES_ITEMS);
        const encoded = encodePreferences(all);
        if (theirs && plain && sameBytes(plain, encoded)) return await keep({ tag: theirs.tag, said });
        const sealed = seal(encoded);
        if (await this.#put(sealed, theirs?.tag)) return await keep({ tag: half(sealed), said });
      }
    } catch (error) {
      if (!hasCode(error, 'method-unknown')) throw error;
    }
  }

  /** @returns whether no other device was first */
  async #put(sealed: Uint8Array, after: Uint8Array | undefined): Promise<boolean> {
    try {
      await this.#init.request('preferences.put', { sealed, ...(after && { after }) });
      return true;
    } catch (error) {
      if (!hasCode(error, 'preferences-moved')) throw error;
      return false;
    }
  }

  #opened(sealed: Uint8Array): Uint8Array | undefined {
    const plain = this.#init.open(sealed);
    if (plain === undefined) this.#init.report(new Failure('preferences-unreadable'));
    return plain;
  }
}
