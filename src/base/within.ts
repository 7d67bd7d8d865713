import type { Clock } from './clock.js';
import type { Scope } from './scope.js';

/** Waits for something, but no longer than this, and not beyond the end of the scope; whether it fails is not asked. */
export async function within(
  { clock, scope }: { readonly clock: Clock; readonly scope: Scope },
  wait: Promise<unknown>,
  ms: number,
): Promise<void> {
  let end = (): void => {};
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  const cancel = clock.after(ms, end);
  scope.signal.addEventListener('abort', end);
  await Promise.race([wait.catch(() => {}), over]);
  scope.signal.removeEventListener('abort', end);
  cancel();
}
