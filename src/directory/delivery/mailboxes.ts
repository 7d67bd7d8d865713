import type { Clock } from '../../base/clock.js';
import { hasCode } from '../../base/errors.js';
import { path } from '../../store/keys.js';
import type { Log, Store } from '../../store/store.js';
import type { DeviceAddress, MailboxEntry, Parcel } from '../../wire/directory.js';
import { MAILBOX_BYTES, MAILBOX_ENTRIES } from '../../wire/limits.js';
import { foldName } from '../../wire/names.js';
import { mailCodec } from '../rows.js';
import { type Letter, Mailbox, type MailboxQuota, wirePosition } from './mailbox.js';

export interface MailboxesInit {
  readonly store: Store;
  readonly clock: Clock;
  readonly quota?: MailboxQuota;
  /** Entries are on disk: to be pushed to the device if it is connected. In order of their positions. */
  onStored(folded: string, device: string, entries: readonly MailboxEntry[]): void;
}

interface Destination {
  readonly folded: string;
  readonly device: string;
  readonly letters: Letter[];
}

/** Mailboxes and message ids kept in memory, beyond those being written. */
const CACHED_MAILBOXES = 2_000;
const CACHED_IDS = 200_000;

/**
 * Sealed messages held for each device: a log with positions from 1, until the device says that it has them. The same
 * message again, because its answer was lost, is stored once.
 */
export class Mailboxes {
  readonly #init: MailboxesInit;
  readonly #quota: MailboxQuota;
  /** Least recently written first. */
  readonly #open = new Map<string, Promise<Mailbox>>();
  readonly #loaded = new Map<string, Mailbox>();

  constructor(init: MailboxesInit) {
    this.#init = init;
    this.#quota = init.quota ?? { entries: MAILBOX_ENTRIES, bytes: MAILBOX_BYTES };
  }

  /**
   * Resolves when all of them are on disk. Where one mailbox refuses, the others have been written.
   * @throws Failure limit 'mailbox-full', 'mailbox-share', storage
   */
  async put(from: DeviceAddress, parcels: readonly Parcel[]): Promise<void> {
    const destinations = new Map<string, Destination>();
    for (const { user, device, id, sealed } of parcels) {
      const folded = foldName(user);
      const key = path(folded, device);
      const destination = destinations.get(key) ?? { folded, device, letters: [] };
      destination.letters.push({ id, sealed });
      destinations.set(key, destination);
    }
    const results = await Promise.allSettled([...destinations].map(([key, to]) => this.#deliver(key, to, from)));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  /** Entries after position `after`, so many and so large at most; at least one, if there is one. */
  async read(folded: string, device: string, after: number, limit: number, maxBytes: number) {
    const entries: MailboxEntry[] = [];
    let bytes = 0;
    const log = this.#log(path(folded, device));
    for await (const { position, value } of log.read({ from: after, limit: limit + 1 })) {
      bytes += value.length;
      if (entries.length === limit || (entries.length > 0 && bytes > maxBytes)) return { entries, more: true };
      entries.push({ position: wirePosition(position), ...mailCodec.decode(value) });
    }
    return { entries, more: false };
  }

  /** Forgets everything up to and with `through`. */
  async ack(folded: string, device: string, through: number): Promise<void> {
    const key = path(folded, device);
    const log = this.#log(key);
    const before = Math.min(through, (await log.ends()).next);
    await log.trim(before);
    this.#loaded.get(key)?.trimmed(before);
  }

  /** The device is gone. Positions go on, should it come back: new entries must not pass for those it has. */
  async empty(folded: string, device: string): Promise<void> {
    await this.ack(folded, device, Number.MAX_SAFE_INTEGER);
  }

  async #deliver(key: string, { folded, device, letters }: Destination, from: DeviceAddress): Promise<void> {
    for (;;) {
      const opening = this.#mailbox(key);
      try {
        const entries = await (await opening).put(from, letters, this.#init.clock.now());
        if (entries.length > 0) this.#init.onStored(folded, device, entries);
        return;
      } catch (error) {
        // What is in memory may be wrong now: the next one reads the log again.
        if (hasCode(error, 'mailbox-full') || hasCode(error, 'mailbox-share')) throw error;
        if (this.#open.get(key) === opening) this.#forget(key);
        if (!hasCode(error, 'store-conflict')) throw error;
      }
    }
  }

  #mailbox(key: string): Promise<Mailbox> {
    const known = this.#open.get(key);
    if (known !== undefined) {
      this.#open.delete(key);
      this.#open.set(key, known);
      return known;
    }
    const loading = Mailbox.load(key.slice(0, key.indexOf('/')), this.#log(key), this.#quota);
    this.#open.set(key, loading);
    loading.then(
      (mailbox) => {
        if (this.#open.get(key) === loading) this.#loaded.set(key, mailbox);
        this.#evict();
      },
      () => this.#forget(key),
    );
    return loading;
  }

  #evict(): void {
    let ids = 0;
    for (const mailbox of this.#loaded.values()) ids += mailbox.remembered;
    for (const key of this.#open.keys()) {
      if (this.#loaded.size <= CACHED_MAILBOXES && ids <= CACHED_IDS) return;
      const mailbox = this.#loaded.get(key);
      if (mailbox === undefined || mailbox.writing > 0) continue;
      ids -= mailbox.remembered;
      this.#forget(key);
    }
  }

  #forget(key: string): void {
    this.#open.delete(key);
    this.#loaded.delete(key);
  }

  #log(key: string): Log {
    return this.#init.store.logs('mailbox').log(key);
  }
}
