import type { State, Totals } from './figures.js';

/** One point of every plot. */
export interface Sample {
  /** Monotonic, milliseconds. */
  readonly at: number;
  /** By the name of the series; absent where there was nothing to measure. */
  readonly values: Readonly<Record<SeriesName, number | undefined>>;
}

export const SAMPLE_EVERY_MS = 10_000;
export const SHOWN_MS = 3_600_000;

type Reading = (state: State, rate: (total: RatedTotal) => number, since: Since) => number | undefined;
type RatedTotal = Exclude<keyof Totals, 'latency' | 'storeLatency'>;
type Since = Pick<Totals, 'latency' | 'storeLatency'>;

/** Every series that is kept, and how it follows from what the directory counts. */
const READINGS = {
  users: ({ users }) => users,
  devices: ({ devices }) => devices,
  groups: ({ groups }) => groups,
  messages: (_state, rate) => rate('messages'),
  deliveries: (_state, rate) => rate('deliveries'),
  signals: (_state, rate) => rate('signals'),
  requests: (_state, rate) => rate('requests'),
  refusals: (_state, rate) => rate('refusals'),
  latencyHalf: (_state, _rate, { latency }) => latency.quantile(0.5),
  latencyMost: (_state, _rate, { latency }) => latency.quantile(0.9),
  storeHalf: (_state, _rate, { storeLatency }) => storeLatency.quantile(0.5),
  storeMost: (_state, _rate, { storeLatency }) => storeLatency.quantile(0.9),
  serving: ({ serving }) => serving,
  waiting: ({ waiting }) => waiting,
  unsent: ({ unsentBytes }) => unsentBytes,
  uploads: ({ uploadBytes }) => uploadBytes,
  uploaded: (_state, rate) => rate('uploaded'),
  downloaded: (_state, rate) => rate('downloaded'),
  memory: ({ memoryBytes }) => memoryBytes,
} as const satisfies Readonly<Record<string, Reading>>;

export type SeriesName = keyof typeof READINGS;

/** The last hour, point by point. No clock and no timer: whoever has them brings what was counted. */
export class Hour {
  readonly #samples: Sample[] = [];
  #before: { readonly at: number; readonly totals: Totals } | undefined;

  get samples(): readonly Sample[] {
    return this.#samples;
  }

  /** Takes a point. The first one only says from where rates are counted. */
  take(at: number, state: State, totals: Totals): void {
    const before = this.#before;
    this.#before = { at, totals };
    if (before === undefined || at <= before.at) return;
    const seconds = (at - before.at) / 1_000;
    const rate = (total: RatedTotal): number => (totals[total] - before.totals[total]) / seconds;
    const since = {
      latency: totals.latency.since(before.totals.latency),
      storeLatency: totals.storeLatency.since(before.totals.storeLatency),
    };
    const read = Object.entries(READINGS).map(([name, reading]) => [name, reading(state, rate, since)]);
    this.#samples.push({ at, values: Object.fromEntries(read) as Sample['values'] });
    while (this.#samples.length > 0 && this.#samples[0]!.at < at - SHOWN_MS) this.#samples.shift();
  }
}
