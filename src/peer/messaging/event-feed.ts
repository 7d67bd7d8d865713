import type { Cancel, Clock } from '../../base/clock.js';
import type { LocalStore } from '../../store/local.js';
import type { MessageEvent, PeerEvent } from '../api/events.js';
import type { MessageRow, Tables } from '../storage/tables.js';
import { hide, type LineLook, marksOf, placeOf } from './message-view.js';

interface FeedLook extends LineLook {
  /** Of somebody this person wants to hear nothing of. */
  isUnwanted(event: PeerEvent): boolean;
}

/**
 * That something was shown is written with what is shown within this time after it, so that a message costs one write to the
 * disk and not two. Whoever is killed within it is shown those lines again, as history.
 */
const FORGET_AFTER_MS = 200;
const DISK_RETRY_MS = 5_000;
const UNTOLD = 32;

/**
 * Hands events to whoever watches. A message stays noted as unseen until somebody has been given it, so that what comes
 * while nobody watches, or just before a crash, is shown by the next who does.
 */
export class EventFeed {
  readonly #tables: Tables;
  readonly #store: LocalStore;
  readonly #look: FeedLook;
  readonly #listeners = new Set<(event: PeerEvent) => void>();
  readonly #clock: Clock;
  #seen: number[] = [];
  /** What went wrong while nobody watched, as while this program came to be online. */
  #untold: PeerEvent[] = [];
  #waiting: Cancel | undefined;
  #forgetting: Promise<void> | undefined;
  #closed = false;

  constructor(tables: Tables, store: LocalStore, look: FeedLook, clock: Clock) {
    this.#tables = tables;
    this.#store = store;
    this.#look = look;
    this.#clock = clock;
  }

  subscribe(listener: (event: PeerEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  get isWatched(): boolean {
    return this.#listeners.size > 0;
  }

  emit(event: PeerEvent): void {
    if (this.#look.isUnwanted(event)) return;
    if (this.#listeners.size === 0 && event.event === 'error') this.#untold = [...this.#untold, event].slice(-UNTOLD);
    for (const listener of this.#listeners) listener(event);
  }

  /** A line of the time before this device came. */
  emitPast(row: MessageRow): void {
    this.emit({ ...this.#eventOf(row), history: true });
  }

  /** A line that has just been written. @param unseen its note's number */
  emitLine(row: MessageRow, unseen: number): void {
    if (this.#listeners.size === 0) return;
    this.emit(this.#eventOf(row));
    this.#forget(unseen);
  }

  async replayUnseen(): Promise<void> {
    for (const event of this.#untold.splice(0)) this.emit(event);
    for await (const { order, conversation, number } of this.#tables.unseen.range(['all'])) {
      if (this.#listeners.size === 0) return;
      if (this.#seen.includes(order)) continue;
      const row = await this.#tables.messages.get(conversation, number);
      if (row && !row.deleted) this.emit({ ...this.#eventOf(row), history: true });
      this.#forget(order);
    }
  }

  #eventOf(row: MessageRow): MessageEvent {
    const event = toEvent(row);
    if (this.#look.isHidden(row)) return hide(event);
    return this.#look.isMuted(row) ? { ...event, muted: true } : event;
  }

  /** Resolves when what was shown is no longer noted as unseen. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#forgetNow();
    await this.#forgetting;
  }

  #forget(unseen: number): void {
    this.#seen.push(unseen);
    this.#waiting ??= this.#clock.after(FORGET_AFTER_MS, () => this.#forgetNow());
  }

  #forgetNow(): void {
    this.#waiting?.();
    this.#waiting = undefined;
    this.#forgetting ??= this.#flush()
      .catch(() => this.#forgetLater())
      .finally(() => {
        this.#forgetting = undefined;
      });
  }

  /** A full disk may have room again; until then what was shown is shown once more after a restart, and no more. */
  #forgetLater(): void {
    if (!this.#closed) this.#waiting ??= this.#clock.after(DISK_RETRY_MS, () => this.#forgetNow());
  }

  async #flush(): Promise<void> {
    while (this.#seen.length > 0) {
      // What is shown while this is written belongs to the next round.
      const orders = [...this.#seen];
      await this.#store.write(orders.map((order) => this.#tables.unseen.remove(['all', order])));
      this.#seen = this.#seen.slice(orders.length);
    }
  }
}

const toEvent = (row: MessageRow): MessageEvent => ({
  event: 'message',
  ...placeOf(row),
  via: row.via ?? 'direct',
  ...marksOf(row),
});
