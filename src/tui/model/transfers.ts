import type { TransferEvent } from '../../peer/api/events.js';
import { cleanLine } from '../../wire/text.js';
import type { Entry, TransferState } from '../log/entry.js';

/** Samples of the rate that are kept: as many as a sparkline shows. */
const RATES = 16;

export const isActive = ({ state }: TransferEvent): boolean => state === 'running';

/** An offer of somebody that waits for an answer. */
export const isWaiting = ({ direction, state }: TransferEvent): boolean => direction === 'in' && state === 'offered';

export const isOver = ({ state }: TransferEvent): boolean =>
  state === 'done' || state === 'failed' || state === 'declined';

function next(before: TransferState | undefined, event: TransferEvent, now: number): TransferState {
  const rates = event.state === 'running' ? [...(before?.rates ?? []), event.rate].slice(-RATES) : before?.rates;
  const startedAt = before?.startedAt ?? (event.state === 'running' ? now : undefined);
  const endedAt = before?.endedAt ?? (isOver(event) && before !== undefined ? now : undefined);
  return {
    event,
    rates: rates ?? [],
    ...(startedAt !== undefined && { startedAt }),
    ...(endedAt !== undefined && { endedAt }),
  };
}

/** The transfers there are, oldest first, with the rates they had. */
export class Transfers {
  readonly #all = new Map<string, TransferState>();

  get list(): readonly TransferState[] {
    return [...this.#all.values()];
  }

  find(id: string): TransferState | undefined {
    return this.#all.get(id);
  }

  /** @returns how it is now */
  update(event: TransferEvent, now: number): TransferState {
    const state = next(this.#all.get(event.id), event, now);
    this.#all.set(event.id, state);
    return state;
  }

  in(conversation: string): readonly TransferState[] {
    return this.list.filter(({ event }) => event.conversation === conversation);
  }

  /** Those that were offered to a group together with this one, oldest first. */
  batch({ event }: TransferState): readonly TransferState[] {
    const mine = this.#all.get(event.id);
    if (event.direction !== 'out' || !event.conversation.startsWith('#')) return mine ? [mine] : [];
    return this.in(event.conversation).filter((other) => other === mine || isSameOffer(event, other.event));
  }

  /** The newest offer that waits for an answer, in a conversation before all others. */
  waiting(conversation: string): TransferEvent | undefined {
    const waiting = this.list.map(({ event }) => event).filter(isWaiting);
    return waiting.findLast((event) => event.conversation === conversation) ?? waiting.at(-1);
  }

  /** What runs, summed up; undefined where nothing does. */
  get running(): Running | undefined {
    const running = this.list.filter(({ event }) => isActive(event));
    if (running.length === 0) return undefined;
    const rates = Array.from({ length: RATES }, (_, at) =>
      running.reduce((sum, { rates: own }) => sum + (own[own.length - RATES + at] ?? 0), 0),
    );
    return {
      count: running.length,
      direction: running.every(({ event }) => event.direction === 'in') ? 'in' : 'out',
      rate: running.reduce((sum, { event }) => sum + event.rate, 0),
      rates: rates.slice(rates.findIndex((rate) => rate > 0)),
      timeLeft: Math.max(...running.map(({ event }) => event.timeLeft ?? 0)),
    };
  }
}

export interface Running {
  readonly count: number;
  readonly direction: 'in' | 'out';
  /** Bytes per second. */
  readonly rate: number;
  readonly rates: readonly number[];
  /** Seconds until the last of them is done; 0 where it isn't known. */
  readonly timeLeft: number;
}

/** Offers of one command are made at once. */
const TOGETHER_MS = 30_000;

function isSameOffer(a: TransferEvent, b: TransferEvent): boolean {
  const apart = Math.abs(Date.parse(a.offeredAt ?? '') - Date.parse(b.offeredAt ?? ''));
  const alike = b.direction === 'out' && a.size === b.size && a.files.length === b.files.length;
  return alike && apart < TOGETHER_MS && a.peer !== b.peer && a.files[0]?.name === b.files[0]?.name;
}

export const transferEntryId = (id: string): string => `transfer-${id}`;

/**
 * Transfers' place in their conversation's log: one for all that were offered together.
 * @param batch oldest first, at least one
 */
export function transferEntry(batch: readonly TransferState[], self: string, now: number): Entry {
  const transfer = batch[0]!;
  const { event } = transfer;
  const own = event.direction === 'out';
  const offered = event.offeredAt === undefined ? Number.NaN : Date.parse(event.offeredAt);
  return {
    id: transferEntryId(event.id),
    kind: 'transfer',
    at: Number.isNaN(offered) ? now : offered,
    from: own ? self : cleanLine(event.peer),
    own,
    text: '',
    transfer,
    ...(batch.length > 1 && { batch }),
  };
}
