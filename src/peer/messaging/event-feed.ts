import { hex } from '../../base/bytes.js';
import type { Cancel, Clock } from '../../base/clock.js';
import type { LocalStore } from '../../store/local.js';
import type { LinkEvent, MessageEvent, PeerEvent } from '../api/events.js';
import type { Listener } from '../api/peer.js';
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
/** Whoever was handed something has so long to say that he took it, where somebody waits for that. */
const TAKEN_WITHIN_MS = 1_000;
const UNTOLD = 32;

/**
 * Hands events to whoever watches. A message stays noted as unseen until somebody has taken it, so that what comes while
 * nobody watches, just before a crash, or into a pipe that nobody reads any more, is shown by the next who does.
 */
export class EventFeed {
  readonly #tables: Tables;
  readonly #store: LocalStore;
  readonly #look: FeedLook;
  readonly #listeners = new Set<Listener>();
  readonly #clock: Clock;
  /** Notes of what was shown, until they are gone from the disk. */
  readonly #seen = new Set<number>();
  /** Of those, and of what a replay under way may still read from the disk, all that was shown. */
  readonly #shown = new Set<number>();
  /** What listeners were handed and have not taken yet, by its note. */
  readonly #handed = new Map<number, Promise<void>>();
  /** The note of the first line that came while what came before is still being shown: it follows from the disk. */
  #heldFrom: number | undefined;
  #replaying: Promise<void> | undefined;
  /** What went wrong while nobody watched, as while this program came to be online. */
  #untold: PeerEvent[] = [];
  /** What somebody is told as soon as they watch. */
  #later: (() => void)[] = [];
  /** The links that came up while nobody watched, by user, as they are by now. */
  readonly #unheard = new Map<string, LinkEvent>();
  #waiting: Cancel | undefined;
  #forgetting: Promise<void> | undefined;
  #closed = false;

