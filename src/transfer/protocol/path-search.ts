import { sameBytes } from '../../base/bytes.js';
import type { Random } from '../../base/random.js';
import type { Path } from './path.js';

/**
 * The sender's side of changing paths in a session. It looks beside the path in use where that is a relay, which a direct one
 * is better than, and where nothing comes by it any more: a challenge goes to each other path there may be, and the first that
 * answers is taken. Whoever receives follows it there.
 *
 *     on a relay ──a direct path answers──▶ on that ──silence──▶ the first that answers, mostly the relay ──▶ …
 */

const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 10_000;
/** Whoever calls from a path is challenged there at once, where the last challenge is so old. */
const CALLED_AFTER_MS = 250;
/** A path that has died is not looked at again before. */
const DEAD_FOR_MS = 1_500;
const MAX_PATHS = 32;

interface Candidate {
  readonly path: Path;
  readonly token: Uint8Array;
  at: number;
  sentAt: number;
  retry: number;
}

export class PathSearch {
  readonly #random: Random;
  readonly #candidates = new Map<Path, Candidate>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** The other side may be there, or calls from there. */
  consider(path: Path, now: number): void {
    if (path.stream) return;
    const known = this.#candidates.get(path);
    if (known !== undefined) {
      if (now < known.sentAt + CALLED_AFTER_MS) return;
      known.at = Math.min(known.at, now);
      known.retry = FIRST_RETRY_MS;
      return;
    }
    if (this.#candidates.size >= MAX_PATHS) return;
    const token = this.#random.bytes(8);
    this.#candidates.set(path, { path, token, at: now, sentAt: Number.NEGATIVE_INFINITY, retry: FIRST_RETRY_MS });
  }

  /** Challenges that are due. @param silent whether nothing comes by the path in use any more */
  due(current: Path, silent: boolean, now: number): readonly { readonly path: Path; readonly token: Uint8Array }[] {
    const due: Candidate[] = [];
    for (const candidate of this.#candidates.values()) {
      if (now < candidate.at || !isBetter(candidate.path, current, silent)) continue;
      candidate.sentAt = now;
      candidate.at = now + candidate.retry;
      candidate.retry = Math.min(candidate.retry * 2, MAX_RETRY_MS);
      due.push(candidate);
    }
    return due;
  }

  /** @returns the path to go on with, where that answer shows one */
  onResponse(token: Uint8Array, from: Path, current: Path, silent: boolean): Path | undefined {
    const candidate = this.#candidates.get(from);
    if (candidate === undefined || !sameBytes(candidate.token, token)) return undefined;
    return isBetter(from, current, silent) ? from : undefined;
  }

  /** Another path is in use now. @param died whether the one before carries nothing any more */
  onMoved(before: Path, died: boolean, now: number): void {
    for (const candidate of this.#candidates.values()) {
      candidate.retry = FIRST_RETRY_MS;
      candidate.at = died && candidate.path === before ? now + DEAD_FOR_MS : now;
    }
  }

  /** Nothing comes by the path in use since a moment ago: those that have not answered for long are asked again now. */
  hurry(now: number): void {
    for (const candidate of this.#candidates.values()) {
      if (candidate.sentAt + CALLED_AFTER_MS > now) continue;
      candidate.retry = FIRST_RETRY_MS;
      candidate.at = Math.min(candidate.at, now);
    }
  }

  nextAt(current: Path, silent: boolean): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { path, at } of this.#candidates.values()) {
      if (isBetter(path, current, silent)) next = Math.min(next, at);
    }
    return next;
  }
}

const isBetter = (path: Path, current: Path, silent: boolean): boolean =>
  path !== current && !current.stream && (silent || (current.relay === true && path.relay === undefined));
