import { Failure } from '../base/errors.js';
import type { ErrorEvent, PeerEvent } from '../peer/api/events.js';
import type { PeerApi } from '../peer/api/peer.js';

/** Events that wait for a reader who does not keep up; as many more are not held for him. */
export const EVENTS_BEHIND = 4_096;

type Source = Pick<PeerApi, 'subscribe' | 'replayUnseen'>;

const missed: ErrorEvent = {
  event: 'error',
  code: 'events-missed',
  message: `More than ${EVENTS_BEHIND} events waited to be read; those that came since are left out.`,
  hint: "Messages that nobody else has seen follow; 'history' has all of them.",
};

interface Waiting {
  readonly event: PeerEvent;
  /** Says whether the reader has it. */
  settle?(isTaken: boolean): void;
}

const readerGone = (): Failure => new Failure('session-ended', 'Whoever listened has gone.');

/**
 * One reader of all events, at his own speed. Who falls too far behind stops listening, so that messages stay unseen and
 * on disk instead of in memory, and listens again once he has read what waits.
 */
export class Subscription {
  readonly #source: Source;
  readonly #tell: (event: PeerEvent) => Promise<void>;
  #waiting: Waiting[] = [];
  #telling: Promise<void> | undefined;
  #stop: (() => void) | undefined;
  #ended = false;

  /** @param tell resolves when the reader takes more */
  constructor(source: Source, tell: (event: PeerEvent) => Promise<void>) {
    this.#source = source;
    this.#tell = tell;
  }

  /** Resolves when what nobody has seen yet waits to be read. */
  async start(first: PeerEvent): Promise<void> {
    this.#listen();
    this.#put({ event: first });
    await this.#source.replayUnseen();
  }

  end(): void {
    this.#ended = true;
    this.#stop?.();
    for (const { settle } of this.#waiting.splice(0)) settle?.(false);
  }

  #listen(): void {
    this.#stop = this.#source.subscribe((event) => this.#take(event));
  }

  /** Resolves when the reader has it, and is rejected where he goes before. */
  #take(event: PeerEvent): Promise<void> {
    const taken = new Promise<void>((resolve, reject) => {
      this.#put({ event, settle: (isTaken) => (isTaken ? resolve() : reject(readerGone())) });
    });
    // Whoever doesn't ask needs not know.
    taken.catch(() => {});
    return taken;
  }

  #put(waiting: Waiting): void {
    this.#waiting.push(waiting);
    if (this.#waiting.length >= EVENTS_BEHIND) {
      this.#stop?.();
      this.#stop = undefined;
    }
    this.#telling ??= this.#tellAll().finally(() => {
      this.#telling = undefined;
    });
  }

  async #tellAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      for (const { event, settle } of batch) {
        if (!this.#ended) await this.#tell(event);
        // Ended meanwhile, nobody knows whether he had it.
        settle?.(!this.#ended);
      }
      if (this.#stop !== undefined || this.#ended) continue;
      this.#listen();
      this.#waiting.push({ event: missed });
      await this.#source.replayUnseen();
    }
  }
}
