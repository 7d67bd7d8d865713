import { hex, sameBytes } from '../../../base/bytes.js';
import { type Failure, toFailure } from '../../../base/errors.js';
import type { LocalStore, Step } from '../../../store/local.js';
import { contentCodec } from '../../../wire/content.js';
import type { DeviceAddress } from '../../../wire/directory.js';
import { foldName } from '../../../wire/names.js';
import type { DeliveryState } from '../../api/events.js';
import type { OutboxRow, Tables } from '../../storage/tables.js';
import type { QueuedItem } from '../delivery-link.js';
import { isAtLeast } from '../delivery-state.js';
import type { History } from '../history.js';
import { textOf } from '../message-content.js';
import { DeviceQueue, type DeviceQueueInit } from './device-queue.js';

export interface OutboxInit extends Pick<DeviceQueueInit, 'clock' | 'link' | 'store'> {
  readonly tables: Tables;
  readonly disk: LocalStore;
  readonly history: History;
  readonly self: DeviceAddress;
  /** The delivery state of a message of ours has been raised. */
  onState(id: string, user: string, state: DeliveryState): void;
  /** All devices that it was encrypted for are gone: it has to be encrypted again. Must not throw. */
  onOrphaned(row: OutboxRow): void;
  onStuck(user: string, why: Failure): void;
}

interface Entry {
  readonly row: OutboxRow;
  /** The devices that lack it. */
  readonly pending: Map<string, DeviceAddress>;
  /** In whose mailboxes it is. */
  readonly stored: DeviceAddress[];
  state: DeliveryState;
  withdrawn?: true;
}

/** How long, and how many of, the messages put into mailboxes are kept in case the directory loses them. */
const HANDED_KEPT_MS = 14 * 24 * 3_600_000;
const HANDED_KEPT = 5_000;

/**
 * Everything sealed that some device doesn't have yet. A row leaves when every device has it on its disk or in its
 * mailbox; until then it is tried again, also by the next program on this profile.
 */
export class Outbox {
  readonly #init: OutboxInit;
  readonly #queues = new Map<string, DeviceQueue>();
  /** By their order: a message may be under way twice, sealed anew for a device that lacked it. */
  readonly #entries = new Map<number, Entry>();
  readonly #due = new Set<Entry>();
  /** Callers who wait for a message to reach a device or a mailbox. */
  readonly #watched = new Map<string, () => void>();
  /** By person: the first order that is not of before the last `drop`. */
  readonly #dropped = new Map<string, number>();
  #recording: Promise<void> | undefined;
  #nextOrder = 1;

  constructor(init: OutboxInit) {
    this.#init = init;
  }

  /** @returns rows of an earlier run that were never sealed, in order; the sealed ones are on their way again */
  async load(): Promise<readonly OutboxRow[]> {
    const unsealed: OutboxRow[] = [];
    await this.#forgetOld();
    for await (const row of this.#init.tables.outbox.range(['out'])) {
      this.#nextOrder = Math.max(this.#nextOrder, row.order + 1);
      // What an older program sealed for nobody has gone nowhere.
      if (row.sealed && row.pending!.length > 0) this.dispatch(row);
      else unsealed.push(unsealedOf(row));
    }
    return unsealed;
  }

  order(): number {
    return this.#nextOrder++;
  }

  save(row: OutboxRow) {
    return this.#init.tables.outbox.put(['out', row.order], row);
  }

  remove({ order }: Pick<OutboxRow, 'order'>): Step {
    return this.#init.tables.outbox.remove(['out', order]);
  }

  /** What has not left yet of a message does not leave any more. @returns steps to be written at once */
  withdraw(id: Uint8Array): Step[] {
    const entries = this.#of(id);
    for (const entry of entries) {
      entry.withdrawn = true;
      this.#entries.delete(entry.row.order);
      for (const device of entry.pending.keys()) this.#queues.get(device)?.drop(id);
    }
    return entries.map(({ row }) => this.remove(row));
  }

