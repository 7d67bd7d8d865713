import { sameBytes } from '../../base/bytes.js';
import type { Random } from '../../base/random.js';
import type { Path } from '../../transfer/protocol/path.js';
import { PathSearch } from '../../transfer/protocol/path-search.js';

/**
 * By which path this side of a tunnel sends. It begins on a relay as soon as it is bound there, looks for a direct path
 * meanwhile, and goes on by the first one that carries a whole datagram there and back. Each side decides for itself.
 *
 *     nowhere ──a relay is bound──▶ on the relay ──a direct path has answered──▶ on that ──silence──▶ the first that answers
 *        └──────────────────────────a direct path has answered───────────────▲
 *
 * A small challenge opens the way through a router, and shows that somebody is there; the one as large as any datagram follows.
 */

export interface Challenge {
  readonly path: Path;
  readonly token: Uint8Array;
  /** As large as any datagram. */
  readonly whole: boolean;
}

/** Where nothing is in use every other path is better. */
const NOWHERE: Path = { key: '', maxDatagram: 0, stream: false, relay: true };

export class TunnelPaths {
  readonly #search: PathSearch;
  readonly #tokens = new Map<Path, Uint8Array>();
  /** From which something came. */
  readonly #heard = new Set<Path>();
  readonly #usable = new Set<Path>();
  #current: Path | undefined;
  #wasSilent = false;

  constructor(random: Random) {
    this.#search = new PathSearch(random);
  }

  get current(): Path | undefined {
    return this.#current;
  }

  /** Other paths which have carried something, or will: relays that are bound. */
  get others(): Path[] {
    return [...this.#usable].filter((path) => path !== this.#current);
  }

  /** That in use first. */
  get all(): Path[] {
    return this.#current === undefined ? this.others : [this.#current, ...this.others];
  }

  /** The other side may be there. */
  consider(path: Path, now: number): void {
    this.#search.consider(path, now);
  }

  /** The relay is bound, or is not any more. @returns whether the path in use is another one now */
  onRelay(path: Path, bound: boolean, now: number): boolean {
    if (!bound) {
      this.#usable.delete(path);
      return false;
    }
    this.#usable.add(path);
    this.#search.consider(path, now);
    if (this.#current !== undefined) return false;
    this.#current = path;
    return true;
  }

  /** Something authentic came from there. @returns whether it is the first */
  onHeard(path: Path): boolean {
    if (this.#heard.has(path)) return false;
    this.#heard.add(path);
    return true;
  }

  /** Challenges to be sent now. @param silent whether nothing arrives by the path in use any more */
  due(silent: boolean, now: number): Challenge[] {
    const current = this.#current ?? NOWHERE;
    if (silent && !this.#wasSilent) this.#search.hurry(now);
    this.#wasSilent = silent;
    return this.#search.due(current, silent || this.#current === undefined, now).map(({ path, token }) => {
      this.#tokens.set(path, token);
      const whole = path.relay === true || this.#heard.has(path);
      return { path, token: whole ? token : small(token), whole };
    });
  }

  /**
   * @returns a challenge that follows at once, where a small one was answered; 'moved' where the path is the one in use now
   */
  onResponse(token: Uint8Array, from: Path, silent: boolean, now: number): Challenge | 'moved' | undefined {
    const asked = this.#tokens.get(from);
    if (asked !== undefined && sameBytes(small(asked), token)) return { path: from, token: asked, whole: true };
    const current = this.#current ?? NOWHERE;
    const better = this.#search.onResponse(token, from, current, silent || this.#current === undefined);
    if (better === undefined) return undefined;
    this.#usable.add(better);
    // A relay that is bound may carry again at any time; whether a direct path does is shown by its next challenge.
    if (silent && current.relay !== true) this.#usable.delete(current);
    this.#current = better;
    this.#search.onMoved(current, silent, now);
    return 'moved';
  }

  nextAt(silent: boolean): number {
    return this.#search.nextAt(this.#current ?? NOWHERE, silent || this.#current === undefined);
  }
}

/** The token of the small challenge of a path: another one than the whole one's, so that its answer proves no more. */
function small(token: Uint8Array): Uint8Array {
  const other = token.slice();
  other[0]! ^= 0xff;
  return other;
}
