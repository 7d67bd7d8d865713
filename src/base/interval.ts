import type { Cancel, Clock } from './clock.js';

/**
 * Does a task again and again, with `every` milliseconds between the end of one and the beginning of the next.
 * @returns ends it, and waits for the one under way
 */
export function repeat(
  clock: Clock,
  every: number,
  task: () => Promise<void>,
  onError: (error: unknown) => void,
): () => Promise<void> {
  let running: Promise<void> = Promise.resolve();
  let ended = false;
  let cancel: Cancel = () => {};
  const schedule = (): void => {
    if (ended) return;
    cancel = clock.after(every, () => {
      running = task().catch(onError).then(schedule);
    });
  };
  schedule();
  return () => {
    ended = true;
    cancel();
    return running;
  };
}
