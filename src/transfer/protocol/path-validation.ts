import { sameBytes } from '../../base/bytes.js';
import type { Random } from '../../base/random.js';
import { AMPLIFICATION } from '../../wire/limits.js';
import type { Path } from './path.js';

/**
 * Where the other side is. An address it was not at before is used only after it has answered a challenge there, and until
 * then gets at most three times what came from it (RFC 9000 §8.1, §8.2, §9).
 *
 *     current ──authentic packet from elsewhere──▶ challenging ──right answer──▶ the new address is current
 *                                                     └──three challenges unanswered──▶ as before
 *
 * The first address may have to answer one too: who opened the session can have heard of it elsewhere.
 */

const CHALLENGES = 4;
const CHALLENGE_EVERY_MS = 250;

interface Candidate {
  readonly path: Path;
  readonly token: Uint8Array;
  received: number;
  sent: number;
  challenges: number;
  nextAt: number;
}

export class PathValidation {
  #current: Path;
  #candidate: Candidate | undefined;
  /** What the first address has yet to answer. */
  #proof: { readonly token: Uint8Array; nextAt: number } | undefined;
  readonly #random: Random;

  /** @param proved whether it is known that the other side receives there */
  constructor(current: Path, random: Random, proved = true) {
    this.#current = current;
    this.#random = random;
    if (!proved) this.#proof = { token: random.bytes(8), nextAt: 0 };
  }

  /** Whether whoever is at the current address receives there. */
  get proved(): boolean {
    return this.#proof === undefined;
  }

  get current(): Path {
    return this.#current;
  }

  /** An authentic packet came. @param newest whether nothing newer came from elsewhere */
  onPacket(path: Path, bytes: number, newest: boolean, now: number): void {
    if (this.#candidate?.path === path) {
      this.#candidate.received += bytes;
      return;
    }
    if (path === this.#current || !newest) return;
    this.#candidate = {
      path,
      token: this.#random.bytes(8),
      received: bytes,
      sent: 0,
      challenges: 0,
      nextAt: now,
    };
  }

  /** The challenge to send now, if one is due. */
  challenge(now: number): { path: Path; token: Uint8Array } | undefined {
    if (this.#proof !== undefined && now >= this.#proof.nextAt) {
      this.#proof.nextAt = now + CHALLENGE_EVERY_MS;
      return { path: this.#current, token: this.#proof.token };
    }
    const candidate = this.#candidate;
    if (candidate === undefined || now < candidate.nextAt) return undefined;
    if (candidate.challenges === CHALLENGES) {
      this.#candidate = undefined;
      return undefined;
    }
    candidate.challenges++;
    candidate.nextAt = now + CHALLENGE_EVERY_MS;
    return candidate;
  }

  /** Whether that many bytes may go there; counts them if so. */
  allow(path: Path, bytes: number): boolean {
    if (path === this.#current) return true;
    const candidate = this.#candidate;
    if (candidate === undefined || candidate.path !== path) return true;
    if (candidate.sent + bytes > AMPLIFICATION * candidate.received) return false;
    candidate.sent += bytes;
    return true;
  }

  /** @returns true where this made another address the current one */
  onResponse(token: Uint8Array): boolean {
    if (this.#proof !== undefined && sameBytes(this.#proof.token, token)) {
      this.#proof = undefined;
      return false;
    }
    const candidate = this.#candidate;
    if (candidate === undefined || !sameBytes(candidate.token, token)) return false;
    this.#proof = undefined;
    this.#current = candidate.path;
    this.#candidate = undefined;
    return true;
  }

  /** The other side is at `path`, as an answer from there has shown. */
  moveTo(path: Path): void {
    this.#proof = undefined;
    this.#candidate = undefined;
    this.#current = path;
  }

  get nextAt(): number {
    const proofAt = this.#proof?.nextAt ?? Number.POSITIVE_INFINITY;
    return Math.min(proofAt, this.#candidate?.nextAt ?? Number.POSITIVE_INFINITY);
  }
}
