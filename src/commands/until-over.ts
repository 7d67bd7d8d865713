import type { PeerApi } from '../peer/api/peer.js';

interface Begun {
  readonly id: string;
  readonly state: string;
}

interface Work<E extends Begun> {
  follow(listener: (event: E) => void): () => void;
  begin(): Promise<Begun>;
  /** Settles once it is over. */
  over(id: string): Promise<unknown>;
}

/**
 * Every event of what `begin` gives, until it is over.
 * @throws Failure why it failed
 */
export async function* untilOver<E extends Begun>(
  peer: Pick<PeerApi, 'ended'>,
  { follow, begin, over }: Work<E>,
): AsyncGenerator<E> {
  const events: E[] = [];
  let wake = (): void => {};
  const stop = follow((event) => {
    events.push(event);
    wake();
  });
  // A timer of the clock would not keep the process; somebody waits for this.
  const alive = setInterval(() => {}, 1 << 30);
  try {
    const { id } = await begin();
    let isOver = false;
    const ended = over(id).finally(() => {
      isOver = true;
      wake();
    });
    ended.catch(() => {});
    void peer.ended.then(() => wake());
    for (;;) {
      const event = events.shift();
      if (event !== undefined) {
        if (event.id === id && event.state !== 'failed') yield event;
      } else if (isOver) break;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
    await ended;
  } finally {
    clearInterval(alive);
    stop();
  }
}