  /** Nothing that was said to the person leaves any more, also not where the directory loses its mailboxes. */
  async drop(user: string): Promise<OutboxRow[]> {
    const { tables, disk } = this.#init;
    const isTo = (row: Pick<OutboxRow, 'user'>): boolean => foldName(row.user) === foldName(user);
    this.#dropped.set(foldName(user), this.#nextOrder);
    const steps = [...this.#entries.values()]
      .filter(({ row }) => isTo(row))
      .flatMap(({ row }) => this.withdraw(row.id));
    const rows: OutboxRow[] = [];
    for await (const row of tables.outbox.range(['out'])) {
      if (!isTo(row)) continue;
      rows.push(row);
      steps.push(this.remove(row));
    }
    for await (const row of tables.handed.range(['out'])) {
      if (isTo(row)) steps.push(tables.handed.remove(['out', row.order]));
    }
    await disk.write(steps);
    return rows;
  }

  /** Of before a `drop`, and then on its way from one queue to another. */
  isDropped({ user, order }: OutboxRow): boolean {
    return order < (this.#dropped.get(foldName(user)) ?? 0);
  }

  /** Sends what is sealed and on disk. */
  dispatch(row: OutboxRow): void {
    const pending = new Map(row.pending!.map((address) => [address.device, address]));
    const stored = [...(row.stored ?? [])];
    const state = row.again || stored.some((one) => this.#isTheirs(one)) ? 'stored' : 'queued';
    this.#entries.set(row.order, { row, pending, stored, state });
    const item = { order: row.order, id: row.id, group: row.group!, sealed: row.sealed!, signal: !row.shown };
    for (const address of pending.values()) this.#queueOf(address).push(item);
  }

  /** Resolves when a device of the receiver, or its mailbox, has the message. */
  reached(id: Uint8Array): Promise<void> {
    if (this.#of(id).some(({ state }) => state !== 'queued')) return Promise.resolve();
    return new Promise((resolve) => this.#watched.set(hex(id), resolve));
  }

  /** Lets waiting messages try again: those to one device, or all. */
  poke(device?: string): void {
    if (device !== undefined) this.#queues.get(device)?.poke();
    else for (const queue of this.#queues.values()) queue.poke();
  }

  #of(id: Uint8Array): Entry[] {
    return [...this.#entries.values()].filter(({ row }) => sameBytes(row.id, id));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()));
    await this.#recording;
  }

  #queueOf(address: DeviceAddress): DeviceQueue {
    const known = this.#queues.get(address.device);
    if (known) return known;
    const queue = new DeviceQueue({
      address,
      clock: this.#init.clock,
      link: this.#init.link,
      store: this.#init.store,
      onDelivered: (item) => this.#settle(item, address, 'delivered'),
      onStored: (items) => this.#storedIn(items, address),
      onGone: (items) => this.#goneFrom(items, address),
      onStuck: (why) => this.#init.onStuck(address.user, why),
    });
    this.#queues.set(address.device, queue);
    return queue;
  }

  #storedIn(items: readonly QueuedItem[], address: DeviceAddress): void {
    for (const item of items) this.#settle(item, address, 'stored');
  }

  /** The device left before it got these. What no other device of theirs has, or will get, goes back to be sealed anew. */
  #goneFrom(items: readonly QueuedItem[], address: DeviceAddress): void {
    for (const { order } of items) {
      const entry = this.#entries.get(order);
      if (entry === undefined) continue;
      entry.pending.delete(address.device);
      if (this.#isTheirs(address) && this.#isOrphan(entry)) {
        // In the same place: those of our own that wait for it get it with the others.
        entry.withdrawn = true;
        this.#entries.delete(order);
        for (const device of entry.pending.keys()) this.#queues.get(device)?.drop(entry.row.id);
        this.#init.onOrphaned(unsealedOf(entry.row));
      } else {
        if (entry.pending.size === 0) this.#entries.delete(order);
        this.#recordSoon(entry);
      }
    }
  }

  /** Nobody of theirs has it or will get it. What was stored before the directory was set back counts for nothing. */
  #isOrphan({ row, pending, stored, state }: Entry): boolean {
    const isReached = row.again
      ? state === 'delivered' || stored.some((one) => this.#isTheirs(one))
      : state !== 'queued';
    return !isReached && ![...pending.values()].some((one) => this.#isTheirs(one));
  }

  #isTheirs(address: DeviceAddress): boolean {
    return foldName(address.user) !== foldName(this.#init.self.user);
  }

  /**
   * One device has it, on its disk or in its mailbox. Whoever waits is told at once; the record follows, many together:
   * lost in a crash, it comes again with the receiver's answer to the repeated message.
   */
  #settle(
    { order, id }: Pick<QueuedItem, 'order' | 'id'>,
    address: DeviceAddress,
    state: 'delivered' | 'stored',
  ): void {
    const entry = this.#entries.get(order);
    if (entry === undefined) return;
    entry.pending.delete(address.device);
    if (state === 'stored') entry.stored.push(address);
    const isTheirs = this.#isTheirs(address);
    if (isTheirs && !isAtLeast(entry.state, state)) {
      entry.state = state;
      this.#watched.get(hex(id))?.();
      this.#watched.delete(hex(id));
      if (entry.row.shown) this.#init.onState(hex(id), entry.row.user, state);
    }
    if (entry.pending.size === 0) this.#entries.delete(order);
    this.#recordSoon(entry);
  }

  #recordSoon(entry: Entry): void {
    this.#due.add(entry);
    this.#recording ??= this.#record().finally(() => {
      this.#recording = undefined;
    });
  }

