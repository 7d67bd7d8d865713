import type { Clock } from './clock.js';

/**
 * Structural cleanup: everything long-lived belongs to a scope; closing a scope aborts its signal, closes its children,
 * runs its deferred steps in reverse order and waits for all it started.
 */
export class Scope {
  readonly #controller = new AbortController();
  readonly #deferred: (() => void | Promise<void>)[] = [];
  readonly #running = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /** A scope that closes with this one, and before what this one deferred earlier. */
  child(): Scope {
    const child = new Scope();
    this.defer(() => child.close());
    return child;
  }

  /** Runs `step` when the scope closes, the latest first. On a closed scope it runs at once. */
  defer(step: () => void | Promise<void>): void {
    if (this.#closing === undefined) this.#deferred.push(step);
    else this.run(step);
  }

  /** Runs `work` once after so many milliseconds, unless the scope closes before. */
  after(clock: Pick<Clock, 'after'>, ms: number, work: () => void): void {
    const cancel = clock.after(ms, () => {
      this.#deferred.splice(this.#deferred.indexOf(cancel), 1);
      work();
    });
    this.defer(cancel);
  }

  /** Resolves after so many milliseconds, or as soon as the scope closes: what goes on then asks whether it is closed. */
  pause(clock: Pick<Clock, 'after'>, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const signal = this.signal;
      const done = (): void => {
        cancel();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const cancel = clock.after(ms, done);
      signal.addEventListener('abort', done);
      if (signal.aborted) done();
    });
  }

  /** Starts work which `close` waits for. Its errors go to `onError`, never to nowhere. */
  run(work: (signal: AbortSignal) => unknown, onError: (error: unknown) => void = reportLater): void {
    const running = (async () => work(this.signal))().catch(onError);
    this.#running.add(running);
    void running.finally(() => this.#running.delete(running));
  }

  /** Idempotent; resolves when all work has ended and every deferred step is done. */
  close(reason?: unknown): Promise<void> {
    this.#closing ??= this.#close(reason);
    return this.#closing;
  }

  async #close(reason: unknown): Promise<void> {
    this.#controller.abort(reason);
    const errors: unknown[] = [];
    for (let step = this.#deferred.pop(); step !== undefined; step = this.#deferred.pop()) {
      try {
        await step();
      } catch (error) {
        errors.push(error);
      }
    }
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
    if (errors.length > 0) throw errors.length === 1 ? errors[0] : new AggregateError(errors, 'closing failed');
  }
}

/** An error nobody asked about ends the process like any uncaught one, instead of vanishing. */
function reportLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
