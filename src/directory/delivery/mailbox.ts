import { hex } from '../../base/bytes.js';
import { Failure } from '../../base/errors.js';
import { sha256 } from '../../crypto/hash.js';
import type { Log } from '../../store/store.js';
import type { DeviceAddress, MailboxEntry } from '../../wire/directory.js';
import { foldName } from '../../wire/names.js';
import { isWithinShare } from '../guard/shares.js';
import { REMEMBERED_IDS } from '../limits.js';
import { type Mail, mailCodec } from '../rows.js';

/** The part of a Parcel that one mailbox stores. */
export interface Letter {
  readonly id: Uint8Array;
  readonly sealed: Uint8Array;
}

export interface MailboxQuota {
  readonly entries: number;
  readonly bytes: number;
}

interface Kept {
  /** The folded name of who left it. */
  readonly from: string;
  readonly size: number;
}

/** On the wire positions begin with 1, so that 0 is before all of them. */
export const wirePosition = (logPosition: number): number => logPosition + 1;

/**
 * One device's mailbox as it stands in memory: what its log holds, without the contents. Places are decided here, at
 * once; the way to the disk goes on behind, and several writes share it.
 */
export class Mailbox {
  readonly #owner: string;
  readonly #log: Log;
  readonly #quota: MailboxQuota;
  /** The entries kept, oldest first. */
  readonly #kept: Kept[] = [];
  /** What each account takes, by its folded name. */
  readonly #senders = new Map<string, { entries: number; bytes: number }>();
  /** letterKey of what is kept and of some of what was fetched, oldest first; with the write that isn't done yet. */
  readonly #ids = new Map<string, Promise<void> | undefined>();
  #bytes = 0;
  #next = 0;
  writing = 0;

  private constructor(owner: string, log: Log, quota: MailboxQuota) {
    this.#owner = owner;
    this.#log = log;
    this.#quota = quota;
  }

  /** @param owner the folded name of whom it belongs to */
  static async load(owner: string, log: Log, quota: MailboxQuota): Promise<Mailbox> {
    const mailbox = new Mailbox(owner, log, quota);
    const { next } = await log.ends();
    mailbox.#next = next;
    for await (const { value } of log.read()) {
      const mail = mailCodec.decode(value);
      mailbox.#note(keptOf(mail, value), letterKey(mail.from, mail), undefined);
    }
    return mailbox;
  }

  get remembered(): number {
    return this.#ids.size;
  }

  /**
   * Resolves with what is new, when everything is on disk.
   * @throws Failure limit 'mailbox-full', 'mailbox-share'; storage 'store-conflict' where the log isn't as this object knows it
   */
  async put(from: DeviceAddress, letters: readonly Letter[], now: number): Promise<MailboxEntry[]> {
    const byId = new Map(letters.map((letter) => [letterKey(from, letter), letter]));
    const fresh = [...byId].filter(([key]) => !this.#ids.has(key)).map(([, letter]) => letter);
    const known = [...byId.keys()].map((key) => this.#ids.get(key));
    const mails = fresh.map(({ id, sealed }): Mail => ({ from, id, sealed, storedAt: now }));
    const written = mails.length > 0 ? this.#append(mails) : undefined;
    await Promise.all(known);
    if (written === undefined) return [];
    const position = await written;
    return mails.map((mail, index) => ({ position: wirePosition(position + index), ...mail }));
  }

  /** Log positions before `before` are gone. */
  trimmed(before: number): void {
    const first = this.#next - this.#kept.length;
    for (const { from, size } of this.#kept.splice(0, Math.max(0, before - first))) this.#count(from, -1, -size);
    for (const [id, writing] of this.#ids) {
      if (this.#ids.size <= this.#kept.length + REMEMBERED_IDS || writing !== undefined) break;
      this.#ids.delete(id);
    }
  }

  async #append(mails: readonly Mail[]): Promise<number> {
    const values = mails.map((mail) => mailCodec.encode(mail));
    this.#assertRoom(foldName(mails[0]!.from.user), values);
    const position = this.#next;
    this.#next += values.length;
    const appended = this.#log.appendMany(values, { expect: position });
    const done = appended.then(() => {});
    // Whoever waits for it hears of it; nobody may be waiting.
    done.catch(() => {});
    const keys = mails.map((mail) => letterKey(mail.from, mail));
    keys.forEach((key, index) => {
      this.#note(keptOf(mails[index]!, values[index]!), key, done);
    });
    this.writing++;
    try {
      return await appended;
    } finally {
      this.writing--;
      for (const key of keys) if (this.#ids.get(key) === done) this.#ids.set(key, undefined);
    }
  }

  #assertRoom(from: string, values: readonly Uint8Array[]): void {
    const { entries, bytes } = this.#quota;
    const size = values.reduce((sum, value) => sum + value.length, 0);
    if (this.#kept.length + values.length > entries || this.#bytes + size > bytes) throw full(this.#quota);
    // What one's own devices tell each other shares with nobody.
    if (from === this.#owner) return;
    const own = this.#senders.get(from) ?? { entries: 0, bytes: 0 };
    const hasShare =
      isWithinShare({ own: own.entries, all: this.#kept.length }, values.length, entries) &&
      isWithinShare({ own: own.bytes, all: this.#bytes }, size, bytes);
    if (!hasShare) throw shareTaken(own);
  }

  #note(kept: Kept, id: string, writing: Promise<void> | undefined): void {
    this.#kept.push(kept);
    this.#count(kept.from, 1, kept.size);
    this.#ids.set(id, writing);
  }

  #count(from: string, entries: number, bytes: number): void {
    this.#bytes += bytes;
    const own = this.#senders.get(from) ?? { entries: 0, bytes: 0 };
    own.entries += entries;
    own.bytes += bytes;
    if (own.entries > 0) this.#senders.set(from, own);
    else this.#senders.delete(from);
  }
}

const keptOf = ({ from }: Mail, { length: size }: Uint8Array): Kept => ({ from: foldName(from.user), size });

const full = ({ entries, bytes }: MailboxQuota): Failure =>
  new Failure('mailbox-full', 'the mailbox of the receiving device is full', { details: { entries, bytes } });

const shareTaken = ({ entries, bytes }: { entries: number; bytes: number }): Failure =>
  new Failure('mailbox-share', 'as much of yours waits for the receiving device as one account may leave there', {
    details: { entries, bytes },
  });

/**
 * The same letter again has the same sender, id and bytes. The same id with other bytes is another one: a message that
 * could not be opened is sealed again under its id.
 */
const letterKey = ({ device }: DeviceAddress, { id, sealed }: Letter): string =>
  `${device}/${hex(id)}/${hex(sha256(sealed).subarray(0, 8))}`;
