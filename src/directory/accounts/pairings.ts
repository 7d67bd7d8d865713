import type { Cancel, Clock } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import { type Random, randomBelow } from '../../base/random.js';
import type { DirectoryMethods } from '../../wire/directory.js';
import { PAIRING_ANSWER_MS, PAIRING_MS, PAIRING_NUMBERS } from '../../wire/limits.js';
import type { PairingKind } from '../../wire/pairing.js';
import type { Params } from '../../wire/rpc.js';
import type { DeviceSession, Sessions } from '../delivery/sessions.js';
import { rateLimited, type TokenBuckets } from '../guard/token-bucket.js';
import { PAIRINGS_OPEN, PAIRINGS_PER_DEVICE } from '../limits.js';

export interface PairingsInit {
  readonly sessions: Sessions;
  readonly clock: Clock;
  readonly random: Random;
  /** Tries of one address that met nobody. */
  readonly misses: TokenBuckets;
}

/** A newcomer on its channel, from its first word on. */
export interface Visit {
  readonly pairing: Pairing;
  readonly address: string;
  /** What it has said waits for an answer. */
  answer?: { resolve(message: Uint8Array): void; reject(why: Failure): void } | undefined;
}

interface Pairing {
  readonly number: number;
  readonly kind: PairingKind;
  /** Whose code it is: folded, and the device that answers. */
  readonly folded: string;
  readonly device: string;
  readonly expires: number;
  readonly cancelEnd: Cancel;
  visit?: Visit;
  cancelAnswer?: Cancel | undefined;
  /** A device that the newcomer may enrol. */
  granted?: string;
}

/** Of codes that are spent so many numbers are remembered, so that a second one who comes with it is told so. */
const SPENT_KEPT = 1_000;

/**
 * Where two machines meet that share a code: by its number, once. Whoever meets it first has it, and whatever comes of that,
 * the code is spent. Nothing of this is stored: a directory that was started again has no codes.
 */
export class Pairings {
  readonly #init: PairingsInit;
  readonly #open = new Map<number, Pairing>();
  readonly #spent = new Map<number, 'pairing-used' | 'pairing-expired'>();

  constructor(init: PairingsInit) {
    this.#init = init;
  }

