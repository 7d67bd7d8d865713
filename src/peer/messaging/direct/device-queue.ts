import { sameBytes } from '../../../base/bytes.js';
import type { Cancel, Clock } from '../../../base/clock.js';
import { type Failure, toFailure, waitOf } from '../../../base/errors.js';
import type { DeviceAddress } from '../../../wire/directory.js';
import type { DeliveryLink, QueuedItem } from '../delivery-link.js';
import { permanenceOf } from '../permanence.js';

export interface DeviceQueueInit {
  readonly address: DeviceAddress;
  readonly clock: Clock;
  /** The link there is, or one dialled now; undefined where the device can't be reached. */
  link(address: DeviceAddress): Promise<DeliveryLink | undefined>;
  /** Puts sealed messages into the device's mailbox, in order. Throws while the directory can't be reached. */
  store(address: DeviceAddress, items: readonly QueuedItem[]): Promise<void>;
  onDelivered(item: QueuedItem): void;
  onStored(items: readonly QueuedItem[]): void;
  /** The device is none of its account's any more: nobody takes these, and they are not tried again. */
  onGone(items: readonly QueuedItem[]): void;
  /** Why nothing leaves for now. */
  onStuck(why: Failure): void;
}

/** Unanswered deliveries on a link: enough to fill it, few enough to send again after a loss. */
const WINDOW = 64;
const MAILBOX_BATCH = 16;
const RETRY_MS = 2_000;
/** A link that is dialled is not waited for any longer, where all that waits is signals and the mailbox takes them. */
const SIGNAL_WAIT_MS = 150;

/**
 * The way of messages to one device, in order: over the link while there is one, else into the mailbox, else they wait.
 * What was sent on a link and not acknowledged before it broke is sent again; the receiver knows it by its id. What follows
 * something in the mailbox over a link says so, since the device may not have read it yet.
 */
export class DeviceQueue {
  readonly #init: DeviceQueueInit;
  readonly #items = new Set<QueuedItem>();
  #unsent: QueuedItem[] = [];
  /** Some are in the mailbox, and nothing shows that the device has looked there since. */
  #mailed = false;
  #running: Promise<void> | undefined;
  #again = false;
  #closed = false;
  #cancelRetry: Cancel = () => {};
  /** Why what waits does, as it was told: a backlog that is let through by and by is stuck many times for one reason. */
  #told: string | undefined;

  constructor(init: DeviceQueueInit) {
    this.#init = init;
  }

  get isEmpty(): boolean {
    return this.#items.size === 0;
  }

  push(item: QueuedItem): void {
    this.#items.add(item);
    this.#unsent.push(item);
    this.poke();
  }

  /** It is not to be sent any more; what is under way may still arrive. */
  drop(id: Uint8Array): void {
    for (const item of this.#items) if (sameBytes(item.id, id)) this.#items.delete(item);
    this.#unsent = this.#unsent.filter((item) => this.#items.has(item));
  }

  /** Something has changed that may let messages leave: a link, a presence, the directory. */
  poke(): void {
    if (this.#closed || this.isEmpty) return;
    this.#again = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Waits for what is being sent; nothing more is. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelRetry();
    await this.#running;
  }

  async #run(): Promise<void> {
    this.#cancelRetry();
    while (this.#again && !this.#closed) {
      this.#again = false;
      try {
        await this.#drain();
      } catch (error) {
        this.#failed(toFailure(error));
      }
    }
    if (this.isEmpty) this.#told = undefined;
  }

  async #drain(): Promise<void> {
    const dialled = this.#init.link(this.#init.address);
    if (await this.#isHurried(dialled)) {
      // What was said meanwhile waits for the link.
      this.#again ||= !this.isEmpty;
      return;
    }
    const link = await dialled;
    const refused = link ? await this.#overLink(link) : undefined;
    if (this.isEmpty || (link && refused === undefined)) return;
    // What the device can't take over the link, its mailbox can: a Welcome may stand before it there.
    await this.#intoMailbox();
  }

  /** @returns whether all went into the mailbox, since no link was there in time */
  async #isHurried(dialled: Promise<unknown>): Promise<boolean> {
    for (const { signal } of this.#items) if (signal !== true) return false;
    let cancel: Cancel = () => {};
    const tooLong = new Promise<'too long'>((resolve) => {
      cancel = this.#init.clock.after(SIGNAL_WAIT_MS, () => resolve('too long'));
    });
    const first = await Promise.race([dialled, tooLong]).finally(cancel);
    if (first !== 'too long' || this.#closed) return false;
    dialled.catch(() => {});
    return this.#intoMailbox(({ signal }) => signal === true).then(
      () => true,
      () => false,
    );
  }

  /**
   * @returns why the device could not take an item, undefined when all are delivered or the link broke
   */
  async #overLink(link: DeliveryLink): Promise<Failure | undefined> {
    const flying = new Set<Promise<void>>();
    let refused: Failure | undefined;
    let broken = false;
    const judge = (error: unknown): void => {
      const why = toFailure(error);
      if (why.reason === 'unreachable') broken = true;
      else refused ??= why;
    };
    this.#unsent = [...this.#items];
    // The others follow the first, which waits there for the mailbox.
    let first = true;
    while (!refused && !broken && !this.#closed) {
      const item = flying.size < WINDOW ? this.#unsent.shift() : undefined;
      if (item) {
        const isBehind = first && this.#mailed;
        first = false;
        const flight = link.deliver(item, isBehind).then(() => this.#delivered(item, isBehind), judge);
        flying.add(flight);
        void flight.then(() => flying.delete(flight));
      } else if (flying.size > 0) await Promise.race(flying);
      else break;
    }
    await Promise.all(flying);
    this.#again ||= broken;
    return refused;
  }

  async #intoMailbox(takes: (item: QueuedItem) => boolean = () => true): Promise<void> {
    while (!this.#closed) {
      const batch = [...this.#items].filter(takes).slice(0, MAILBOX_BATCH);
      if (batch.length === 0) return;
      await this.#init.store(this.#init.address, batch);
      this.#mailed = true;
      for (const item of batch) this.#items.delete(item);
      this.#init.onStored(batch);
    }
  }

  #delivered(item: QueuedItem, isBehind: boolean): void {
    if (isBehind) this.#mailed = false;
    this.#items.delete(item);
    this.#init.onDelivered(item);
  }

  #failed(why: Failure): void {
    if (permanenceOf(why) === undefined) {
      this.#stuck(why);
      return;
    }
    const items = [...this.#items];
    this.#items.clear();
    this.#unsent = [];
    this.#init.onGone(items);
  }

  #stuck(why: Failure): void {
    if (this.#told !== why.code) this.#init.onStuck(why);
    this.#told = why.code;
    this.#cancelRetry = this.#init.clock.after(Math.max(RETRY_MS, waitOf(why)), () => this.poke());
  }
}
