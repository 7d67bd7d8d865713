import type { Cancel, Clock } from '../../src/base/clock.js';
import { seededRandom } from '../support/random.js';

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

const WALL = Date.UTC(2026, 0, 1);
const TURNS = 2;

/**
 * Time that passes when nothing is left to do. One timer fires at a time, those of one moment in the order in which they were
 * set, and the next one waits until everything that followed from it has come to rest.
 */
export class VirtualTime implements Clock {
  #timers: Timer[] = [];
  #elapsed: number;
  #order = 0;

  constructor(elapsed = 0) {
    this.#elapsed = elapsed;
  }

  now(): number {
    return WALL + Math.floor(this.#elapsed);
  }

  monotonic(): number {
    return this.#elapsed;
  }

  after(delay: number, run: () => void): Cancel {
    const timer: Timer = { at: this.#elapsed + Math.max(0, delay), order: this.#order++, run, cancelled: false };
    this.#timers.splice(this.#placeOf(timer), 0, timer);
    return () => {
      timer.cancelled = true;
    };
  }

  /** So much time passes. */
  async run(ms: number): Promise<void> {
    await this.until(() => false, ms);
  }

  /** Time passes until it is so. @returns whether it came to be within `limit` ms */
  async until(isSo: () => boolean, limit: number): Promise<boolean> {
    const end = this.#elapsed + limit;
    await settle();
    while (!isSo()) {
      const next = this.#timers.at(-1);
      if (next === undefined || next.at > end) {
        this.#elapsed = end;
        return false;
      }
      this.#timers.pop();
      if (next.cancelled) continue;
      this.#elapsed = next.at;
      next.run();
      await settle();
    }
    return true;
  }

  /** The latest timer stands first, so that the next one is taken from the end. */
  #placeOf({ at, order }: Timer): number {
    let [low, high] = [0, this.#timers.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#timers[middle]!;
      if (other.at > at || (other.at === at && other.order > order)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Calls of WebCrypto that are under way: the hybrid suite of MLS makes them, on threads. */
let underWay = 0;
let last: Promise<unknown> = Promise.resolve();

/** Everything that can go on without time passing has gone on. */
async function settle(): Promise<void> {
  for (let quiet = 0; quiet < TURNS; quiet++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (underWay > 0) quiet = -1;
  }
}

/**
 * WebCrypto works on several threads and answers in no certain order, and takes chance from nowhere. In this process it
 * answers in the order in which it was asked, and chance is drawn from the seed.
 */
function tameWebCrypto(): void {
  const prototype = Object.getPrototypeOf(globalThis.crypto.subtle) as Record<string, unknown>;
  for (const name of Object.getOwnPropertyNames(prototype)) {
    const original = prototype[name];
    if (name === 'constructor' || typeof original !== 'function') continue;
    prototype[name] = function ordered(this: unknown, ...words: unknown[]): Promise<unknown> {
      underWay++;
      const answer = last.then(() => original.apply(this, words) as Promise<unknown>);
      last = answer.then(ignore, ignore);
      return answer.finally(() => underWay--);
    };
  }
  globalThis.crypto.getRandomValues = (<T extends ArrayBufferView>(view: T): T => {
    new Uint8Array(view.buffer, view.byteOffset, view.byteLength).set(chance.bytes(view.byteLength));
    return view;
  }) as typeof globalThis.crypto.getRandomValues;
}

const ignore = (): void => {};
let chance = seededRandom('');

tameWebCrypto();

/** What the libraries draw from now on. */
export function seedLibraries(seed: string): void {
  chance = seededRandom(`libraries ${seed}`);
}
