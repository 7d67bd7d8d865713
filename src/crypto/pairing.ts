import { concat, utf8 } from '../base/bytes.js';
import { Failure } from '../base/errors.js';
import type { Random } from '../base/random.js';
import { type PairingKind, pairingHello, pairingMore, pairingProof, pairingShare } from '../wire/pairing.js';
import { openAead, sealAead } from './aead.js';
import { type CpaceKey, type CpaceMessage, CpaceSide } from './cpace.js';
import { derive } from './kdf.js';
import { numberBytes } from './proof.js';

/**
 * How two machines that were told the same few words come to speak in secret, by messages that anybody may carry. The
 * newcomer begins; whoever made the code gives nothing away before the newcomer has shown that it has the words, and the
 * newcomer believes nothing before the other side has. Each side is of use once: a wrong guess is the last one.
 *
 * The directory's id is among what both have to agree on: a newcomer who was led to another directory than the other's
 * finds out by this, and needs no fingerprint beforehand.
 */

export interface PairingInit {
  readonly kind: PairingKind;
  readonly number: number;
  /** Separated by spaces. */
  readonly words: string;
  /** As the channel to the directory shows it. */
  readonly directoryId: string;
}

const ZERO = Uint8Array.of(0);
/** What stands in the proofs, and what is said after them. */
const PROOF = Uint8Array.of(0);
const MORE = Uint8Array.of(1);
const NEWCOMER = utf8('newcomer');
const HOST = utf8('host');
const SESSION_BYTES = 16;

const inputsOf = ({ kind, number, words, directoryId }: PairingInit, session: Uint8Array) => ({
  password: utf8(words),
  channel: concat(utf8('p2pchat/1 pairing'), ZERO, utf8(kind), ZERO, utf8(directoryId), ZERO, numberBytes(number)),
  session,
});

const keyFor = (key: CpaceKey, side: Side): Uint8Array => derive(key.secret, `p2pchat/1 pairing ${side}`);

type Side = 'newcomer' | 'host';

const seal = (key: CpaceKey, side: Side, plain: Uint8Array, random: Random, place = PROOF): Uint8Array =>
  sealAead(keyFor(key, side), plain, place, random);

/** @throws Failure denied 'pairing-wrong' */
function open(key: CpaceKey, side: Side, sealed: Uint8Array, place = PROOF): Uint8Array {
  const plain = openAead(keyFor(key, side), sealed, place);
  if (plain === undefined) throw new Failure('pairing-wrong');
  return plain;
}

/** Who was told the words. */
export class PairingNewcomer {
  readonly #random: Random;
  readonly #own: CpaceSide;
  readonly #session: Uint8Array;
  #theirs: CpaceMessage | undefined;
  #key: CpaceKey | undefined;
  #isProved = false;

  constructor(init: PairingInit, random: Random) {
    this.#random = random;
    this.#session = random.bytes(SESSION_BYTES);
    this.#own = new CpaceSide(inputsOf(init, this.#session), random);
  }

  hello(): Uint8Array {
    return pairingHello.encode({ session: this.#session, share: this.#own.share });
  }

  /** @throws Failure protocol 'pairing-malformed', 'malformed' */
  prove(answer: Uint8Array, asks: Uint8Array): Uint8Array {
    this.#theirs = { share: pairingShare.decode(answer).share, said: HOST };
    this.#key = this.#own.asInitiator(NEWCOMER, this.#theirs);
    const confirmation = this.#key.confirm({ share: this.#own.share, said: NEWCOMER });
    return pairingProof.encode({ confirmation, sealed: seal(this.#key, 'newcomer', asks, this.#random) });
  }

  /** @returns what the other side gives @throws Failure denied 'pairing-wrong' where it does not have the words */
  take(answer: Uint8Array): Uint8Array {
    const { confirmation, sealed } = pairingProof.decode(answer);
    const [key, theirs] = [this.#key, this.#theirs];
    if (key === undefined || theirs === undefined || !key.isConfirmed(theirs, confirmation))
      throw new Failure('pairing-wrong');
    const gift = open(key, 'host', sealed);
    this.#isProved = true;
    return gift;
  }

  /** One thing more, after `take`. */
  tell(plain: Uint8Array): Uint8Array {
    if (this.#key === undefined || !this.#isProved) throw new Failure('pairing-wrong');
    return pairingMore.encode({ sealed: seal(this.#key, 'newcomer', plain, this.#random, MORE) });
  }
}

/** Who made the code. */
export class PairingHost {
  readonly #init: PairingInit;
  readonly #random: Random;
  #own: CpaceSide | undefined;
  #theirs: CpaceMessage | undefined;
  #key: CpaceKey | undefined;
  #isProved = false;

  constructor(init: PairingInit, random: Random) {
    this.#init = init;
    this.#random = random;
  }

  /** Whether somebody has tried the words. */
  get isMet(): boolean {
    return this.#own !== undefined;
  }

  /** @throws Failure denied 'pairing-wrong' where somebody has tried before; protocol 'pairing-malformed', 'malformed' */
  meet(hello: Uint8Array): Uint8Array {
    if (this.#own !== undefined) throw new Failure('pairing-wrong');
    const { session, share } = pairingHello.decode(hello);
    this.#own = new CpaceSide(inputsOf(this.#init, session), this.#random);
    this.#theirs = { share, said: NEWCOMER };
    this.#key = this.#own.asResponder(HOST, this.#theirs);
    return pairingShare.encode({ share: this.#own.share });
  }

  /** @returns what the newcomer asks for @throws Failure denied 'pairing-wrong' where it does not have the words */
  judge(proof: Uint8Array): Uint8Array {
    const { confirmation, sealed } = pairingProof.decode(proof);
    const [key, theirs] = [this.#key, this.#theirs];
    // Judged once: whoever failed has no second guess.
    this.#theirs = undefined;
    if (key === undefined || theirs === undefined || !key.isConfirmed(theirs, confirmation))
      throw new Failure('pairing-wrong');
    const asks = open(key, 'newcomer', sealed);
    this.#isProved = true;
    return asks;
  }

  /** After `judge` has let the newcomer in. */
  give(gift: Uint8Array): Uint8Array {
    const [key, own] = [this.#key, this.#own];
    if (key === undefined || own === undefined || !this.#isProved) throw new Failure('pairing-wrong');
    const confirmation = key.confirm({ share: own.share, said: HOST });
    return pairingProof.encode({ confirmation, sealed: seal(key, 'host', gift, this.#random) });
  }

  /** What the newcomer says after that. @throws Failure denied 'pairing-wrong' */
  hear(message: Uint8Array): Uint8Array {
    if (this.#key === undefined || !this.#isProved) throw new Failure('pairing-wrong');
    return open(this.#key, 'newcomer', pairingMore.decode(message).sealed, MORE);
  }
}