  constructor(tables: Tables, store: LocalStore, look: FeedLook, clock: Clock) {
    this.#tables = tables;
    this.#store = store;
    this.#look = look;
    this.#clock = clock;
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  get isWatched(): boolean {
    return this.#listeners.size > 0;
  }

  /** For what is told once, to somebody: at once, or when what came before is shown to who watches. */
  whenWatched(tell: () => void): void {
    if (this.#listeners.size > 0) tell();
    else this.#later = [...this.#later, tell].slice(-UNTOLD);
  }

  emit(event: PeerEvent): void {
    // Whether it was taken matters where it is kept, which is for messages alone.
    void this.#give(event)?.catch(() => {});
  }

  /** The same, of what is kept until somebody was told of it. @returns whether somebody has taken it */
  async tell(event: PeerEvent): Promise<boolean> {
    if (this.#listeners.size === 0) return false;
    const taken = this.#give(event);
    return taken === undefined || this.#within(taken.then(yes, no));
  }

  /** Some readers never take what they were handed. */
  async #within(taken: Promise<boolean>): Promise<boolean> {
    let cancel: Cancel | undefined;
    const over = new Promise<boolean>((resolve) => {
      cancel = this.#clock.after(TAKEN_WITHIN_MS, () => resolve(false));
    });
    return Promise.race([taken, over]).finally(() => cancel?.());
  }

  /** @returns what resolves when the first has taken it, and is rejected where nobody does; nothing where it counts as taken */
  #give(event: PeerEvent): Promise<void> | undefined {
    if (this.#look.isUnwanted(event)) return undefined;
    if (this.#listeners.size === 0) this.#remember(event);
    const taken = [...this.#listeners].map((listener) => listener(event));
    const later = taken.filter((each) => each instanceof Promise);
    const first: Promise<void> | undefined = later.length === 0 ? undefined : Promise.any(later);
    if (later.length === taken.length) return first;
    first?.catch(() => {});
    return undefined;
  }

  #hand(event: MessageEvent, order: number): void {
    const taken = this.#give(event);
    if (taken === undefined) {
      this.#forget(order);
      return;
    }
    const settled = taken.then(
      () => {
        this.#handed.delete(order);
        this.#forget(order);
      },
      () => void this.#handed.delete(order),
    );
    this.#handed.set(order, settled);
  }

  #remember(event: PeerEvent): void {
    if (event.event === 'error') this.#untold = [...this.#untold, event].slice(-UNTOLD);
    if (event.event !== 'link') return;
    if (event.state === 'down') this.#unheard.delete(event.user);
    else this.#unheard.set(event.user, event);
  }

  #tellUntold(): void {
    for (const event of this.#untold.splice(0)) this.emit(event);
    for (const tell of this.#later.splice(0)) tell();
    const links = [...this.#unheard.values()];
    this.#unheard.clear();
    for (const link of links) this.emit(link);
  }

  /** A line of the time before this device came. */
  emitPast(row: MessageRow): void {
    this.emit({ ...this.#eventOf(row), history: true });
  }

  /** A line that has just been written; behind what is being replayed. @param unseen its note's number */
  emitLine(row: MessageRow, unseen: number): void {
    if (this.#listeners.size === 0) return;
    if (this.#replaying !== undefined) {
      this.#heldFrom = Math.min(unseen, this.#heldFrom ?? unseen);
      return;
    }
    this.#hand(this.#eventOf(row), unseen);
  }

  /** Shows what nobody has been shown. Resolves when all of it was, and what came meanwhile. */
  replayUnseen(): Promise<void> {
    this.#replaying ??= this.#replay();
    return this.#replaying;
  }

  async #replay(): Promise<void> {
    try {
      this.#tellUntold();
      await this.#replayFrom(0, true);
      for (let from = this.#heldFrom; from !== undefined && this.#listeners.size > 0; from = this.#heldFrom) {
        this.#heldFrom = undefined;
        await this.#replayFrom(from, false);
      }
    } finally {
      this.#heldFrom = undefined;
      this.#shown.clear();
      for (const order of this.#seen) this.#shown.add(order);
      this.#replaying = undefined;
    }
  }

  async #replayFrom(from: number, past: boolean): Promise<void> {
    for await (const note of this.#tables.unseen.range(['all'], { from })) {
      const { order, id } = note;
      if (this.#listeners.size === 0) return;
      if (this.#shown.has(order) || this.#handed.has(order)) continue;
      // It may have another number by now.
      const place = id && (await this.#tables.places.get(hex(id)));
      const { conversation, number } = place ?? note;
      const row = await this.#tables.messages.get(conversation, number);
      if (row && !row.deleted) this.#hand({ ...this.#eventOf(row), ...(past && { history: true }) }, order);
      else this.#forget(order);
    }
  }

  #eventOf(row: MessageRow): MessageEvent {
    const event = toEvent(row);
    if (this.#look.isHidden(row)) return hide(event);
    return this.#look.isMuted(row) ? { ...event, muted: true } : event;
  }

  /** Resolves when what was shown is no longer noted as unseen. */
  async close(): Promise<void> {
    if (this.#handed.size > 0) await this.#within(Promise.all(this.#handed.values()).then(yes));
    this.#closed = true;
    this.#forgetNow();
    await this.#forgetting;
  }

  #forget(unseen: number): void {
    this.#seen.add(unseen);
    this.#shown.add(unseen);
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
    while (this.#seen.size > 0) {
      // What is shown while this is written belongs to the next round.
      const orders = [...this.#seen];
      await this.#store.write(orders.map((order) => this.#tables.unseen.remove(['all', order])));
      for (const order of orders) {
        this.#seen.delete(order);
        // A replay under way may have read the note before it went.
        if (this.#replaying === undefined) this.#shown.delete(order);
      }
    }
  }
}

const yes = (): boolean => true;
const no = (): boolean => false;

const toEvent = (row: MessageRow): MessageEvent => ({
  event: 'message',
  ...placeOf(row),
  via: row.via ?? 'direct',
  ...marksOf(row),
});
