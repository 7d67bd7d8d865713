import { sameBytes } from '../../base/bytes.js';
import type { Random } from '../../base/random.js';
import { SigningKey } from '../../crypto/keys.js';
import { isBoundSignature, proveBind } from '../../crypto/relay-token.js';
import { decodeRetry } from '../../wire/datagrams/handshake.js';
import { type ConnectionId, connectionId, TYPE, viewOf, writeCommon } from '../../wire/datagrams/header.js';
import {
  bindStatement,
  decodeBind,
  decodeBound,
  decodeRefused,
  encodeKeep,
  keepMark,
  RELAY_DATA_BYTES,
  type Refused,
} from '../../wire/datagrams/relay.js';
import { RELAY_KEEP_MS, RELAY_VERSION } from '../../wire/limits.js';
import type { DatagramBatch } from './datagram-batch.js';
import type { Emit, Path } from './path.js';

/** What it takes to use a relay, for one pair of devices. */
export interface RelayAccess {
  /** The relay's. */
  readonly key: Uint8Array;
  readonly token: Uint8Array;
  readonly signature: Uint8Array;
  /** Of the key in the token. */
  readonly seed: Uint8Array;
}

export type RelayState = 'binding' | 'bound' | 'away' | 'refused';

export interface RelayClientInit {
  readonly access: RelayAccess;
  /** Where the relay is. */
  readonly carrier: Path;
  readonly lane: number;
  readonly random: Random;
  readonly emit: Emit;
  /** It is bound, or is not any more. */
  onState(state: RelayState, why?: Refused): void;
}

const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 4_000;
/** Without an answer for so long the relay counts as away; it is tried on. */
const AWAY_AFTER_MS = 1_500;
const KEEP_AGAIN_MS = 1_000;
const KEEP_TRIES = 3;
/** Who was refused looks again after this, where the relay does not say when. */
const REFUSED_RETRY_MS = 30_000;

/** The way by a relay: datagrams of transfers travel inside of its Data. */
export interface RelayPath extends Path {
  readonly relay: true;
  readonly carrier: Path;
  readonly client: RelayClient;
}

/**
 * A device at a relay.
 *
 *     binding ──Bound, signed by the relay's key──▶ bound ──Gone, or three Keeps unanswered──▶ binding
 *        │└──Refused──▶ refused, and later binding again
 *        └──no answer for a second and a half──▶ away, and tried on
 */
export class RelayClient {
  readonly path: RelayPath;
  readonly #init: RelayClientInit;
  readonly #id: ConnectionId;
  #access: RelayAccess;
  #holder: SigningKey;
  #state: RelayState = 'binding';
  #channel: ConnectionId | undefined;
  /** The Bind whose answer is awaited. */
  #asked: Uint8Array | undefined;
  #askedSince: number;
  #retry = FIRST_RETRY_MS;
  #askAt: number;
  #keepAt = Number.POSITIVE_INFINITY;
  #keeps = 0;
  #mark = new Uint8Array(8);

  constructor(init: RelayClientInit, now: number) {
    this.#init = init;
    this.#access = init.access;
    this.#holder = SigningKey.fromSeed(init.access.seed);
    this.#id = connectionId(init.random.bytes(8));
    const { carrier } = init;
    const maxDatagram = carrier.maxDatagram - RELAY_DATA_BYTES;
    this.path = { key: `relay ${carrier.key}`, maxDatagram, stream: false, relay: true, carrier, client: this };
    this.#askedSince = now;
    this.#askAt = now;
  }

  get state(): RelayState {
    return this.#state;
  }

  /** To which Retries, Bounds and refusals of them come. */
  get id(): ConnectionId {
    return this.#id;
  }

  /** To which everything else comes; undefined while it is not bound. */
  get channel(): ConnectionId | undefined {
    return this.#channel;
  }

