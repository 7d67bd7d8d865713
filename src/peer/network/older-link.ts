import type { Cancel, Clock } from '../../base/clock.js';
import { SignOfLife } from './sign-of-life.js';

/** What of a link is looked at. */
export interface Pinged {
  /** Pings; the round trip in ms, undefined where the link ends meanwhile. */
  measure(): Promise<number | undefined>;
  /** Whether anything has come by it after that moment. */
  heardAfter(moment: number): boolean;
}

/** Counted in ticks: a process that stood still for a while reads what has come meanwhile before the next one. */
const TICK_MS = 250;

/** Both are pinged. @returns whether the older link lives, or the newer one does not */
export function olderLives(clock: Clock, { older, newer }: Record<'older' | 'newer', Pinged>): Promise<boolean> {
  const since = clock.monotonic();
  const sign = new SignOfLife();
  return new Promise((resolve) => {
    let cancel: Cancel = () => {};
    const decide = (lives: boolean): void => {
      cancel();
      resolve(lives);
    };
    const look = (): void => {
      if (older.heardAfter(since)) decide(true);
      else if (sign.tick()) decide(false);
      else cancel = clock.after(TICK_MS, look);
    };
    cancel = clock.after(TICK_MS, look);
    void older.measure().then((rtt) => decide(rtt !== undefined));
    void newer.measure().then((rtt) => {
      if (rtt === undefined) decide(true);
      else sign.newerAnswered();
    });
  });
}
