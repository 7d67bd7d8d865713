import { createHash, timingSafeEqual } from 'node:crypto';
import { ristretto255, ristretto255_hasher } from '@noble/curves/ed25519.js';
import { concat, utf8 } from '../base/bytes.js';
import { Failure } from '../base/errors.js';
import type { Random } from '../base/random.js';
import { hmac } from './kdf.js';

/**
 * CPace (draft-irtf-cfrg-cpace) over ristretto255 with SHA-512, between an initiator and a responder: two who share a few
 * words come to a key that nobody else has. Whoever stands between them, or in the place of one, tests one guess at the
 * words with each run, and learns nothing that could be tried later.
 */

const DSI = utf8('CPaceRistretto255');
const DSI_ISK = utf8('CPaceRistretto255_ISK');
const HASH_BLOCK_BYTES = 128;
const MAC_CONTEXT = utf8('CPaceMac');

const CONFIRMATION_BYTES = 32;

export interface CpaceInputs {
  /** What the two share: the password-related string. */
  readonly password: Uint8Array;
  /** What both know besides, and have to agree on: the channel identifier. */
  readonly channel: Uint8Array;
  /** Of this run alone, the same on both sides. */
  readonly session: Uint8Array;
}

/** A message of the run: the share, and what its sender says with it. */
export interface CpaceMessage {
  readonly share: Uint8Array;
  readonly said: Uint8Array;
}

/** Behind its length in LEB128. */
const prependLength = (part: Uint8Array): Uint8Array => {
  const head: number[] = [];
  for (let left = part.length; ; left >>>= 7) {
    head.push(left < 128 ? left : (left & 0x7f) | 0x80);
    if (left < 128) return concat(Uint8Array.from(head), part);
  }
};

const lengthsAndValues = (...parts: readonly Uint8Array[]): Uint8Array => concat(...parts.map(prependLength));

const sha512 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha512').update(bytes).digest());

function generatorString({ password, channel, session }: CpaceInputs): Uint8Array {
  const padding = HASH_BLOCK_BYTES - 1 - prependLength(password).length - prependLength(DSI).length;
  return lengthsAndValues(DSI, password, new Uint8Array(Math.max(0, padding)), channel, session);
}

type Point = InstanceType<typeof ristretto255.Point>;

const generatorOf = (inputs: CpaceInputs): Point =>
  ristretto255_hasher.deriveToCurve!(sha512(generatorString(inputs))) as Point;

/** Uniform: 64 bytes are reduced, so that no bias is left. */
function randomScalar(random: Random): bigint {
  const { Fn } = ristretto255.Point;
  for (;;) {
    const scalar = Fn.create(littleEndian(random.bytes(64)));
    if (scalar !== 0n) return scalar;
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes.toReversed()) value = value * 256n + BigInt(byte);
  return value;
}

/** @throws Failure protocol 'pairing-malformed' where the share is no element of the group, or the neutral one */
function elementOf(share: Uint8Array): Point {
  try {
    const element = ristretto255.Point.fromBytes(share);
    if (!element.is0()) return element;
  } catch (error) {
    throw new Failure('pairing-malformed', undefined, { cause: error });
  }
  throw new Failure('pairing-malformed');
}

/** One side of a run. Its secret is of use once. */
export class CpaceSide {
  readonly share: Uint8Array;
  readonly #secret: bigint;
  readonly #session: Uint8Array;

  /** @param secret the draft's vectors come with one; else it is drawn */
  constructor(inputs: CpaceInputs, random: Random, secret: bigint = randomScalar(random)) {
    this.#secret = secret;
    this.#session = inputs.session;
    this.share = generatorOf(inputs).multiply(secret).toBytes();
  }

  /** @throws Failure protocol 'pairing-malformed' */
  asInitiator(said: Uint8Array, responder: CpaceMessage): CpaceKey {
    return this.#key(responder, { share: this.share, said }, responder);
  }

  /** @throws Failure protocol 'pairing-malformed' */
  asResponder(said: Uint8Array, initiator: CpaceMessage): CpaceKey {
    return this.#key(initiator, initiator, { share: this.share, said });
  }

  #key(theirs: CpaceMessage, initiator: CpaceMessage, responder: CpaceMessage): CpaceKey {
    const point = elementOf(theirs.share).multiply(this.#secret).toBytes();
    const transcript = [initiator, responder].map(({ share, said }) => lengthsAndValues(share, said));
    const secret = sha512(concat(lengthsAndValues(DSI_ISK, this.#session, point), ...transcript));
    return new CpaceKey(secret, this.#session);
  }
}

/** What both have where the words were the same; who shows the confirmation of the other's message has it, too. */
export class CpaceKey {
  /** 64 bytes. */
  readonly secret: Uint8Array;
  readonly #macKey: Uint8Array;

  constructor(secret: Uint8Array, session: Uint8Array) {
    this.secret = secret;
    this.#macKey = sha512(concat(MAC_CONTEXT, session, secret));
  }

  /** Over one's own message. */
  confirm({ share, said }: CpaceMessage): Uint8Array {
    return hmac(this.#macKey, lengthsAndValues(share, said));
  }

  isConfirmed(theirs: CpaceMessage, confirmation: Uint8Array): boolean {
    return confirmation.length === CONFIRMATION_BYTES && timingSafeEqual(this.confirm(theirs), confirmation);
  }
}
