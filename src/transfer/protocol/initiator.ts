import { sameBytes } from '../../base/bytes.js';
import type { Random } from '../../base/random.js';
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
} from '../../wire/datagrams/handshake.js';
import { TYPE } from '../../wire/datagrams/header.js';
import { TRANSFER_VERSION } from '../../wire/limits.js';
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
  /** Whether whoever is there has shown that he receives there; everybody has, where it is left out. */
  readonly isProved?: (path: Path) => boolean;
  readonly now: number;
}

const FIRST_RETRY_MS = 60;
const MAX_RETRY_MS = 1_000;
/** To an address that nobody may have. */
const MAX_UNPROVED_RETRY_MS = 8_000;
/** Whoever calls from an address that is known already gets an Initial at once, where the last one is so old. */
const CALLED_AFTER_MS = 250;
const MAX_CANDIDATES = 32;

interface Candidate {
  readonly path: Path;
  cookie: Uint8Array | null;
  sentAt: number;
  /** Until it is sent again. */
  retry: number;
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
  #opened: Opened | undefined;

  constructor(init: InitiatorInit) {
    this.#init = init;
    this.#keys = initialKeys(init.secret);
    this.#punch = punchTag(this.#keys.punch);
    this.#nonce = init.random.bytes(NONCE_BYTES);
    this.#ephemeral = ephemeralKey(init.random.bytes(KEY_BYTES));
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

  /** Another address to try, from now on; or one of those there are, at which it is said to be now. */
  add(path: Path, now: number): void {
    const known = this.#candidates.get(path);
    if (known === undefined && this.#candidates.size >= MAX_CANDIDATES) return;
    if (known !== undefined && now < known.sentAt + CALLED_AFTER_MS) return;
    const candidate = known ?? { path, cookie: null, sentAt: now, retry: 0 };
    candidate.retry = FIRST_RETRY_MS;
    this.#candidates.set(path, candidate);
    this.#sendInitial(candidate, now);
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
    if (this.#opened !== undefined) return;
    for (const candidate of this.#candidates.values()) {
      if (now < candidate.sentAt + candidate.retry) continue;
      this.#sendInitial(candidate, now);
      const proved = this.#init.isProved?.(candidate.path) ?? true;
      candidate.retry = Math.min(candidate.retry * 2, proved ? MAX_RETRY_MS : MAX_UNPROVED_RETRY_MS);
    }
  }

  nextTimeout(): number {
    let next = Number.POSITIVE_INFINITY;
    if (this.#opened !== undefined) return next;
    for (const { sentAt, retry } of this.#candidates.values()) next = Math.min(next, sentAt + retry);
    return next;
  }
}
