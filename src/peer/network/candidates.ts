import { LruCache } from '../../base/lru-cache.js';
import { isOwnNetwork } from '../../net/interfaces.js';
import type { Endpoint } from '../../wire/directory.js';
import { foldName } from '../../wire/names.js';
import type { CandidateKind } from '../api/paths.js';
import type { ListenAddress } from './listen-address.js';
import { mayDial } from './may-dial.js';

/**
 * Where a device might be reached, from all who know something of it. Each source judges what it names by its own rule: what
 * an account says of itself is dialled only where the account can be, what was given by hand is dialled as given.
 */

/** A device that a link may be made to: whoever answers must have its identity and its id. */
export interface LinkTarget {
  readonly user: string;
  readonly device: string;
  readonly identityKey: Uint8Array;
  /** As the directory has them from the device. */
  readonly endpoints: readonly Endpoint[];
}

export interface Candidate {
  readonly host: string;
  readonly port: number;
  readonly by: CandidateKind;
  /** False where this machine must not speak to it. */
  readonly mayDial: boolean;
}

export interface CandidateSource {
  candidates(target: LinkTarget): readonly Candidate[];
}

/** What one device names for all sources together. */
const CANDIDATES = 24;

/** Of all sources, in their order and each address once. */
export function gather(sources: readonly CandidateSource[], target: LinkTarget): Candidate[] {
  const found = new Map<string, Candidate>();
  for (const candidate of sources.flatMap((source) => source.candidates(target))) {
    const key = `${candidate.host} ${candidate.port}`;
    if (!found.get(key)?.mayDial) found.set(key, candidate);
  }
  return [...found.values()].slice(0, CANDIDATES);
}

/** What the device has told the directory. @param seen as mayDial takes it */
export const toldByDirectory = (seen: () => string): CandidateSource => ({
  candidates: ({ endpoints }) => {
    const from = seen();
    return endpoints.map((one) => ({ ...one, by: 'directory', mayDial: mayDial(one, from) }));
  },
});

type Named = Pick<LinkTarget, 'user' | 'device'>;

/** Whoever answers names a device as they like: so it counts for them alone, and takes nobody else's place. */
const keyOf = ({ user, device }: Named): string => `${foldName(user)} ${device}`;

/** Devices whose places are remembered. */
const PLACES = 1_024;

/** Places where a device was met, by another way than the directory: the latest of each. */
export class KnownPlaces implements CandidateSource {
  readonly #by: CandidateKind;
  #places = new LruCache<string, readonly ListenAddress[]>(PLACES);

  constructor(by: CandidateKind) {
    this.#by = by;
  }

  has(target: Named): boolean {
    return this.#places.has(keyOf(target));
  }

  set(target: Named, places: readonly ListenAddress[]): void {
    this.#places.set(keyOf(target), places);
  }

  /** Another network: whoever was met may be elsewhere, or somebody else in their place. */
  clear(): void {
    this.#places = new LruCache(PLACES);
  }

  candidates(target: LinkTarget): readonly Candidate[] {
    return (this.#places.get(keyOf(target)) ?? []).map((place) => ({ ...place, by: this.#by, mayDial: true }));
  }
}

/**
 * Of the addresses in an answer by multicast those that are on a wire of this machine: nothing else can be meant, and whoever
 * answers, though a contact, has nothing beyond dialled.
 * @param from where the answer came from: its zone is that of link-local addresses
 */
export function onOwnWire(endpoints: readonly Endpoint[], from: string): Endpoint[] {
  const zone = /%.+$/.exec(from)?.[0];
  return endpoints.flatMap(({ host, port }) => {
    if (!isOwnNetwork(host)) return [];
    if (!/^fe80:/i.test(host)) return [{ host, port }];
    return zone === undefined ? [] : [{ host: host + zone, port }];
  });
}
