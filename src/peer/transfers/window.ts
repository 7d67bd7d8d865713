import type { Clock } from '../../base/clock.js';

/** An answer that takes longer than this: less at once, so that messages needn't wait behind blocks. */
const SLOW_MS = 150;
/** Uploads and downloads together stay below UPLOADS_IN_FLIGHT. */
const MOST = 6;

export interface WindowInit<T> {
  /** What is to be done, one after the other. */
  readonly items: AsyncIterable<T> | Iterable<T>;
  readonly clock: Clock;
  /** Asks for one thing, and resolves when it is answered. */
  ask(item: T): Promise<void>;
}

/**
 * Asks for several things at once: as many as are answered swiftly.
 * @throws what the first of them failed with, when those under way are over
 */
export async function inWindow<T>({ items, clock, ask }: WindowInit<T>): Promise<void> {
  const running = new Set<Promise<void>>();
  let most = 2;
  let failure: { readonly error: unknown } | undefined;
  const begin = (item: T): void => {
    const began = clock.monotonic();
    const one: Promise<void> = ask(item)
      .then(() => {
        const swift = clock.monotonic() - began < SLOW_MS;
        most = swift ? Math.min(MOST, most + 1) : Math.max(1, most - 1);
      })
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .finally(() => running.delete(one));
    running.add(one);
  };
  try {
    for await (const item of items) {
      while (running.size >= most) await Promise.race(running);
      if (failure !== undefined) break;
      begin(item);
    }
  } finally {
    await Promise.all(running);
  }
  if (failure !== undefined) throw failure.error;
}
