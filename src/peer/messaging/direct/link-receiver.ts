import type { Clock } from '../../../base/clock.js';
import { hasCode } from '../../../base/errors.js';
import type { Scope } from '../../../base/scope.js';
import { within } from '../../../base/within.js';
import type { PeerMethods } from '../../../wire/peer-link.js';
import type { Params } from '../../../wire/rpc.js';
import type { DirectReceiver, Incoming } from './receiver.js';

export interface LinkReceiverInit {
  readonly clock: Clock;
  readonly scope: Scope;
  readonly receiver: DirectReceiver;
  /** Takes in what is a group's. @returns false where it is of no group */
  takeForGroup(incoming: Incoming): Promise<boolean>;
  isOnline(): boolean;
  drainMailbox(): Promise<void>;
  /** The mailbox has been emptied, where the directory can be reached: what was in it is older. */
  mailboxEmptied(): Promise<void>;
}

/** The link over which a message comes. */
export interface ArrivalLink {
  readonly via: 'direct' | 'lan' | 'relay';
}

/** A directory that does not answer holds up no message between two who are linked. */
const MAILBOX_WITHIN_MS = 2_000;
/** What others say has a device ask its directory no more often than that. */
const MAILBOX_EVERY_MS = 1_000;

/** Messages as they come over links. */
export class LinkReceiver {
  readonly #init: LinkReceiverInit;
  /** By link: the message before. */
  readonly #taking = new WeakMap<object, Promise<unknown>>();
  /** The mailbox, as it is read. */
  #reading: Promise<void> = Promise.resolve();
  /** A reading that has not begun, for all who ask until then. */
  #next: Promise<void> | undefined;
  #began = Number.NEGATIVE_INFINITY;

  constructor(init: LinkReceiverInit) {
    this.#init = init;
  }

  /**
   * One after the other, as they were sent: one that has to wait for its Welcome is not overtaken, nor what lies in the mailbox
   * by what was said after it.
   */
  async deliver({ id, group, sealed, mailed }: Params<PeerMethods, 'deliver'>, link: ArrivalLink): Promise<void> {
    const incoming = { id, group, sealed, via: link.via };
    const { mailboxEmptied, isOnline } = this.#init;
    if (mailed && isOnline()) this.#next ??= this.#readMailbox();
    const read = mailed && this.#next;
    const before = Promise.all([this.#taking.get(link), mailboxEmptied(), read]);
    const taken = before.then(() => this.#takeIn(incoming));
    this.#taking.set(
      link,
      taken.catch(() => {}),
    );
    await (await taken).done;
  }

  async #readMailbox(): Promise<void> {
    const { clock, scope, drainMailbox } = this.#init;
    await this.#reading;
    const rest = this.#began + MAILBOX_EVERY_MS - clock.monotonic();
    if (rest > 0) await scope.pause(clock, rest);
    this.#next = undefined;
    this.#began = clock.monotonic();
    this.#reading = within(this.#init, drainMailbox(), MAILBOX_WITHIN_MS);
    await this.#reading;
  }

  async #takeIn(incoming: Incoming): Promise<{ done: Promise<unknown> }> {
    const { receiver, takeForGroup, isOnline, drainMailbox } = this.#init;
    if (await takeForGroup(incoming)) return { done: Promise.resolve() };
    try {
      return await receiver.take(incoming);
    } catch (error) {
      // The Welcome into this group may be in the mailbox, on its way past the message.
      if (!hasCode(error, 'group-unknown') || !isOnline()) throw error;
      await drainMailbox();
      return receiver.take(incoming);
    }
  }
}