  async #record(): Promise<void> {
    while (this.#due.size > 0) {
      const entries = [...this.#due];
      this.#due.clear();
      try {
        const steps = await Promise.all(entries.map((entry) => this.#progress(entry)));
        await this.#init.disk.write(steps.flat());
      } catch (error) {
        this.#init.onStuck(entries[0]!.row.user, toFailure(error));
      }
    }
  }

  async #progress({ row, pending, stored, state, withdrawn }: Entry): Promise<Step[]> {
    if (withdrawn) return [];
    if (row.shown) await this.#init.history.raise(row.id, state);
    if (pending.size > 0) return [this.save({ ...row, pending: [...pending.values()], stored })];
    return [this.remove(row), ...this.#keep({ ...row, pending: stored })];
  }

  /** What lies in mailboxes may be lost with them: it is kept for a while. */
  #keep({ stored: _, again: __, ...row }: OutboxRow): Step[] {
    const { tables, clock } = this.#init;
    if (row.pending?.length === 0) return [];
    const content = row.shown ? new Uint8Array(0) : row.content;
    return [
      tables.handed.put(['out', row.order], { ...row, content, at: clock.now() }),
      tables.handed.remove(['out', row.order - HANDED_KEPT]),
    ];
  }

  async #forgetOld(): Promise<void> {
    const { tables, clock, disk } = this.#init;
    const old: Step[] = [];
    for await (const { order, at } of tables.handed.range(['out'])) {
      this.#nextOrder = Math.max(this.#nextOrder, order + 1);
      if (at < clock.now() - HANDED_KEPT_MS) old.push(tables.handed.remove(['out', order]));
    }
    if (old.length > 0) await disk.write(old);
  }

  /**
   * What mailboxes took since that time goes to them once more, as it was sealed: who has it knows it by its id.
   * @returns what has to be sealed anew, because its group is no more
   */
  async again(since: number, groupOf: (user: string) => Promise<Uint8Array | undefined>): Promise<OutboxRow[]> {
    const lost: OutboxRow[] = [];
    for await (const { at, ...row } of this.#init.tables.handed.range(['out'])) {
      if (at >= since && this.#of(row.id).length === 0) lost.push({ ...row, again: true });
    }
    const anew: OutboxRow[] = [];
    for (const row of lost) {
      const content = await this.#contentOf(row);
      if (content === undefined) continue;
      const group = await groupOf(row.user);
      const said = { ...row, content };
      if (group === undefined || row.group === undefined || !sameBytes(group, row.group)) {
        anew.push(unsealedOf(said));
        continue;
      }
      await this.#init.disk.write([this.save(said)]);
      this.dispatch(said);
    }
    return anew;
  }

  /** Undefined for what has been read, taken back, or has disappeared. */
  async #contentOf(row: OutboxRow): Promise<Uint8Array | undefined> {
    if (!row.shown) return row.content;
    const line = await this.#init.history.find(row.id);
    if (line === undefined || line.deleted) return undefined;
    const [one, ...others] = row.pending ?? [];
    const isTheirs = one !== undefined && foldName(one.user) === foldName(row.user) && others.length === 0;
    if (isTheirs && isAtLeast(line.state ?? 'queued', 'delivered')) return undefined;
    return contentCodec.encode(textOf(line));
  }
}

const unsealedOf = ({ order, id, user, content, shown }: OutboxRow): OutboxRow => ({ order, id, user, content, shown });
