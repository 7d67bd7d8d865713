import type { PeerEvent } from '../../src/peer/api/events.js';
import type { watch } from './town.js';

export type Watched = ReturnType<typeof watch>;
type Of<E extends PeerEvent['event']> = Extract<PeerEvent, { event: E }>;

/** The first event of that name, come or to come, that fits. */
export const event = <E extends PeerEvent['event']>(
  watched: Watched,
  name: E,
  fits: (event: Of<E>) => boolean = () => true,
): Promise<Of<E>> =>
  watched.until((events) => events.find((one): one is Of<E> => one.event === name && fits(one as Of<E>)));

/** Those of that name which have come. */
export const events = <E extends PeerEvent['event']>({ seen }: Watched, name: E): Of<E>[] =>
  seen.filter((one): one is Of<E> => one.event === name);