  /** @throws Failure limit 'pairings-many' */
  open({ folded, device }: DeviceSession, kind: PairingKind): { number: number; expires: number } {
    const { clock } = this.#init;
    const own = [...this.#open.values()].filter((one) => one.folded === folded && one.device === device);
    if (own.length >= PAIRINGS_PER_DEVICE || this.#open.size >= PAIRINGS_OPEN) throw new Failure('pairings-many');
    const number = this.#freeNumber();
    const expires = clock.now() + PAIRING_MS;
    const cancelEnd = clock.after(PAIRING_MS, () => this.#end(number, 'expired'));
    this.#open.set(number, { number, kind, folded, device, expires, cancelEnd });
    this.#spent.delete(number);
    return { number, expires };
  }

  /** A try, of this address: given back where something comes of it. @throws Failure limit 'rate-limited' */
  charge(address: string): void {
    const { clock, misses } = this.#init;
    const wait = misses.take(address, clock.monotonic());
    if (wait > 0) throw rateLimited('too many wrong codes from this address', wait);
  }

  refund(address: string): void {
    this.#init.misses.refund(address, this.#init.clock.monotonic());
  }

  /**
   * A newcomer comes with a number, and has been charged for it.
   * @throws Failure unknown 'pairing-unknown'; denied 'pairing-used', 'pairing-expired'; unreachable 'pairing-away'; limit
   */
  meet(number: number, kind: PairingKind, address: string): Visit {
    const pairing = this.#open.get(number);
    if (pairing === undefined || pairing.kind !== kind) throw new Failure(this.#spent.get(number) ?? 'pairing-unknown');
    if (pairing.visit !== undefined) throw new Failure('pairing-used');
    if (this.#host(pairing) === undefined) throw new Failure('pairing-away');
    const visit: Visit = { pairing, address };
    pairing.visit = visit;
    return visit;
  }

  /** @throws Failure protocol 'pairing-malformed'; denied 'pairing-wrong'; unreachable 'pairing-away' */
  say(visit: Visit, message: Uint8Array): Promise<Uint8Array> {
    const { pairing } = visit;
    if (visit.answer !== undefined || pairing.granted !== undefined) throw new Failure('pairing-malformed');
    if (!this.#isOpen(visit)) throw new Failure('pairing-used');
    const host = this.#host(pairing);
    if (host === undefined) throw new Failure('pairing-away');
    return new Promise((resolve, reject) => {
      visit.answer = { resolve, reject };
      pairing.cancelAnswer = this.#init.clock.after(PAIRING_ANSWER_MS, () => {
        this.#answered(visit)?.reject(new Failure('pairing-away'));
        this.#end(pairing.number, 'left');
      });
      host.notify('pairing.said', { number: pairing.number, message });
    });
  }

  /** @throws Failure unknown 'pairing-unknown' */
  answer(session: DeviceSession, { number, message, device, done }: Params<DirectoryMethods, 'pairing.answer'>): void {
    const { visit } = this.#owned(session, number);
    const waiting = visit && this.#answered(visit);
    if (visit === undefined || waiting === undefined) throw new Failure('pairing-unknown');
    if (device !== undefined) visit.pairing.granted = device;
    waiting.resolve(message);
    if (done === true) this.done(visit);
  }

  /** Who made the code wants no more of it. @throws Failure unknown 'pairing-unknown' */
  close(session: DeviceSession, number: number, isWrong: boolean): void {
    const { visit } = this.#owned(session, number);
    if (visit !== undefined) this.#answered(visit)?.reject(new Failure(isWrong ? 'pairing-wrong' : 'pairing-used'));
    this.#forget(number, 'pairing-used');
  }

  /** The device that the visitor may enrol, and whose it is. @throws Failure denied 'pairing-used', 'login-needed' */
  granted(visit: Visit | undefined): { readonly folded: string; readonly device: string; readonly by: string } {
    const device = visit?.pairing.granted;
    if (visit === undefined || device === undefined) throw new Failure('login-needed');
    if (!this.#isOpen(visit)) throw new Failure('pairing-used');
    return { folded: visit.pairing.folded, device, by: visit.pairing.device };
  }

  /** What the newcomer came for has been done. */
  done({ pairing, address }: Visit): void {
    this.refund(address);
    this.#end(pairing.number, 'done');
  }

  /** The newcomer's channel is closed. */
  left(visit: Visit): void {
    if (this.#isOpen(visit)) this.#end(visit.pairing.number, 'left');
  }

  closeAll(): void {
    for (const { cancelEnd, cancelAnswer } of this.#open.values()) {
      cancelEnd();
      cancelAnswer?.();
    }
    this.#open.clear();
  }

  #isOpen({ pairing }: Visit): boolean {
    return this.#open.get(pairing.number) === pairing;
  }

  #host({ folded, device }: Pairing): DeviceSession | undefined {
    return this.#init.sessions.find(folded, device);
  }

  #owned({ folded, device }: DeviceSession, number: number): Pairing {
    const pairing = this.#open.get(number);
    if (pairing?.folded === folded && pairing.device === device) return pairing;
    throw new Failure('pairing-unknown');
  }

  #answered(visit: Visit): Visit['answer'] {
    const waiting = visit.answer;
    visit.answer = undefined;
    visit.pairing.cancelAnswer?.();
    visit.pairing.cancelAnswer = undefined;
    return waiting;
  }

  #end(number: number, how: 'done' | 'left' | 'expired'): void {
    const pairing = this.#open.get(number);
    if (pairing === undefined) return;
    if (pairing.visit) this.#answered(pairing.visit)?.reject(new Failure('pairing-expired'));
    this.#forget(number, how === 'expired' ? 'pairing-expired' : 'pairing-used');
    this.#host(pairing)?.notify('pairing.ended', { number, how });
  }

  #forget(number: number, why: 'pairing-used' | 'pairing-expired'): void {
    const pairing = this.#open.get(number);
    pairing?.cancelEnd();
    pairing?.cancelAnswer?.();
    this.#open.delete(number);
    this.#spent.set(number, why);
    if (this.#spent.size > SPENT_KEPT) this.#spent.delete(this.#spent.keys().next().value!);
  }

  /** By chance, so that a stranger's tries mostly meet nobody. */
  #freeNumber(): number {
    for (;;) {
      const number = PAIRING_NUMBERS / 10 + randomBelow(this.#init.random, (PAIRING_NUMBERS / 10) * 9);
      if (!this.#open.has(number)) return number;
    }
  }
}
