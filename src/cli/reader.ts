import type { Writable } from 'node:stream';
import type { Clock } from '../base/clock.js';
import type { Scope } from '../base/scope.js';
import { pipeState } from '../net/pipe.js';

/** `head -1` ends some milliseconds after its line, and what it has read besides is lost with it. */
const LOOK_EVERY_MS = 100;

/** What Node says of a stream besides. */
type Output = Writable & { readonly fd?: number; readonly _type?: string; readonly bytesWritten?: number };

interface Waiting {
  /** How much had been written by then. */
  readonly end: number;
  /** It was written since the last look. */
  isNew: boolean;
  settle(isRead: boolean): void;
}

const gone = (): Error => Object.assign(new Error('nobody reads the output any more'), { code: 'EPIPE' });

/** Whoever reads our output, where it is a pipe: what is written into one may be read by nobody, and no error tells. */
export class Reader {
  readonly #output: Output;
  readonly #clock: Clock;
  readonly #scope: Scope;
  #waiting: Waiting[] = [];
  #isLooking = false;

  constructor(output: Output, clock: Clock, scope: Scope) {
    this.#output = output;
    this.#clock = clock;
    this.#scope = scope;
  }

  /** Resolves when all that was written until now has been read, and is rejected where it won't be. */
  read(): Promise<void> {
    const { fd, _type: type, bytesWritten: end = 0 } = this.#output;
    if (type !== 'pipe' || fd === undefined) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ end, isNew: true, settle: (isRead) => (isRead ? resolve() : reject(gone())) });
      if (!this.#isLooking) void this.#look(fd);
    });
  }

  /** Again and again, until nothing waits; once more when the command ends. */
  async #look(fd: number): Promise<void> {
    this.#isLooking = true;
    while (this.#waiting.length > 0) {
      await this.#scope.pause(this.#clock, LOOK_EVERY_MS);
      const { hasReader, unread } = pipeState(fd);
      const isLast = this.#scope.closed || !hasReader;
      const read = hasReader ? (this.#output.bytesWritten ?? 0) - unread : 0;
      const still: Waiting[] = [];
      for (const waiting of this.#waiting) {
        if (isLast) waiting.settle(waiting.end <= read);
        else if (waiting.isNew || waiting.end > read) still.push(waiting);
        else waiting.settle(true);
        waiting.isNew = false;
      }
      this.#waiting = still;
    }
    this.#isLooking = false;
  }
}
