import type { Cancel, Clock } from '../../base/clock.js';
import type { Directory } from '../directory.js';
import type { State } from './figures.js';
import { Hour, SAMPLE_EVERY_MS } from './hour.js';
import { Metrics } from './metrics.js';

const GROUPS_EVERY_MS = 60_000;

/** Looks at the running directory from outside: every ten seconds for the last hour, and whenever somebody asks. */
export class Observer {
  readonly metrics: Metrics;
  readonly hour = new Hour();
  readonly #clock: Clock;
  #directory: Directory | undefined;
  #groups = 0;
  #groupsAt = Number.NEGATIVE_INFINITY;
  #cancel: Cancel = () => {};

  constructor(version: string, clock: Clock) {
    this.#clock = clock;
    this.metrics = new Metrics(version, () => this.state);
  }

  async watch(directory: Directory): Promise<void> {
    this.#directory = directory;
    await this.#look();
  }

  get state(): State | undefined {
    const directory = this.#directory;
    if (directory === undefined) return undefined;
    const { core, server } = directory.site;
    return {
      users: core.sessions.accounts,
      devices: core.sessions.size,
      connections: server.connections,
      accounts: core.accounts.size,
      groups: this.#groups,
      ...server.queues,
      uploadBytes: core.uploads.usage.bytes,
      uploadSpace: core.limits.uploads.total,
      turnedAway: server.admission.turnedAway,
      relay: server.relay?.counters,
      memoryBytes: process.memoryUsage.rss(),
    };
  }

  /** Whether requests can be served: connections are taken, and the store answers. */
  async isReady(): Promise<boolean> {
    const directory = this.#directory;
    if (directory === undefined || !directory.accepting) return false;
    const { tables } = directory.site.core;
    return tables.directory.get('self').then(
      (row) => row !== undefined,
      () => false,
    );
  }

  /** A point of every plot now; the next ones come by themselves. */
  async #look(): Promise<void> {
    const now = this.#clock.monotonic();
    this.#cancel = this.#clock.after(SAMPLE_EVERY_MS, () => void this.#look());
    if (now - this.#groupsAt >= GROUPS_EVERY_MS) {
      this.#groupsAt = now;
      // While another database is being opened there is none to count in: the figure stays for a minute.
      this.#groups = (await this.#directory?.site.core.namedGroups.count().catch(() => undefined)) ?? this.#groups;
    }
    const state = this.state;
    if (state !== undefined) this.hour.take(now, state, this.metrics.totals);
  }

  close(): void {
    this.#cancel();
  }
}
