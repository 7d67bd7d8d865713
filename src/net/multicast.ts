import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import multicastDns, { type MulticastDNS, type ResponsePacket } from 'multicast-dns';
import { type Interfaces, isOwnAddress } from './interfaces.js';

/** Multicast DNS (RFC 6762) on every interface this machine has, over IPv4 and IPv6: questions and answers by name. */

export interface MulticastRecord {
  readonly name: string;
  /** Of an answer. */
  readonly data?: Uint8Array;
}

export interface MulticastHeard {
  readonly kind: 'question' | 'answer';
  readonly records: readonly MulticastRecord[];
  /** Who said it, with the zone where the address has one. */
  readonly from: string;
}

/** How one interface carries multicast, as far as it is known from here. */
export interface MulticastState {
  /** Its address, or its name for IPv6. */
  readonly at: string;
  /** Why nothing can be said there. */
  readonly failure?: string;
  /** What is said there comes back: nothing on this machine stops it. */
  readonly hearsItself: boolean;
}

export interface Multicast {
  /** On all interfaces. */
  say(kind: MulticastHeard['kind'], records: readonly MulticastRecord[]): void;
  /** Looks at the interfaces again. */
  update(): void;
  state(): readonly MulticastState[];
  /** Whether another machine was heard, whoever it is and whatever of. */
  readonly hearsOthers: boolean;
  close(): Promise<void>;
}

export type OpenMulticast = (onHeard: (heard: MulticastHeard) => void) => Promise<Multicast>;

const PORT = 5353;
const GROUP_V6 = 'ff02::fb';
/** Whoever caches it need not for long. */
const TTL_SECONDS = 10;
/** One string of a TXT record. */
const STRING_BYTES = 255;

interface Place {
  readonly at: string;
  readonly mdns: MulticastDNS;
  failure?: string;
  hearsItself: boolean;
}

/** What each interface is called where a group is joined: its address, or for IPv6 its zone. */
function placesOf(interfaces: Interfaces): string[] {
  const places = Object.entries(interfaces).flatMap(([name, list = []]) =>
    list.flatMap((one) => {
      if (one.internal) return [];
      if (one.family === 'IPv4') return [one.address];
      // Of the addresses of an interface only the link-local one has a zone, and groups are joined there.
      return one.scopeid > 0 ? [`::%${process.platform === 'win32' ? one.scopeid : name}`] : [];
    }),
  );
  return [...new Set(places)];
}

const strings = (data: Uint8Array): Buffer[] =>
  Array.from({ length: Math.ceil(data.length / STRING_BYTES) }, (_, at) =>
    Buffer.from(data.subarray(at * STRING_BYTES, (at + 1) * STRING_BYTES)),
  );

class MulticastInterfaces implements Multicast {
  readonly #onHeard: (heard: MulticastHeard) => void;
  readonly #interfaces: () => Interfaces;
  readonly #places = new Map<string, Place>();
  hearsOthers = false;

  constructor(onHeard: (heard: MulticastHeard) => void, interfaces: () => Interfaces) {
    this.#onHeard = onHeard;
    this.#interfaces = interfaces;
    this.update();
  }

  update(): void {
    const wanted = new Set(placesOf(this.#interfaces()));
    for (const [at, place] of this.#places) {
      if (wanted.has(at) && place.failure === undefined) continue;
      this.#places.delete(at);
      place.mdns.destroy();
    }
    for (const at of wanted) if (!this.#places.has(at)) this.#places.set(at, this.#open(at));
  }

  say(kind: MulticastHeard['kind'], records: readonly MulticastRecord[]): void {
    for (const place of this.#places.values()) {
      const done = (error: Error | null): void => {
        if (error) place.failure = error.message;
      };
      if (kind === 'question')
        place.mdns.query(
          records.map(({ name }) => ({ name, type: 'TXT' as const })),
          done,
        );
      else place.mdns.respond(records.map(answerOf), done);
    }
  }

  state(): readonly MulticastState[] {
    return [...this.#places.values()].map(({ at, failure, hearsItself }) => ({
      ...{ at, hearsItself },
      ...(failure !== undefined && { failure }),
    }));
  }

  async close(): Promise<void> {
    const places = [...this.#places.values()];
    this.#places.clear();
    await Promise.all(places.map(({ mdns }) => new Promise<void>((resolve) => mdns.destroy(resolve))));
  }

  #open(at: string): Place {
    const isV6 = at.startsWith('::%');
    const mdns = multicastDns({
      ...{ interface: at, port: PORT, loopback: true, reuseAddr: true },
      ...(isV6 ? { type: 'udp6', ip: GROUP_V6, bind: '::', socket: v6Socket() } : { type: 'udp4', bind: '0.0.0.0' }),
    });
    const place: Place = { at, mdns, hearsItself: false };
    const failed = (error: Error): void => {
      place.failure = error.message;
    };
    mdns.on('error', failed);
    // Among these is what others say and nobody can read.
    mdns.on('warning', (error) => {
      if ('syscall' in error) failed(error);
    });
    mdns.on('packet', ({ type, questions = [], answers = [] }, { address }) => {
      this.#heardFrom(place, address);
      const records =
        type === 'query'
          ? questions.map(({ name }: { readonly name: string }) => ({ name }))
          : answers.flatMap(recordOf);
      this.#onHeard({ kind: type === 'query' ? 'question' : 'answer', records, from: address });
    });
    return place;
  }

  /** Every socket hears what comes in at any interface; from an address of this machine it is this machine's. */
  #heardFrom(place: Place, from: string): void {
    const isHere = place.at === from || (place.at.startsWith('::%') && from.endsWith(place.at.slice(2)));
    // The system is asked only where its answer tells something new: anybody can say as much here as they like.
    if (this.hearsOthers && (place.hearsItself || !isHere)) return;
    if (!isOwnAddress(from, this.#interfaces())) this.hearsOthers = true;
    else if (isHere) place.hearsItself = true;
  }
}

/** A socket of both families would take from the others what comes by IPv4. */
const v6Socket = () => createSocket({ type: 'udp6', reuseAddr: true, ipv6Only: true });

const answerOf = ({ name, data = new Uint8Array(0) }: MulticastRecord) => ({
  ...{ name, type: 'TXT' as const, class: 'IN' as const, ttl: TTL_SECONDS, data: strings(data) },
});

function recordOf(answer: NonNullable<ResponsePacket['answers']>[number]): MulticastRecord[] {
  if (answer.type !== 'TXT' || !Array.isArray(answer.data)) return [];
  const data = Buffer.concat(answer.data.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
  return [{ name: answer.name, data: new Uint8Array(data) }];
}

export const openMulticast = (onHeard: (heard: MulticastHeard) => void): Multicast =>
  new MulticastInterfaces(onHeard, networkInterfaces);
