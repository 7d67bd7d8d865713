import type { Clock } from '../../../base/clock.js';
import type { Scope } from '../../../base/scope.js';
import type { Act } from '../../../wire/acts.js';
import { foldName } from '../../../wire/names.js';

interface Arrival {
  /** When the directory took the act, and when it was seen here, by the monotonic clock. */
  readonly sealedAt: number;
  readonly seenAt: number;
}

interface Waiting {
  readonly clock: Clock;
  readonly scope: Scope;
}

/** Who hasn't come in by then doesn't come now; others wait for him no longer, milliseconds. */
export const ARRIVES_WITHIN_MS = 10_000;

/**
 * Who has just become a member and isn't inside the keys yet, in the order of the acts: a queue which all see alike, so that
 * fifty who come at once come in one after the other. A courtesy, on which nothing but waiting depends.
 */
export class JoinQueue {
  readonly #queue = new Map<string, Arrival>();
  readonly #watchers = new Set<() => void>();
  #newest = 0;

  /** An act of the group, in order. */
  note({ statement, by, seal }: Act, now: number): void {
    this.#newest = Math.max(this.#newest, seal.at);
    if (statement.action === 'join') this.#queue.set(by.folded, { sealedAt: seal.at, seenAt: now });
    else if ('user' in statement) this.#queue.delete(foldName(statement.user));
    else if (statement.action === 'leave') this.#queue.delete(by.folded);
  }

  /** They are inside. */
  entered(...users: readonly string[]): void {
    for (const user of users) this.#queue.delete(foldName(user));
    for (const watcher of this.#watchers) watcher();
  }

  has(user: string): boolean {
    return this.#queue.has(foldName(user));
  }

  /** Called when somebody has come in. @returns ends it */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** Resolves when nobody is to come in before `user` any more, after so many milliseconds, or when the scope closes. */
  turnOf(user: string, { clock, scope: { signal } }: Waiting, latest: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        cancel();
        unwatch();
        signal.removeEventListener('abort', end);
        resolve();
      };
      const cancel = clock.after(latest, end);
      const unwatch = this.watch(() => this.ahead(user, clock.monotonic()) === 0 && end());
      signal.addEventListener('abort', end);
      if (signal.aborted) end();
    });
  }

  /** How many are still to come in. */
  count(now: number): number {
    return this.ahead('', now);
  }

  /** How many are to come in before `user`; all there are, for one who isn't among them. */
  ahead(user: string, now: number): number {
    const folded = foldName(user);
    let ahead = 0;
    for (const [one, { sealedAt, seenAt }] of this.#queue) {
      if (one === folded) return ahead;
      if (sealedAt > this.#newest - ARRIVES_WITHIN_MS && seenAt > now - ARRIVES_WITHIN_MS) ahead++;
      else this.#queue.delete(one);
    }
    return ahead;
  }
}
