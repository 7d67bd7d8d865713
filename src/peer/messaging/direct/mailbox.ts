import { type Failure, toFailure } from '../../../base/errors.js';
import type { LocalStore } from '../../../store/local.js';
import type { DeviceAddress, MailboxEntry } from '../../../wire/directory.js';
import type { DirectoryRequest } from '../../../wire/directory-request.js';
import { MAILBOX_PAGE } from '../../../wire/limits.js';
import { parcelCodec } from '../../../wire/peer-link.js';
import type { Tables } from '../../storage/tables.js';
import type { QueuedItem } from '../delivery-link.js';
import type { Incoming } from './receiver.js';

export interface MailboxInit {
  readonly tables: Tables;
  readonly disk: LocalStore;
  request: DirectoryRequest;
  accept(incoming: Incoming): Promise<void>;
  join(number: number, welcome: Uint8Array): Promise<void>;
  /** Called for an entry that can't be accepted; it is skipped, so that it doesn't block those behind it. */
  onRefused(entry: MailboxEntry, why: Failure): void;
}

/** Failures that say nothing about the entry: reading stops, and goes on there later. */
const TRANSIENT: ReadonlySet<string> = new Set(['unreachable', 'storage', 'limit']);

/** Empties this device's mailbox at the directory, in order: on disk here first, then acknowledged there. */
export class Mailbox {
  readonly #init: MailboxInit;
  #through: number | undefined;
  /** Entries up to here may have been taken in, as those of a store that was set back since. */
  #before = 0;
  #draining: Promise<void> | undefined;
  #again = false;

  constructor(init: MailboxInit) {
    this.#init = init;
  }

  /** Resolves when everything that was there at the call has been taken in. */
  drain(): Promise<void> {
    if (this.#draining !== undefined) this.#again = true;
    this.#draining ??= this.#drain().finally(() => {
      this.#draining = undefined;
    });
    return this.#draining;
  }

  /** The directory's store was set back: its positions begin anew, and what is known is known by its id. */
  async again(): Promise<void> {
    await this.#draining?.catch(() => {});
    this.#before = Math.max(this.#before, await this.#position());
    this.#through = 0;
  }

  async #position(): Promise<number> {
    this.#through ??= (await this.#init.tables.mailbox.get('self'))?.through ?? 0;
    return this.#through;
  }

  async #drain(): Promise<void> {
    do {
      this.#again = false;
      while (await this.#page()) {}
    } while (this.#again);
  }

  /** @returns whether there is more */
  async #page(): Promise<boolean> {
    const after = await this.#position();
    const { entries, more } = await this.#init.request('mailbox.read', { after, limit: MAILBOX_PAGE });
    let through = after;
    for (const entry of entries) {
      await this.#take(entry);
      through = entry.position;
    }
    if (through === after) return false;
    await this.#init.disk.write([this.#init.tables.mailbox.put(['self'], { through })]);
    this.#through = through;
    await this.#init.request('mailbox.ack', { through });
    return more;
  }

  async #take(entry: MailboxEntry): Promise<void> {
    try {
      const parcel = parcelCodec.decode(entry.sealed);
      if (parcel.kind === 'welcome') await this.#init.join(parcel.number, parcel.welcome);
      else await this.#init.accept({ id: entry.id, group: parcel.group, sealed: parcel.sealed, via: 'mailbox' });
    } catch (error) {
      const why = toFailure(error);
      if (TRANSIENT.has(why.reason)) throw why;
      // It was accepted before, and its keys went with that.
      if (why.code === 'welcome-unknown' && entry.position <= this.#before) return;
      this.#init.onRefused(entry, why);
    }
  }
}

/** Into the mailbox of a device, in order. */
export async function putInMailbox(
  request: DirectoryRequest,
  { user, device }: DeviceAddress,
  items: readonly QueuedItem[],
): Promise<void> {
  const parcels = items.map(({ id, group, sealed }) => ({
    ...{ user, device, id },
    sealed: parcelCodec.encode({ kind: 'message', group, sealed }),
  }));
  await request('mailbox.put', { parcels });
}
