import type { RelayCounters } from '../../relay/relay.js';
import type { Latencies } from './latencies.js';

/** The directory at one moment. */
export interface State {
  readonly users: number;
  readonly devices: number;
  readonly connections: number;
  readonly accounts: number;
  readonly groups: number;
  /** Requests that are being served, and channels that wait for their turn to be read. */
  readonly serving: number;
  readonly waiting: number;
  /** Bytes written that readers have not taken yet. */
  readonly unsentBytes: number;
  readonly uploadBytes: number;
  readonly uploadSpace: number;
  /** Connections closed at once, by why. */
  readonly turnedAway: Readonly<Record<string, number>>;
  /** What the relay beside it has done; undefined where there is none. */
  readonly relay: RelayCounters | undefined;
  readonly memoryBytes: number;
}

/** What has happened since the start; only grows. */
export interface Totals {
  readonly requests: number;
  readonly refusals: number;
  readonly messages: number;
  readonly deliveries: number;
  readonly signals: number;
  readonly uploaded: number;
  readonly downloaded: number;
  readonly latency: Latencies;
  readonly storeLatency: Latencies;
}
