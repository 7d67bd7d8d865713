import { type Random, randomBelow } from '../../base/random.js';
import { encodeNatPmpAddress, encodeNatPmpMap } from '../../wire/gateway/nat-pmp.js';
import { encodePcpAnnounce, encodePcpMap, type MappedProtocol, PCP_NONCE_BYTES } from '../../wire/gateway/pcp.js';

export type Dialect = 'pcp' | 'nat-pmp';

/** Why a router that answers does not map a port. */
export type Refusal = 'refused' | 'full' | 'failed';

export interface WantedPort {
  readonly protocol: MappedProtocol;
  readonly port: number;
}

export interface MappedPort extends WantedPort {
  /** Where it is reached from outside. */
  readonly external: { readonly host: string; readonly port: number };
}

/** Long enough to be no load, short enough that what a crash leaves behind is gone soon. */
const LIFETIME_SECONDS = 3_600;
const DAY_SECONDS = 86_400;
/** RFC 6887 §8.1.1; a second try of it is not made before NAT-PMP was tried. */
const PCP_WAIT_MS = 3_000;
const PCP_TRIES = 1;
/** RFC 6886 §3.1. */
const NAT_PMP_WAIT_MS = 250;
const NAT_PMP_TRIES = 9;
/** RFC 6887 §11.2.1: no sooner after the one before. */
const LEAST_RENEWAL_MS = 4_000;
/** What is taken down at the end is no reason to wait for long. */
const LEAVING_WAIT_MS = 150;
const LEAVING_TRIES = 3;

/** One port that is mapped, or the question whether anybody is there. */
export class Entry {
  readonly kind: MappedProtocol | 'probe';
  readonly port: number;
  readonly nonce: Uint8Array;
  leaving = false;
  /** It has been taken down, or answered. */
  over = false;
  refusal: Refusal | undefined;
  dueAt: number;
  readonly #random: Random;
  #tries = 0;
  #granted: { readonly host: string; readonly port: number; readonly until: number } | undefined;

  constructor(what: WantedPort | 'probe', random: Random, now: number) {
    this.kind = what === 'probe' ? 'probe' : what.protocol;
    this.port = what === 'probe' ? 0 : what.port;
    this.#random = random;
    this.nonce = random.bytes(PCP_NONCE_BYTES);
    this.dueAt = now;
  }

  get isMapped(): boolean {
    return this.#granted !== undefined;
  }

  isFor({ protocol, port }: WantedPort): boolean {
    return this.kind === protocol && this.port === port;
  }

  /** @param outside the router's address where the mapping does not say it */
  shown(dialect: Dialect, outside: string | undefined): MappedPort | undefined {
    if (this.#granted === undefined || this.kind === 'probe' || this.leaving) return undefined;
    const host = dialect === 'pcp' ? this.#granted.host : outside;
    if (host === undefined || host === '') return undefined;
    return { protocol: this.kind, port: this.port, external: { host, port: this.#granted.port } };
  }

  /** It is asked for from then on, as if for the first time; what was granted counts until its end. */
  again(at: number): void {
    this.#tries = 0;
    this.dueAt = at;
  }

  /** It is wanted after all. */
  stay(now: number): void {
    if (!this.leaving) return;
    this.leaving = false;
    this.again(now);
  }

  /** @param until `now` of the earliest next try */
  refuse(why: Refusal, until: number): void {
    this.refusal = why;
    this.#tries = 0;
    this.dueAt = until;
  }

  grant(external: { readonly host: string; readonly port: number }, lifetime: number, now: number): void {
    const ms = Math.min(lifetime, DAY_SECONDS) * 1_000;
    this.refusal = undefined;
    this.#granted = { ...external, until: now + ms };
    this.#tries = 0;
    // Half of its life, and up to an eighth more, so that not all ask at once (RFC 6887 §11.2.1).
    this.dueAt = now + Math.max(LEAST_RENEWAL_MS, ms / 2 + randomBelow(this.#random, Math.max(1, Math.floor(ms / 8))));
  }

  expire(now: number): void {
    if (this.#granted === undefined || now < this.#granted.until) return;
    this.#granted = undefined;
    this.again(Math.min(this.dueAt, now));
  }

  finish(): void {
    this.over = true;
  }

  /** Taken down, where it is or may be up. @param heard whether anybody is there: then the answer is waited for */
  leave(now: number, heard: boolean): void {
    if (this.leaving) return;
    this.leaving = true;
    this.over = this.#granted === undefined && this.#tries === 0;
    this.again(now);
    if (!heard) this.#tries = LEAVING_TRIES - 1;
  }

  /** Asked in this dialect as often as it makes sense, without an answer. */
  isUnanswered(dialect: Dialect): boolean {
    if (this.leaving || this.#granted !== undefined) return false;
    return this.#tries >= (dialect === 'pcp' ? PCP_TRIES : NAT_PMP_TRIES);
  }

  /** What is asked now; sets when it is asked again. */
  ask(dialect: Dialect, client: string, now: number): Uint8Array[] {
    if (this.leaving && this.#tries >= LEAVING_TRIES) {
      this.finish();
      return [];
    }
    this.dueAt = now + this.#wait(dialect, now);
    this.#tries += 1;
    return dialect === 'pcp' ? [this.#pcp(client)] : this.#natPmp();
  }

  #wait(dialect: Dialect, now: number): number {
    if (this.leaving) return LEAVING_WAIT_MS;
    // Of what is left, half again and again.
    if (this.#granted !== undefined) return Math.max(LEAST_RENEWAL_MS, (this.#granted.until - now) / 2);
    const first = dialect === 'pcp' ? PCP_WAIT_MS : NAT_PMP_WAIT_MS;
    // A tenth more or less, so that several programs don't ask in step (RFC 6887 §8.1.1).
    return first * 2 ** this.#tries * (0.9 + randomBelow(this.#random, 201) / 1_000);
  }

  #pcp(client: string): Uint8Array {
    if (this.kind === 'probe') return encodePcpAnnounce(client);
    const { host, port = this.port } = this.leaving
      ? { host: undefined, port: 0 }
      : (this.#granted ?? { host: undefined });
    const known = host === '' ? undefined : host;
    const wish = { externalPort: port, externalHost: known, lifetime: this.leaving ? 0 : LIFETIME_SECONDS };
    return encodePcpMap({ protocol: this.kind, nonce: this.nonce, internalPort: this.port, ...wish }, client);
  }

  #natPmp(): Uint8Array[] {
    if (this.kind === 'probe') return [encodeNatPmpAddress()];
    const { port = this.port } = this.#granted ?? {};
    const lifetime = this.leaving ? 0 : LIFETIME_SECONDS;
    const map = encodeNatPmpMap({ protocol: this.kind, internalPort: this.port, externalPort: port, lifetime });
    return this.leaving ? [map] : [encodeNatPmpAddress(), map];
  }
}
