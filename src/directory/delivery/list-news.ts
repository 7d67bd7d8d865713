import type { Cancel, Clock } from '../../base/clock.js';
import { Scope } from '../../base/scope.js';
import type { DirectoryNotices } from '../../wire/directory.js';
import { encodeNotice } from '../../wire/session.js';
import type { Revocations } from '../authority/revocations.js';
import { CRL_TOLD_EVERY_MS, CRL_WHOLE_BYTES_PER_SECOND, TOLD_AT_ONCE } from '../limits.js';
import type { DeviceSession, Sessions } from './sessions.js';

export interface ListNewsInit {
  readonly clock: Clock;
  readonly sessions: Sessions;
  revocations(): Revocations;
}

/**
 * Tells sessions of new revocation lists: what has changed, once in a while for all that came between. Programs from before
 * this get the whole list, the more seldom the longer it is, so that nobody who makes it grow has it sent to everybody each time.
 */
export class ListNews {
  readonly #init: ListNewsInit;
  readonly #scope = new Scope();
  readonly #told = { changes: Number.NEGATIVE_INFINITY, whole: Number.NEGATIVE_INFINITY };
  #changesWait: Cancel | undefined;
  #wholeWaits: Cancel | undefined;

  constructor(init: ListNewsInit) {
    this.#init = init;
  }

  changed(): void {
    const { clock, revocations } = this.#init;
    const now = clock.monotonic();
    const wait = (from: number, pause: number): number => Math.max(1, from + pause - now);
    this.#changesWait ??= clock.after(wait(this.#told.changes, CRL_TOLD_EVERY_MS), () => this.#tellChanges());
    const pause = Math.max(CRL_TOLD_EVERY_MS, (revocations().der.length / CRL_WHOLE_BYTES_PER_SECOND) * 1000);
    this.#wholeWaits ??= clock.after(wait(this.#told.whole, pause), () => this.#tellWhole());
  }

  close(): void {
    this.#changesWait?.();
    this.#wholeWaits?.();
    void this.#scope.close();
  }

  #tellChanges(): void {
    const { clock, revocations } = this.#init;
    this.#changesWait = undefined;
    this.#told.changes = clock.monotonic();
    const delta = revocations().changes.take();
    const frame =
      delta === undefined
        ? encodeNotice<DirectoryNotices, 'crl'>('crl', { crl: revocations().der })
        : encodeNotice<DirectoryNotices, 'crl.delta'>('crl.delta', delta);
    this.#tell(frame, (session) => session.hearsChanges);
  }

  #tellWhole(): void {
    const { clock, revocations } = this.#init;
    this.#wholeWaits = undefined;
    this.#told.whole = clock.monotonic();
    const frame = encodeNotice<DirectoryNotices, 'crl'>('crl', { crl: revocations().der });
    this.#tell(frame, (session) => !session.hearsChanges);
  }

  /** Not all in one turn: thousands of copies would wait for the network at once. */
  #tell(frame: Uint8Array, concerns: (session: DeviceSession) => boolean): void {
    const waiting = [...this.#init.sessions.all()].filter(concerns);
    const some = (): void => {
      for (const session of waiting.splice(0, TOLD_AT_ONCE)) session.tellEncoded(frame);
      if (waiting.length > 0) this.#scope.after(this.#init.clock, 1, some);
    };
    some();
  }
}
