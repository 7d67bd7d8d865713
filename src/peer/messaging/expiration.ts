import { hex } from '../../base/bytes.js';
import type { Cancel, Clock } from '../../base/clock.js';
import type { LocalStore, Step } from '../../store/local.js';
import { CLOCK_SKEW_MS } from '../../wire/limits.js';
import type { ChangeEvent } from '../api/events.js';
import type { ExpiringRow, MessageRow, Tables } from '../storage/tables.js';
import type { Conversation, Conversations } from './conversation.js';
import type { History } from './history.js';

export interface ExpirationInit {
  readonly tables: Tables;
  readonly disk: LocalStore;
  readonly clock: Clock;
  readonly history: History;
  readonly conversations: Conversations;
  emit(event: ChangeEvent): void;
  report(error: unknown): void;
}

/** Timers are set anew at least so often: no platform's are good for weeks. */
const LONGEST_WAIT_MS = 3_600_000;
/** Lines that go in one write. */
const TOGETHER = 256;

interface Waiting {
  readonly row: ExpiringRow;
  /** Monotonic. */
  readonly at: number;
}

/**
 * Messages that disappear. While the program runs their time is measured by a clock that nobody sets. From one run to the
 * next only the wall clock goes on: it is believed as far as the directory's agrees, where that can be asked; where they
 * differ a message may live longer, once, and never by more than its whole life.
 */
export class Expiration {
  readonly #init: ExpirationInit;
  /** By `at`, the soonest first. */
  readonly #waiting: Waiting[] = [];
  #cancel: Cancel = () => {};
  #running: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(init: ExpirationInit) {
    this.#init = init;
  }

  /** A line with an end is about to be written. @returns the step that remembers it */
  add({ id, conversation, lifetime = 0, expires = 0 }: MessageRow): Step[] {
    const row: ExpiringRow = { id, conversation, due: expires, lifetime };
    this.#wait(row, Math.min(lifetime * 1000, expires - this.#init.clock.now()));
    return [this.#put(row)];
  }

  /** Those of earlier runs. @param directoryNow the directory's clock, where it could be asked */
  async load(directoryNow: number | undefined): Promise<void> {
    const known = new Set(this.#waiting.map(({ row }) => hex(row.id)));
    const corrected: Step[] = [];
    for await (const row of this.#init.tables.expiring.range(['all'])) {
      if (known.has(hex(row.id))) continue;
      const now = this.#init.clock.now();
      const left = remaining(row, now, directoryNow);
      const due = now + left;
      const differs = due > row.due || row.due - now > left;
      const next = differs ? { ...row, due, ...(due > row.due && { extended: true }) } : row;
      if (differs) corrected.push(this.#put(next));
      this.#wait(next, left);
    }
    if (corrected.length > 0) await this.#init.disk.write(corrected);
    await this.#go();
  }

  /** The directory has told its time: what is over by both clocks goes, as after the machine has slept. */
  check(directoryNow: number): void {
    const now = this.#init.clock.now();
    const over = this.#waiting.filter(({ row }) => row.due <= now && row.due <= directoryNow + CLOCK_SKEW_MS);
    if (over.length === 0) return;
    const soon = this.#init.clock.monotonic();
    for (const one of over) this.#waiting.splice(this.#waiting.indexOf(one), 1);
    this.#waiting.unshift(...over.map(({ row }) => ({ row, at: soon })));
    this.#arm();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    await this.#running;
  }

  #put(row: ExpiringRow): Step {
    return this.#init.tables.expiring.put(['all', hex(row.id)], row);
  }

  #wait(row: ExpiringRow, ms: number): void {
    const at = this.#init.clock.monotonic() + Math.max(0, ms);
    let low = 0;
    for (let high = this.#waiting.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if (this.#waiting[middle]!.at <= at) low = middle + 1;
      else high = middle;
    }
    this.#waiting.splice(low, 0, { row, at });
    if (low === 0) this.#arm();
  }

  #arm(): void {
    this.#cancel();
    const first = this.#waiting[0];
    if (first === undefined || this.#closed) return;
    const wait = Math.min(LONGEST_WAIT_MS, Math.max(0, first.at - this.#init.clock.monotonic()));
    this.#cancel = this.#init.clock.after(wait, () => void this.#go());
  }

  #go(): Promise<void> {
    this.#running = this.#running
      .then(() => this.#sweep())
      .catch((error: unknown) => this.#init.report(error))
      .finally(() => this.#arm());
    return this.#running;
  }

  async #sweep(): Promise<void> {
    while (!this.#closed) {
      const now = this.#init.clock.monotonic();
      const end = this.#waiting.findIndex(({ at }) => at > now);
      const due = this.#waiting.splice(0, Math.min(TOGETHER, end < 0 ? this.#waiting.length : end));
      if (due.length === 0) return;
      for (const [conversation, rows] of byConversation(due)) {
        const found = this.#init.conversations.of(conversation);
        await found.enqueue(() => this.#expire(found, rows));
      }
    }
  }

  async #expire(conversation: Conversation, expiring: readonly ExpiringRow[]): Promise<void> {
    const { tables, disk, history, emit } = this.#init;
    const steps: Step[] = [];
    const gone: MessageRow[] = [];
    for (const { id } of expiring) {
      steps.push(tables.expiring.remove(['all', hex(id)]));
      const row = await history.find(id);
      if (row === undefined) continue;
      gone.push(row);
      steps.push(...history.forget(row), ...(row.state === undefined ? [] : conversation.withdraw(id)));
    }
    await disk.write(steps);
    const head = await history.head(conversation.id);
    if (gone.some(({ number, state }) => state === undefined && number > head.read)) {
      await history.recount(head);
      await disk.write([history.saveHead(head)]);
    }
    for (const { id, from } of gone)
      emit({ event: 'change', id: hex(id), conversation: conversation.id, from, change: 'expired' });
  }
}

function byConversation(due: readonly Waiting[]): Map<string, ExpiringRow[]> {
  const grouped = new Map<string, ExpiringRow[]>();
  for (const { row } of due) {
    const rows = grouped.get(row.conversation) ?? [];
    rows.push(row);
    grouped.set(row.conversation, rows);
  }
  return grouped;
}

/** Milliseconds that a message of an earlier run has left. */
function remaining({ due, lifetime, extended }: ExpiringRow, now: number, directoryNow: number | undefined): number {
  const here = due - now;
  const disagree = directoryNow !== undefined && Math.abs(now - directoryNow) > CLOCK_SKEW_MS && !extended;
  const left = disagree ? Math.max(here, due - directoryNow) : here;
  return Math.max(0, Math.min(lifetime * 1000, left));
}