  /** Another token for the same: it takes the place of the one before. */
  renew(access: RelayAccess, now: number): void {
    if (sameBytes(access.token, this.#access.token)) return;
    this.#access = access;
    this.#holder = SigningKey.fromSeed(access.seed);
    this.#begin(now);
  }

  #begin(now: number): void {
    this.#askedSince = now;
    this.#askAt = now;
    this.#retry = FIRST_RETRY_MS;
  }

  /** @param cookie for this try only: by the next the relay may have been started anew, or has seen enough of it */
  #ask(now: number, cookie: Uint8Array | null = null): void {
    const head = { version: RELAY_VERSION, id: this.#id, cookie, lane: this.#init.lane };
    const statement = bindStatement(head, this.#access);
    const proof = proveBind(this.#holder, statement);
    const bind = new Uint8Array(statement.length + proof.length);
    bind.set(statement);
    bind.set(proof, statement.length);
    this.#asked = bind;
    this.#askAt = now + this.#retry;
    this.#retry = Math.min(this.#retry * 2, MAX_RETRY_MS);
    this.#init.emit(this.#init.carrier, bind);
  }

  /** One datagram of the relay's for this client, whole. @throws Failure 'malformed' */
  receive(datagram: Uint8Array, now: number): void {
    switch (datagram[0]) {
      case TYPE.relayRetry:
        this.#onRetry(decodeRetry(datagram), now);
        return;
      case TYPE.relayBound:
        this.#onBound(datagram, now);
        return;
      case TYPE.relayRefused:
        this.#onRefused(decodeRefused(datagram), now);
        return;
      case TYPE.relayKept:
        if (sameBytes(keepMark(datagram), this.#mark)) this.#onKept(now);
        return;
      case TYPE.relayGone:
        this.#lose(now);
        return;
      default:
    }
  }

  #onRetry(cookie: Uint8Array, now: number): void {
    // A Bind with a cookie waits for its time: otherwise a relay could have Binds signed as fast as it sends Retries.
    if (this.#asked === undefined || decodeBind(this.#asked).cookie !== null) return;
    this.#retry = FIRST_RETRY_MS;
    this.#ask(now, cookie);
  }

  #onBound(datagram: Uint8Array, now: number): void {
    const { channel, statement, signature } = decodeBound(datagram);
    const asked = this.#asked;
    if (asked === undefined || !isBoundSignature(this.#access.key, asked, statement, signature)) return;
    this.#asked = undefined;
    this.#channel = channel;
    this.#askAt = Number.POSITIVE_INFINITY;
    this.#onKept(now);
    this.#enter('bound');
  }

  #onRefused(refused: Refused, now: number): void {
    if (this.#state !== 'bound' && this.#asked === undefined) return;
    this.#asked = undefined;
    this.#channel = undefined;
    this.#keepAt = Number.POSITIVE_INFINITY;
    this.#begin(now);
    this.#askAt = now + (refused.seconds > 0 ? refused.seconds * 1_000 : REFUSED_RETRY_MS);
    this.#askedSince = this.#askAt;
    this.#enter('refused', refused);
  }

  #onKept(now: number): void {
    this.#keeps = 0;
    this.#keepAt = now + RELAY_KEEP_MS;
  }

  /** The relay knows this channel no more, or not from here. */
  #lose(now: number): void {
    if (this.#state !== 'bound') return;
    this.#channel = undefined;
    this.#keepAt = Number.POSITIVE_INFINITY;
    this.#begin(now);
    this.#enter('binding');
  }

  #enter(state: RelayState, why?: Refused): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#init.onState(state, why);
  }

  /** Whatever became due by `now`. */
  timeout(now: number): void {
    if (now >= this.#askAt) {
      if (this.#state === 'refused') this.#enter('binding');
      this.#ask(now);
    }
    if (this.#state === 'binding' && now >= this.#askedSince + AWAY_AFTER_MS) this.#enter('away');
    if (now >= this.#keepAt) this.#keep(now);
  }

  #keep(now: number): void {
    if (this.#keeps++ === KEEP_TRIES) {
      this.#lose(now);
      return;
    }
    this.#keepAt = now + KEEP_AGAIN_MS;
    this.#mark = Uint8Array.from(this.#init.random.bytes(8));
    this.#init.emit(this.#init.carrier, encodeKeep(TYPE.relayKeep, this.#channel!, this.#mark));
  }

  nextTimeout(): number {
    const away = this.#state === 'binding' ? this.#askedSince + AWAY_AFTER_MS : Number.POSITIVE_INFINITY;
    return Math.min(this.#askAt, this.#keepAt, away);
  }

  /** A datagram for the other side, as it goes to the relay; undefined while it is not bound. */
  wrap(datagram: Uint8Array): Uint8Array | undefined {
    if (this.#channel === undefined) return undefined;
    const bytes = new Uint8Array(RELAY_DATA_BYTES + datagram.length);
    writeCommon(viewOf(bytes), TYPE.relayData, 0, bytes.length, this.#channel);
    bytes.set(datagram, RELAY_DATA_BYTES);
    return bytes;
  }

  /** Likewise all datagrams of a batch. @returns false while it is not bound */
  wrapBatch(inner: DatagramBatch, outer: DatagramBatch): boolean {
    if (this.#channel === undefined) return false;
    const { high, low } = this.#channel;
    const { view } = outer;
    outer.segment = inner.segment + RELAY_DATA_BYTES;
    let to = 0;
    for (let at = 0; at < inner.length; at += inner.segment) {
      const length = Math.min(inner.segment, inner.length - at);
      view.setUint32(to, (TYPE.relayData << 24) | (RELAY_DATA_BYTES + length));
      view.setUint32(to + 4, high);
      view.setUint32(to + 8, low);
      outer.bytes.set(inner.bytes.subarray(at, at + length), to + RELAY_DATA_BYTES);
      to += RELAY_DATA_BYTES + length;
    }
    outer.length = to;
    return true;
  }
}
