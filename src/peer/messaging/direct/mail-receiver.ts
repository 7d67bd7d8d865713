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
}

/** Takes in what waited at the directory, and tells those who sent it what became of it. */
export class MailReceiver {
  readonly #init: MailReceiverInit;
  readonly #mailbox: Mailbox;
  readonly #receipts = new DeliveryReceipts();

  constructor(init: MailReceiverInit) {
    this.#init = init;
    this.#mailbox = new Mailbox({ ...init, onRefused: (entry, why) => this.#refused(entry, why) });
  }

  /** Empties the mailbox where the directory can be reached, and tells senders what came. */
  async drain(): Promise<void> {
    if (!this.#init.isOnline()) return;
    try {
      await this.#mailbox.drain();
    } catch (error) {
      if (toFailure(error).reason !== 'unreachable') throw error;
    }
    for (const { user, content } of this.#receipts.take()) this.#init.sendLater(user, content);
  }

  /** The directory's store was set back: all of the mailbox is read anew. */
  async again(): Promise<void> {
    await this.#mailbox.again();
    await this.drain();
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
