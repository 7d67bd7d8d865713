import { hasCode, toFailure } from '../../base/errors.js';
import type { ErrorEvent } from '../api/events.js';

/** Tells whoever watches what went wrong while nobody waited for it. */
export class Reporter {
  readonly #emit: (event: ErrorEvent) => void;

  constructor(emit: (event: ErrorEvent) => void) {
    this.#emit = emit;
  }

  /** @param what it is about; empty where the message says so itself */
  readonly report = (what: string, error: unknown): void => {
    const { code, message, hint } = toFailure(error);
    this.#emit({ event: 'error', code, message: what === '' ? message : `${what}: ${message}`, hint });
  };

  /** What could not be asked now is asked when the directory is back. */
  readonly unlessAway = (error: unknown): void => {
    const failure = toFailure(error);
    if (failure.reason !== 'unreachable') this.report('', failure);
  };

  /** Messages wait; that nothing can be reached is told by other events. */
  readonly stuck = (user: string, why: unknown): void => {
    if (hasCode(why, 'directory-offline') || hasCode(why, 'connection-lost') || hasCode(why, 'closed')) return;
    this.report(`messages to ${user} wait`, why);
  };
}
