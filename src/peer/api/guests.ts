/** Links for people without p2pchat. Ids may be an unambiguous beginning. */
export interface GuestsApi {
  /**
   * Lays a file or folder down, sealed, behind a new link; resolves when that is on its way.
   * @param path absolute
   * @throws Failure usage 'no-such-file', 'nothing-to-send', 'guests-off', 'guests-unsupported', limit 'upload-quota',
   * 'guest-links-full'
   */
  share(path: string, terms: GuestTerms): Promise<GuestEvent>;
  /**
   * Makes a link by which guests hand in files, which come to the folder for downloads.
   * @param name what for, as guests see it; may be empty
   * @throws Failure usage 'guests-off', 'guests-unsupported', limit 'guest-links-full', unreachable
   */
  collect(name: string, terms: CollectTerms): Promise<GuestEvent>;
  /** Resolves with `open` when all of it lies there. @throws Failure why it does not */
  ready(id: string): Promise<GuestEvent>;
  /** Oldest first: those made here with the link, those of other devices of the account without. */
  list(): Promise<readonly GuestEvent[]>;
  /** Nothing of it can be had from then on. @throws Failure unknown 'guest-link-unknown' */
  end(id: string): Promise<GuestEvent>;
  /** Every event from now on, without counting as watching. The function it gives back ends that. */
  follow(listener: (event: GuestEvent) => void): () => void;
}

export interface GuestTerms {
  /** How often it may be used; 10 by default. */
  readonly count?: number | undefined;
  /** For how long; 7 days by default. */
  readonly seconds?: number | undefined;
}

export interface CollectTerms extends GuestTerms {
  /** What one file may have, bytes; 1 GB by default. */
  readonly size?: number | undefined;
}

/**
 * `laying` while it is sealed and laid down, `open` when the link can be given out; `visited` when a guest has begun to
 * fetch it, or to hand in, `fetched` when one has all of it; `received` when what was handed in is here; `ended`, also by its
 * time; `failed`.
 */
export type GuestState = 'laying' | 'open' | 'visited' | 'fetched' | 'received' | 'ended' | 'failed';

export interface GuestEvent {
  readonly event: 'guest';
  readonly id: string;
  readonly kind: 'share' | 'collect';
  readonly state: GuestState;
  /** As guests see it; of what was `received`, as the guest says, made harmless to show. Empty where another device made it. */
  readonly name: string;
  /** Of `collect`, what a file may have; of what was `received` its own. */
  readonly size: number;
  /** While it is laid down: content that lies there. */
  readonly bytes: number;
  /** What to give out: whoever has it can open what is behind it. */
  readonly link?: string;
  readonly expires?: string;
  /** How often it may be used, was, and was to the end. */
  readonly count: number;
  readonly used: number;
  readonly done: number;
  /** Where it is here. */
  readonly path?: string;
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string };
}
