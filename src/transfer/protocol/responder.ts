import { sameBytes } from '../../base/bytes.js';
import type { Random } from '../../base/random.js';
import {
  type AcceptFields,
  acceptAssociated,
  decodeInitial,
  encodeAcceptFields,
  encodePunch,
  KEY_BYTES,
} from '../../wire/datagrams/handshake.js';
import { TRANSFER_VERSION } from '../../wire/limits.js';
import {
  agree,
  controlNonce,
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

export interface ResponderInit {
  readonly secret: TransferSecret;
  readonly fields: AcceptFields;
  readonly random: Random;
  readonly emit: Emit;
  readonly now: number;
}

/** A session offered by an authentic Initial; it counts once a control packet of it arrives. */
export interface Answered {
  readonly keys: SessionKeys;
  readonly path: Path;
}

const MAX_CANDIDATES = 32;
const FIRST_PUNCH_MS = 100;
/** A mapping of a NAT lasts half as long or longer; and whoever calls meets us by what he sends. */
const MAX_PUNCH_MS = 60_000;

/** The side that receives, before a session: answers Initials and keeps its NAT open. Never sends more than came. */
export class Responder {
  readonly #init: ResponderInit;
  readonly #keys: InitialKeys;
  readonly #candidates = new Set<Path>();
  #punchEvery = FIRST_PUNCH_MS;
  #punchAt: number;
  #lastNonce = new Uint8Array(0);
  #lastAccept = new Uint8Array(0);

  constructor(init: ResponderInit) {
    this.#init = init;
    this.#keys = initialKeys(init.secret);
    this.#punchAt = init.now;
  }

  /** To which Initials come. */
  get id() {
    return this.#keys.toResponder;
  }

  /** An address of the initiator: opens the way for what it sends. */
  add(path: Path, now: number): void {
    if (!this.#candidates.has(path) && this.#candidates.size >= MAX_CANDIDATES) return;
    this.#candidates.add(path);
    this.#punch(path);
    this.#punchEvery = FIRST_PUNCH_MS;
    this.#punchAt = Math.min(this.#punchAt, now + this.#punchEvery);
  }

  /**
   * @returns a new session, or null where the Initial is not authentic or was answered before (then it is answered alike)
   * @throws Failure 'malformed'
   */
  receive(datagram: Uint8Array, path: Path): Answered | null {
    const initial = decodeInitial(datagram);
    if (initial.version !== TRANSFER_VERSION) return null;
    const plain = open(this.#keys.initial, initial.nonce, initial.associated, initial.sealed);
    if (plain === null || plain.length < KEY_BYTES) return null;
    if (sameBytes(initial.nonce, this.#lastNonce)) {
      this.#init.emit(path, this.#lastAccept);
      return null;
    }
    const keys = this.#accept(initial.nonce.slice(), plain.slice(0, KEY_BYTES));
    if (keys === null) return null;
    this.#init.emit(path, this.#lastAccept);
    return { keys, path };
  }

  #accept(nonce: Uint8Array<ArrayBuffer>, initiatorKey: Uint8Array): SessionKeys | null {
    const own = ephemeralKey(this.#init.random.bytes(KEY_BYTES));
    try {
      const shared = agree(own, initiatorKey);
      const exchange = { nonce, initiatorKey, responderKey: own.publicBytes, shared };
      const keys = sessionKeys(this.#init.secret, exchange);
      const associated = acceptAssociated(TRANSFER_VERSION, this.#keys.toInitiator, own.publicBytes);
      const sealed = seal(keys.responderControl, controlNonce(0), associated, encodeAcceptFields(this.#init.fields));
      this.#lastNonce = nonce;
      this.#lastAccept = new Uint8Array(associated.length + sealed.length);
      this.#lastAccept.set(associated);
      this.#lastAccept.set(sealed, associated.length);
      return keys;
    } catch {
      return null;
    }
  }

  #punch(path: Path): void {
    this.#init.emit(path, encodePunch(this.#keys.toInitiator, punchTag(this.#keys.punch)));
  }

  /** To be called while no session is open. */
  timeout(now: number): void {
    if (now < this.#punchAt) return;
    for (const path of this.#candidates) this.#punch(path);
    this.#punchEvery = Math.min(this.#punchEvery * 2, MAX_PUNCH_MS);
    this.#punchAt = now + this.#punchEvery;
  }

  /** The session was lost: look for the initiator again. */
  restart(now: number): void {
    this.#punchEvery = FIRST_PUNCH_MS;
    this.#punchAt = now;
  }

  nextTimeout(): number {
    return this.#candidates.size === 0 ? Number.POSITIVE_INFINITY : this.#punchAt;
  }
}
