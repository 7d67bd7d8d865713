import type { Random } from '../../base/random.js';
import type { Path } from './path.js';
import { PathSearch } from './path-search.js';
import { PathValidation } from './path-validation.js';

/** Silence after which another path is looked for: a side that has nothing to say says so every half second. */
const UNHEARD_MS = 1_300;
const UNACKED_MS = 700;
/** Probe timeouts in a row with which silence begins. */
const SILENT_PROBES = 2;

/** Where a sender sends: it follows the receiver to an address that answers, and looks for a better path by itself. */
export class SenderPaths {
  readonly #paths: PathValidation;
  readonly #search: PathSearch;
  #lastHeard: number;
  /** Something that was sent has been acknowledged. */
  #ackedAt: number;

  constructor(first: Path, random: Random, { proved, now }: { readonly proved?: boolean; readonly now: number }) {
    this.#paths = new PathValidation(first, random, proved);
    this.#search = new PathSearch(random);
    this.#lastHeard = now;
    this.#ackedAt = now;
  }

  get current(): Path {
    return this.#paths.current;
  }

  get proved(): boolean {
    return this.#paths.proved;
  }

  get lastHeard(): number {
    return this.#lastHeard;
  }

  onHeard(path: Path, bytes: number, newest: boolean, now: number): void {
    this.#lastHeard = now;
    // Whether the relay is used is decided here: what still comes by it does not say where the other side is.
    if (path.relay === undefined) this.#paths.onPacket(path, bytes, newest, now);
  }

  onAcked(now: number): void {
    this.#ackedAt = now;
  }

  /** The other side may be there, too. */
  consider(path: Path, now: number): void {
    this.#search.consider(path, now);
  }

  /** Nothing comes by the path in use any more, or nothing that is sent by it arrives. @param probes timeouts in a row */
  #isSilent(probes: number, now: number): boolean {
    return now >= this.#lastHeard + UNHEARD_MS || (probes >= SILENT_PROBES && now >= this.#ackedAt + UNACKED_MS);
  }

  /** @returns whether another path is the one in use now */
  onResponse(token: Uint8Array, from: Path, probes: number, now: number): boolean {
    const [before, silent] = [this.current, this.#isSilent(probes, now)];
    const better = this.#search.onResponse(token, from, before, silent);
    if (better !== undefined) this.#paths.moveTo(better);
    else if (!this.#paths.onResponse(token)) return false;
    this.#ackedAt = now;
    this.#search.onMoved(before, silent, now);
    return true;
  }

  /** The challenge to send now to an address from which the other side has spoken. */
  challenge(now: number): ReturnType<PathValidation['challenge']> {
    return this.#paths.challenge(now);
  }

  /** Challenges to send now, each as large as data are, to where it may be. */
  lookAround(probes: number, now: number): ReturnType<PathSearch['due']> {
    return this.#search.due(this.current, this.#isSilent(probes, now), now);
  }

  /** As of PathValidation. */
  allow(path: Path, bytes: number): boolean {
    return this.#paths.allow(path, bytes);
  }

  nextAt(probes: number, now: number): number {
    return Math.min(this.#paths.nextAt, this.#search.nextAt(this.current, this.#isSilent(probes, now)));
  }
}
