import type { Measured } from './careful-resume.js';

/** How fast to send, behind an interface. Bytes and milliseconds. */

/** What one acknowledgement taught. */
export interface AckSample {
  readonly now: number;
  readonly acked: number;
  readonly lost: number;
  /** In flight after this acknowledgement. */
  readonly inFlight: number;
  /** Of the newest packet; 0 where only old ones were acknowledged. */
  readonly rtt: number;
  readonly minRtt: number;
  readonly smoothedRtt: number;
  /** Delivery rate over the last round trip, bytes/ms; 0 where it could not be measured. */
  readonly rate: number;
  /** The sender had nothing to send, or was kept from sending, when that rate was measured: it may be too low. */
  readonly limited: boolean;
  /** When the newest acknowledged packet was sent. */
  readonly sentAt: number;
  /** Total acknowledged, and what that total was when the newest acknowledged packet was sent. */
  readonly delivered: number;
  readonly priorDelivered: number;
}

/** Why the rate is what it is. */
export type RateReason = 'startup' | 'bandwidth' | 'delay' | 'loss' | 'given' | 'receiver' | 'source' | 'paused';

/** What start-up began with besides its own measurements: what the path carried before, which held or turned out wrong. */
export type Start = 'remembered' | 'retreated';

export interface CongestionController {
  readonly start?: Start | undefined;
  /** What the path was found to carry; undefined before it is found. */
  readonly measured?: Measured | undefined;
  /** Bytes per millisecond. */
  readonly pacingRate: number;
  /** Bytes that may be in flight. */
  readonly window: number;
  readonly reason: RateReason;
  onAck(sample: AckSample): void;
  /** Nothing was heard for several probe timeouts. */
  onSilence(): void;
  /** Another path: nothing learned holds. */
  onPathChange(): void;
}

export interface ControllerInit {
  /** Payload of one datagram. */
  readonly datagram: number;
  /** Bytes the receiver's socket holds while the receiver is busy. */
  readonly buffer: number;
  /** Of the handshake. */
  readonly rtt: number;
}
