import type { LinkEvent, TrustEvent, Via } from '../../peer/api/events.js';
import type { PresenceState } from '../../wire/directory.js';
import { cleanLine } from '../../wire/text.js';

export interface Person {
  readonly user: string;
  presence: PresenceState;
  trust: TrustEvent['change'] | undefined;
  /** How their last message came. */
  via: Via | undefined;
  /** The direct link to them; undefined where there has been none. */
  link: LinkEvent | undefined;
}

/** Whom this program has heard of. */
export class People {
  readonly #self: string;
  readonly #all = new Map<string, Person>();

  constructor(self: string) {
    this.#self = self;
  }

  get names(): readonly string[] {
    return [...this.#all.keys()];
  }

  get(user: string): Person | undefined {
    return this.#all.get(user);
  }

  person(user: string): Person {
    let found = this.#all.get(user);
    if (found === undefined) {
      found = { user, presence: 'offline', trust: undefined, via: undefined, link: undefined };
      this.#all.set(user, found);
    }
    return found;
  }

  setPresence(user: string, state: PresenceState): void {
    if (user !== this.#self) this.person(cleanLine(user)).presence = state;
  }

  setLink(event: LinkEvent): void {
    if (event.user !== this.#self) this.person(cleanLine(event.user)).link = event;
  }
}
