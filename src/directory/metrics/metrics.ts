import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Failure } from '../../base/errors.js';
import type { State, Totals } from './figures.js';
import { LATENCY_BOUNDS_MS, Latencies } from './latencies.js';
import type { Meter, StoreDeed } from './meter.js';

const buckets = LATENCY_BOUNDS_MS.map((ms) => ms / 1_000);

/** Gauges of what there is at the moment. */
const GAUGES: readonly (readonly [name: string, help: string, read: (state: State) => number])[] = [
  ['users_online', 'Accounts with a device that is connected', ({ users }) => users],
  ['devices_online', 'Devices that are signed in', ({ devices }) => devices],
  ['connections', 'Channels, those that have not said hello included', ({ connections }) => connections],
  ['accounts', 'Names taken, those of deleted accounts included', ({ accounts }) => accounts],
  ['groups', 'Named groups; counted once a minute', ({ groups }) => groups],
  ['requests_serving', 'Requests that are being served', ({ serving }) => serving],
  ['channels_waiting', 'Channels that wait for their turn to be read', ({ waiting }) => waiting],
  ['unsent_bytes', 'Bytes written which readers have not taken yet', ({ unsentBytes }) => unsentBytes],
  ['upload_bytes', 'Room that files for groups take', ({ uploadBytes }) => uploadBytes],
  ['upload_space_bytes', 'Room that they may take', ({ uploadSpace }) => uploadSpace],
  ['relay_bindings', 'Devices at the relay', ({ relay }) => relay?.bindings ?? 0],
  ['relay_queued_bytes', 'Memory of what waits in the relay to be sent on', ({ relay }) => relay?.queued ?? 0],
];

type Counts = Readonly<Record<string, number>>;

/** What is counted elsewhere, by a label. */
const COUNTS: readonly (readonly [name: string, help: string, label: string, read: (state: State) => Counts])[] = [
  ['connections_refused', 'Connections closed at once, by why', 'reason', ({ turnedAway }) => turnedAway],
  [
    'relay_bytes',
    'Bytes that the relay has taken to send on',
    'way',
    ({ relay }): Counts => (relay === undefined ? {} : { on: relay.bytes }),
  ],
  [
    'relay_datagrams',
    'Datagrams that it has taken to send on',
    'way',
    ({ relay }): Counts => (relay === undefined ? {} : { on: relay.datagrams }),
  ],
  ['relay_dropped', 'Datagrams that it has not sent on, by why', 'reason', ({ relay }) => relay?.dropped ?? {}],
  ['relay_refused', 'Devices that it has turned away, by why', 'reason', ({ relay }) => relay?.refused ?? {}],
];

/** What is counted, for Prometheus and for the status page. */
export class Metrics implements Meter {
  readonly registry = new Registry();
  readonly refusalsByReason = new Map<string, number>();
  readonly #totals = { requests: 0, refusals: 0, messages: 0, deliveries: 0, signals: 0, uploaded: 0, downloaded: 0 };
  readonly #latency = new Latencies();
  readonly #storeLatency = new Latencies();
  readonly #requests: Counter<'request' | 'outcome'>;
  readonly #refusals: Counter<'reason'>;
  readonly #seconds: Histogram<'request'>;
  readonly #storeSeconds: Histogram<'deed'>;
  readonly #posts: Counter;
  readonly #mailed: Counter;
  readonly #collected: Counter;
  readonly #deliveries: Counter;
  readonly #signals: Counter;
  readonly #fileBytes: Counter<'way'>;

  /** @param state undefined while no database is open */
  constructor(version: string, state: () => State | undefined) {
    const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> =>
      new Counter({ name: `p2pchat_${name}_total`, help, labelNames, registers: [this.registry] });
    const histogram = <L extends string>(name: string, help: string, label: L): Histogram<L> =>
      new Histogram({
        name: `p2pchat_${name}_seconds`,
        help,
        labelNames: [label],
        buckets,
        registers: [this.registry],
      });
    this.#requests = counter('requests', 'Requests by name and outcome: ok, or the code of the error', [
      'request',
      'outcome',
    ]);
    this.#refusals = counter('refusals', 'Requests that were refused or failed, by the kind of reason', ['reason']);
    this.#seconds = histogram('request', 'Time from a request to its answer', 'request');
    this.#storeSeconds = histogram('store', 'Time the store took: read, write, append to a log, blob', 'deed');
    this.#posts = counter('group_messages', 'Messages taken for groups');
    this.#mailed = counter('mailbox_messages', 'Sealed messages laid into mailboxes, one for each device');
    this.#collected = counter('mailbox_collected', 'Messages read from mailboxes by devices that had been away');
    this.#deliveries = counter('deliveries', 'Messages written at once to devices that were connected');
    this.#signals = counter('signals', 'Signals passed on between members of groups');
    this.#fileBytes = counter('file_bytes', 'Sealed bytes of files for groups: taken in and given out', ['way']);
    this.#watch(version, state);
    collectDefaultMetrics({ register: this.registry });
  }

  get totals(): Totals {
    return { ...this.#totals, latency: this.#latency.copy(), storeLatency: this.#storeLatency.copy() };
  }

  request(name: string, ms: number, failure?: Failure): void {
    this.#totals.requests++;
    this.#latency.note(ms);
    this.#requests.inc({ request: name, outcome: failure?.code ?? 'ok' });
    this.#seconds.observe({ request: name }, ms / 1_000);
    if (failure === undefined) return;
    this.#totals.refusals++;
    this.#refusals.inc({ reason: failure.reason });
    this.refusalsByReason.set(failure.reason, (this.refusalsByReason.get(failure.reason) ?? 0) + 1);
  }

  posted(): void {
    this.#totals.messages++;
    this.#posts.inc();
  }

  mailed(count: number): void {
    this.#totals.messages += count;
    this.#mailed.inc(count);
  }

  delivered(count: number): void {
    this.#totals.deliveries += count;
    this.#deliveries.inc(count);
  }

  collected(count: number): void {
    this.#collected.inc(count);
  }

  signalled(): void {
    this.#totals.signals++;
    this.#signals.inc();
  }

  uploaded(bytes: number): void {
    this.#totals.uploaded += bytes;
    this.#fileBytes.inc({ way: 'in' }, bytes);
  }

  downloaded(bytes: number): void {
    this.#totals.downloaded += bytes;
    this.#fileBytes.inc({ way: 'out' }, bytes);
  }

  stored(deed: StoreDeed, ms: number): void {
    this.#storeLatency.note(ms);
    this.#storeSeconds.observe({ deed }, ms / 1_000);
  }

  #watch(version: string, state: () => State | undefined): void {
    const registers = [this.registry];
    new Gauge({ name: 'p2pchat_info', help: 'The version that runs', labelNames: ['version'], registers }).set(
      { version },
      1,
    );
    for (const [name, help, read] of GAUGES) {
      new Gauge({
        ...{ name: `p2pchat_${name}`, help, registers },
        collect() {
          const now = state();
          if (now !== undefined) this.set(read(now));
        },
      });
    }
    for (const [name, help, label, read] of COUNTS) {
      new Counter({
        ...{ name: `p2pchat_${name}_total`, help, registers },
        labelNames: [label],
        collect() {
          const now = state();
          if (now === undefined) return;
          this.reset();
          for (const [value, count] of Object.entries(read(now))) this.inc({ [label]: value }, count);
        },
      });
    }
  }
}
