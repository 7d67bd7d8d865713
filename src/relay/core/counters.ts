import type { RelayRefusal } from '../../wire/datagrams/relay.js';

/** Why a datagram was not sent on. */
export type Dropped = 'alone' | 'elsewhere' | 'queue' | 'quota' | 'unknown';

/** What a relay has done since it started; only grows, but `bindings` and `queued`. */
export interface RelayCounters {
  bindings: number;
  queued: number;
  binds: number;
  bytes: number;
  datagrams: number;
  readonly dropped: Record<Dropped, number>;
  readonly refused: Record<RelayRefusal, number>;
}

export const newCounters = (): RelayCounters => ({
  ...{ bindings: 0, queued: 0, binds: 0, bytes: 0, datagrams: 0 },
  dropped: { alone: 0, elsewhere: 0, queue: 0, quota: 0, unknown: 0 },
  refused: {
    ...{ token: 0, expired: 0, holder: 0, accountQuota: 0, pairQuota: 0, relayQuota: 0, full: 0, version: 0 },
  },
});
