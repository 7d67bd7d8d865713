/** What a relay gives; its operator may set other numbers. A rate or a quota of Infinity is none. */
export interface RelayLimits {
  /** Bytes a day, of all, of one account and of one pair of devices. */
  readonly relayDay: number;
  readonly accountDay: number;
  readonly pairDay: number;
  /** Bytes a second. */
  readonly relayRate: number;
  readonly accountRate: number;
  readonly pairRate: number;
  /** Devices bound at a time, in all and of one account. */
  readonly bindings: number;
  readonly bindingsPerAccount: number;
  /** Bytes that wait to be sent on, in all and of one device to another. */
  readonly queued: number;
  readonly queuedPerFlow: number;
}

export const DEFAULT_RELAY_LIMITS: RelayLimits = {
  relayDay: 200 * 2 ** 30,
  accountDay: 20 * 2 ** 30,
  pairDay: 20 * 2 ** 30,
  relayRate: 125_000_000,
  accountRate: Number.POSITIVE_INFINITY,
  pairRate: Number.POSITIVE_INFINITY,
  bindings: 4_096,
  bindingsPerAccount: 64,
  queued: 24 << 20,
  queuedPerFlow: 1 << 20,
};

/** Binds judged a second: each takes two verifications and a signature. */
export const BINDS_PER_SECOND = 500;
export const BINDS_PER_SECOND_OF_HOST = 40;
/** Answers a second to datagrams of channels that are not known. */
export const GONE_PER_SECOND = 200;
/** A device that is over its quota is told so, so often at most. */
export const REFUSED_EVERY_MS = 1_000;
