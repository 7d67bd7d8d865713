import { sameBytes } from '../base/bytes.js';
import type { Random } from '../base/random.js';
import {
  type AcceptFields,
  decodeAccept,
  decodeAcceptFields,
  decodePunch,
  decodeRetry,
  encodeInitial,
  INITIAL_PLAIN_BYTES,
  initialAssociated,
  KEY_BYTES,
  NONCE_BYTES,
} from '../wire/datagrams/handshake.js';
import { TYPE } from '../wire/datagrams/header.js';
import { TRANSFER_VERSION } from '../wire/limits.js';
import {
  agree,
  controlNonce,
  type EphemeralKey,
  ephemeralKey,
  type InitialKeys,
  initialKeys,
  open,
  punchTag,
  type SessionKeys,
  seal,
  sessionKeys,
  type TransferSecret,
} from './keys.js';
import type { Emit, Path } from './path.js';

/** A session that the other side has confirmed: it holds the same secret and means the same manifest. */
export interface Opened {
  readonly keys: SessionKeys;
  readonly path: Path;
  readonly fields: AcceptFields;
  /** Milliseconds from the Initial to the Accept. */
  readonly rtt: number;
}

export interface InitiatorInit {
  readonly secret: TransferSecret;
  readonly random: Random;
  readonly emit: Emit;
  readonly now: number;
}

const FIRST_RETRY_MS = 60;
const MAX_RETRY_MS = 1_000;
const MAX_CANDIDATES = 32;

interface Candidate {
  readonly path: Path;
  cookie: Uint8Array | null;
  sentAt: number;
}

/**
 * The side with the files, before a session: sends an Initial to every candidate address until one answers.
 *
 *     Initial ──▶            a Retry asks for the same with a cookie
 *             ◀── Accept     the first that is right decides the path
 */
export class Initiator {
  readonly #init: InitiatorInit;
  readonly #keys: InitialKeys;
  readonly #punch: Uint8Array;
  readonly #nonce: Uint8Array;
  readonly #ephemeral: EphemeralKey;
  readonly #associated: Uint8Array;
  readonly #sealed: Uint8Array;
  readonly #candidates = new Map<Path, Candidate>();
  #retry = FIRST_RETRY_MS;
  #nextAt: number;
  #opened: Opened | undefined;

  constructor(init: InitiatorInit) {
    this.#init = init;
    this.#keys = initialKeys(init.secret);
    this.#punch = punchTag(this.#keys.punch);
    this.#nonce = init.random.bytes(NONCE_BYTES);
    this.#ephemeral = ephemeralKey(init.random.bytes(KEY_BYTES));
    this.#nextAt = init.now;
    this.#associated = initialAssociated(TRANSFER_VERSION, this.#keys.toResponder, this.#nonce);
    const plain = new Uint8Array(INITIAL_PLAIN_BYTES);
    plain.set(this.#ephemeral.publicBytes);
    this.#sealed = seal(this.#keys.initial, this.#nonce, this.#associated, plain);
  }

  /** To which Accepts, Retries and Punches come. */
  get id() {
    return this.#keys.toInitiator;
  }

  get opened(): Opened | undefined {
    return this.#opened;
  }

  /** Another address to try, from now on. */
  add(path: Path, now: number): void {
    if (this.#candidates.has(path) || this.#candidates.size >= MAX_CANDIDATES) return;
    const candidate = { path, cookie: null, sentAt: now };
    this.#candidates.set(path, candidate);
    this.#sendInitial(candidate, now);
    if (this.#candidates.size === 1) this.#nextAt = now + this.#retry;
  }

  receive(datagram: Uint8Array, path: Path, now: number): void {
    if (this.#opened !== undefined) return;
    switch (datagram[0]) {
      case TYPE.accept:
        this.#onAccept(datagram, path, now);
        return;
      case TYPE.retry:
        this.#onRetry(datagram, path, now);
        return;
      case TYPE.punch:
        if (sameBytes(decodePunch(datagram), this.#punch)) this.add(path, now);
        return;
      default:
    }
  }

  #onRetry(datagram: Uint8Array, path: Path, now: number): void {
    const candidate = this.#candidates.get(path);
    if (candidate === undefined || candidate.cookie !== null) return;
    candidate.cookie = decodeRetry(datagram).slice();
    this.#sendInitial(candidate, now);
  }

  #onAccept(datagram: Uint8Array, path: Path, now: number): void {
    const { key, associated, sealed } = decodeAccept(datagram);
    const keys = this.#derive(key);
    if (keys === null) return;
    const plain = open(keys.responderControl, controlNonce(0), associated, sealed);
    if (plain === null) return;
    const sentAt = this.#candidates.get(path)?.sentAt ?? now;
    const rtt = Math.max(now - sentAt, 0.05);
    this.#opened = { keys, path, fields: decodeAcceptFields(plain), rtt };
  }

  #derive(key: Uint8Array): SessionKeys | null {
    try {
      const shared = agree(this.#ephemeral, key);
      const exchange = { nonce: this.#nonce, initiatorKey: this.#ephemeral.publicBytes, responderKey: key, shared };
      return sessionKeys(this.#init.secret, exchange);
    } catch {
      return null;
    }
  }

  #sendInitial(candidate: Candidate, now: number): void {
    candidate.sentAt = now;
    this.#init.emit(candidate.path, encodeInitial(this.#associated, candidate.cookie, this.#sealed));
  }

  timeout(now: number): void {
    if (this.#opened !== undefined || now < this.#nextAt) return;
    for (const candidate of this.#candidates.values()) this.#sendInitial(candidate, now);
    this.#retry = Math.min(this.#retry * 2, MAX_RETRY_MS);
    this.#nextAt = now + this.#retry;
  }

  nextTimeout(): number {
    if (this.#opened !== undefined || this.#candidates.size === 0) return Number.POSITIVE_INFINITY;
    return this.#nextAt;
  }
}
