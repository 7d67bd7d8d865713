import type { Clock } from '../../base/clock.js';
import type { Services } from './services.js';

/** How long the end waits for receipts to leave; they are kept anyway. */
const WAIT_MS = 1_000;

/** Lets receipts of what was just read leave, where they can. */
export async function letReceiptsLeave(
  { state, outbox }: Pick<Services, 'state' | 'outbox'>,
  clock: Clock,
): Promise<void> {
  const receipts = await state.readMarkers.flush();
  if (receipts.length === 0) return;
  const left = Promise.all(receipts.map((id) => outbox.reached(id)));
  await new Promise<void>((resolve) => {
    const cancel = clock.after(WAIT_MS, resolve, 'process');
    void left.then(() => {
      cancel();
      resolve();
    });
  });
}
