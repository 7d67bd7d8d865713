/** Careful Resume (RFC 9959): start-up from what the same path carried before, until it is proved or has turned out wrong. */

export interface Measured {
  /** Bytes per millisecond. */
  readonly rate: number;
  /** Milliseconds. */
  readonly minRtt: number;
}

/** Of what was remembered (§3.3: not more than half). */
const JUMP = 0.5;
/** In flight at most before anything was heard, whatever was remembered. */
const MOST_JUMP_BYTES = 8 << 20;
/** A round trip outside of these is of another path: half of what it was, or twice and some milliseconds of a busy program. */
const RTT_LEAST = 0.5;
const RTT_MOST = 2;
const RTT_SLACK_MS = 20;

/**
 *     reconnaissance ──alike──▶ unvalidated ──first ack──▶ validating ──all acknowledged──▶ normal
 *           │ another round trip                              │ loss or a queue
 *           ▼                                                 ▼
 *         normal                                           retreat
 *
 * The handshake is the reconnaissance: its round trip was there and back, sealed, over this very path.
 */
export class CarefulResume {
  #phase: 'unvalidated' | 'validating' | 'normal' | 'retreat' = 'normal';
  /** Bytes per millisecond until something is acknowledged; 0 where nothing is resumed. */
  readonly rate: number = 0;

  /** @param least a window which needs no memory */
  constructor(remembered: Measured | undefined, rtt: number, least: number) {
    if (remembered === undefined || !alike(remembered.minRtt, rtt)) return;
    const rate = Math.min(remembered.rate * JUMP, MOST_JUMP_BYTES / rtt);
    if (rate * rtt <= least) return;
    this.rate = rate;
    this.#phase = 'unvalidated';
  }

  get isUnvalidated(): boolean {
    return this.#phase === 'unvalidated';
  }

  get isValidating(): boolean {
    return this.#phase === 'validating';
  }

  /** How this session began, for people; undefined where by measuring alone. */
  get start(): 'remembered' | 'retreated' | undefined {
    if (this.rate === 0) return undefined;
    return this.#phase === 'retreat' ? 'retreated' : 'remembered';
  }

  /** @param unvalidated whether what was acknowledged was sent before anything was heard */
  onAck(unvalidated: boolean): void {
    if (this.#phase === 'unvalidated') this.#phase = 'validating';
    else if (this.#phase === 'validating' && !unvalidated) this.#phase = 'normal';
  }

  /** Loss or a queue. @returns whether that says that the memory was wrong */
  onCongestion(): boolean {
    if (this.#phase !== 'unvalidated' && this.#phase !== 'validating') return false;
    this.#phase = 'retreat';
    return true;
  }

  /** Another path. */
  end(): void {
    if (this.#phase !== 'retreat') this.#phase = 'normal';
  }
}

const alike = (before: number, now: number): boolean =>
  now >= before * RTT_LEAST && now <= Math.max(before * RTT_MOST, before + RTT_SLACK_MS);
