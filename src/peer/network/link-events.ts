import { foldName } from '../../wire/names.js';
import type { LinkEvent } from '../api/events.js';
import type { Link } from './link.js';

/** A round trip is told again where it differs from the one told last by more than this part of it, and this many ms. */
const CHANGED_PART = 0.5;
const CHANGED_MS = 2;

/** Tells of links as people want to know of them: one to a person, which there is, is not heard, or is not there. */
export class LinkEvents {
  readonly #emit: (event: LinkEvent) => void;
  readonly #all: () => readonly Link[];
  /** By folded name. */
  readonly #told = new Map<string, LinkEvent>();

  /** @param all the links there are */
  constructor(emit: (event: LinkEvent) => void, all: () => readonly Link[]) {
    this.#emit = emit;
    this.#all = all;
  }

  /** What there is now. */
  list(): readonly LinkEvent[] {
    return [...this.#told.values()].filter(({ state }) => state !== 'down');
  }

  /** Something about a link has changed; it may be gone. */
  changed({ certificate: { user } }: Link): void {
    const folded = foldName(user);
    const event = this.#eventOf(user, folded);
    const before = this.#told.get(folded);
    if (before !== undefined && !differs(before, event)) return;
    this.#told.set(folded, event);
    this.#emit(event);
  }

  #eventOf(user: string, folded: string): LinkEvent {
    const own = this.#all().filter(({ certificate }) => foldName(certificate.user) === folded);
    const best = own.find(({ silent }) => !silent) ?? own[0];
    if (best === undefined) return { event: 'link', user, state: 'down' };
    const { rtt, silent, path } = best;
    const state = silent ? 'silent' : 'up';
    const measured = rtt === undefined ? {} : { rtt: Math.round(rtt * 10) / 10 };
    return { event: 'link', user, state, path, ...measured };
  }
}

function differs(before: LinkEvent, after: LinkEvent): boolean {
  if (before.state !== after.state || before.path !== after.path) return true;
  if (before.rtt === undefined || after.rtt === undefined) return before.rtt !== after.rtt;
  const by = Math.abs(after.rtt - before.rtt);
  return by > CHANGED_MS && by > before.rtt * CHANGED_PART;
}
