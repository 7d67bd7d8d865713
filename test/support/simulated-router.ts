import { type Random, randomBelow } from '../../src/base/random.js';
import type { MappingClient } from '../../src/net/mapping/client.js';

/** A router in simulated time that maps ports, or does what bad ones do; `drive` runs a client against it. */

export interface Manners {
  /** Answers to PCP with PCP, or that it knows only version 0, or not. */
  readonly pcp: 'yes' | 'unknown version' | 'silent';
  readonly natPmp: boolean;
  /** Of the datagrams, either way. */
  readonly loss?: number;
  /** The result of each mapping, as the protocol numbers it. */
  readonly result?: number;
  /** Says something else than any protocol would. */
  readonly nonsense?: boolean;
}

const OUTSIDE = [11, 22, 1, 2];

export class SimulatedRouter {
  manners: Manners;
  /** By protocol and port inside: the port outside, and the second when it ends. */
  readonly mapped = new Map<string, { readonly port: number; readonly until: number }>();
  heard = 0;
  #bornAt: number;
  readonly #random: Random;

  constructor(manners: Manners, random: Random, now: number) {
    this.manners = manners;
    this.#random = random;
    this.#bornAt = now;
  }

  restart(now: number): void {
    this.mapped.clear();
    this.#bornAt = now;
  }

  /** What is mapped at that time, as `udp 4000`. */
  at(now: number): string[] {
    return [...this.mapped]
      .filter(([, { until }]) => now < until)
      .map(([key]) => key)
      .sort();
  }

  answer(bytes: Uint8Array, now: number): Uint8Array | undefined {
    this.heard += 1;
    if (this.manners.nonsense) return this.#random.bytes(1 + randomBelow(this.#random, 70));
    if (bytes[0] === 2) return this.#pcp(bytes, now);
    return this.manners.natPmp ? this.#natPmp(bytes, now) : undefined;
  }

  #epoch(now: number): number {
    return Math.floor((now - this.#bornAt) / 1_000);
  }

  #map(protocol: string, port: number, lifetime: number, now: number): number {
    const key = `${protocol} ${port}`;
    const outside = this.mapped.get(key)?.port ?? 10_000 + this.mapped.size;
    if (lifetime === 0) this.mapped.delete(key);
    else this.mapped.set(key, { port: outside, until: now + lifetime * 1_000 });
    return outside;
  }

  #pcp(asked: Uint8Array, now: number): Uint8Array | undefined {
    if (this.manners.pcp === 'silent') return undefined;
    if (this.manners.pcp === 'unknown version') return this.#head(Uint8Array.of(0, 0x80 | asked[1]!, 0, 1), now, 8);
    const out = asked.slice();
    const view = new DataView(out.buffer);
    out[1]! |= 0x80;
    out[3] = this.manners.result ?? 0;
    view.setUint32(8, this.#epoch(now));
    out.fill(0, 12, 24);
    if (asked.length < 60 || out[3] !== 0) return out;
    const port = this.#map(asked[36] === 6 ? 'tcp' : 'udp', view.getUint16(40), view.getUint32(4), now);
    view.setUint16(42, port);
    out.set([255, 255, ...OUTSIDE], 54);
    return out;
  }

  #head(start: Uint8Array, now: number, length: number): Uint8Array {
    const out = new Uint8Array(length);
    out.set(start);
    new DataView(out.buffer).setUint32(4, this.#epoch(now));
    return out;
  }

  #natPmp(asked: Uint8Array, now: number): Uint8Array {
    const result = asked[1] === 0 ? 0 : (this.manners.result ?? 0);
    const out = this.#head(Uint8Array.of(0, 0x80 | asked[1]!, 0, result), now, asked[1] === 0 ? 12 : 16);
    if (asked[1] === 0) out.set(OUTSIDE, 8);
    else {
      const view = new DataView(asked.buffer, asked.byteOffset);
      out.set(asked.subarray(4, 6), 8);
      const lifetime = view.getUint32(8);
      const port = result === 0 ? this.#map(asked[1] === 2 ? 'tcp' : 'udp', view.getUint16(4), lifetime, now) : 0;
      new DataView(out.buffer).setUint16(10, lifetime === 0 ? 0 : port);
      out.set(asked.subarray(8, 12), 12);
    }
    return out;
  }
}

/** Runs both until then, each datagram there and back in 2 ms. @returns the time */
export function drive(
  client: MappingClient,
  router: SimulatedRouter,
  random: Random,
  from: number,
  until: number,
): number {
  let now = from;
  const lost = (): boolean => randomBelow(random, 1_000) < (router.manners.loss ?? 0) * 1_000;
  for (let round = 0; now <= until; round++) {
    if (round > 20_000) throw new Error('the client never rests');
    client.tick(now);
    const answers = client.take().flatMap((asked) => (lost() ? [] : [router.answer(asked, now)]));
    for (const answer of answers) if (answer !== undefined && !lost()) client.receive(answer, now + 2);
    const next = client.next();
    if (next === undefined) return until;
    now = Math.max(now + 2, next);
  }
  return until;
}
