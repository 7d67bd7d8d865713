import { timestamp } from '../../../base/clock.js';
import { type Failure, toFailure } from '../../../base/errors.js';
import type { Content } from '../../../wire/content.js';
import type { MailboxEntry } from '../../../wire/directory.js';
import { foldName } from '../../../wire/names.js';
import type { MessageRow } from '../../storage/tables.js';
import { DeliveryReceipts } from '../delivery-receipts.js';
import { Mailbox, type MailboxInit } from './mailbox.js';

export interface MailReceiverInit extends Omit<MailboxInit, 'onRefused'> {
  /** The name of this account. */
  readonly self: string;
  isOnline(): boolean;
  isBlocked(user: string): boolean;
  /** Sends when it can be sent; nobody waits for it. */
  sendLater(user: string, content: Content): void;
  report(what: string, why: Failure): void;
  /** Runs it in a while, unless the program ends before. */
  inAWhile(work: () => Promise<void>): void;
}

/** Takes in what waited at the directory, and tells those who sent it what became of it. */
export class MailReceiver {
  readonly #init: MailReceiverInit;
  readonly #mailbox: Mailbox;
  readonly #receipts = new DeliveryReceipts();
  #isFull = false;

  constructor(init: MailReceiverInit) {
    this.#init = init;
    this.#mailbox = new Mailbox({ ...init, onRefused: (entry, why) => this.#refused(entry, why) });
  }

  /** Empties the mailbox where the directory can be reached, and tells senders what came. */
  async drain(): Promise<void> {
    if (!this.#init.isOnline()) return;
    try {
      await this.#mailbox.drain();
      this.#isFull = false;
    } catch (error) {
      const { reason } = toFailure(error);
      if (reason === 'storage' && this.#tryAgain()) throw error;
      if (reason !== 'unreachable' && reason !== 'storage') throw error;
    }
    for (const { user, content } of this.#receipts.take()) this.#init.sendLater(user, content);
  }

  /** The directory's store was set back: all of the mailbox is read anew. */
  async again(): Promise<void> {
    await this.#mailbox.again();
    await this.drain();
  }

  /** There may be room on the disk again. @returns whether this is the first of these tries */
  #tryAgain(): boolean {
    const first = !this.#isFull;
    this.#isFull = true;
    this.#init.inAWhile(async () => {
      await this.drain();
    });
    return first;
  }

  /** A line came by the mailbox: its sender hears that it is here. */
  owesReceipt({ from, id }: Pick<MessageRow, 'from' | 'id'>): void {
    if (foldName(from) !== foldName(this.#init.self)) this.#receipts.delivered(from, id);
  }

  #refused({ from: { user }, id, storedAt }: MailboxEntry, why: Failure): void {
    if (this.#init.isBlocked(user)) return;
    this.#init.report(`a message of ${user} from ${timestamp(storedAt)} could not be taken in`, why);
    if (why.reason !== 'trust') this.#receipts.unreadable(user, id);
  }
}
