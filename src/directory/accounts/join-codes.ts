import * as v from 'valibot';
import { utf8 } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import { type Random, randomBelow } from '../../base/random.js';
import { openAead, sealAead } from '../../crypto/aead.js';
import type { Authority } from '../../crypto/ca.js';
import { PairingHost } from '../../crypto/pairing.js';
import { formatCode, newWords } from '../../crypto/spoken-code.js';
import { personGets } from '../../wire/pairing.js';
import { codec, text } from '../../wire/schema.js';
import { JOIN_CODE_TRIES } from '../limits.js';
import type { JoinCodeRow, Tables } from '../rows.js';
import type { Invitations } from './invitations.js';

export interface JoinCodesInit {
  readonly tables: Tables;
  readonly invitations: Invitations;
  readonly authority: Authority;
  readonly clock: Clock;
  readonly random: Random;
}

export interface NewJoinCode {
  /** The account's, as it is meant to be called. */
  readonly name: string;
  /** An open group that they go to first, without its `#`. */
  readonly group?: string | undefined;
}

const secretCodec = codec(v.object({ words: text(64), token: text(64) }), 256);

/** Numbers of cards have six digits, so that they are no spoken codes'. */
const [LEAST, NUMBERS] = [100_000, 900_000];

/**
 * Codes on cards: the directory itself is their other side, because whoever made them is not there when they are used. They
 * are good for days, and for some wrong tries, since they are read off paper: with three words that is still 2^-30 for all
 * of them together. What they are is sealed at rest; whoever has the directory's keys could make an invitation anyhow.
 */
export class JoinCodes {
  readonly #init: JoinCodesInit;
  readonly #sealKey: Uint8Array;

  constructor(init: JoinCodesInit) {
    this.#init = init;
    this.#sealKey = init.authority.derive('p2pchat/1 join codes');
  }

  /** One for each, or none at all. @returns the codes, in the same order */
  async create(people: readonly NewJoinCode[], lifetimeMs: number): Promise<{ codes: string[]; expiresAt: number }> {
    const expiresAt = this.#init.clock.now() + lifetimeMs;
    const made: { readonly key: string; readonly token: string }[] = [];
    try {
      const codes: string[] = [];
      for (const person of people) codes.push(await this.#make(person, lifetimeMs, expiresAt, made));
      return { codes, expiresAt };
    } catch (error) {
      for (const { key, token } of made) {
        await this.#init.tables.joinCodes.delete(key).catch(() => {});
        await this.#init.invitations.withdraw(token).catch(() => {});
      }
      throw error;
    }
  }

  /**
   * @param onProved the words were right
   * @returns undefined where no card has the number
   * @throws Failure denied 'pairing-used', 'pairing-expired'
   */
  async meet(number: number, onProved: () => void): Promise<CardVisit | undefined> {
    const { tables, clock, invitations, authority, random } = this.#init;
    const key = String(number);
    const row = await tables.joinCodes.get(key);
    if (row === undefined) return undefined;
    const { words, token } = this.#opened(key, row);
    if (row.expiresAt <= clock.now()) throw expired();
    if (row.tries >= JOIN_CODE_TRIES || !(await invitations.isOpen(token))) throw used();
    const { directoryId } = authority.trust;
    const host = new PairingHost({ kind: 'invitation', number, words, directoryId }, random);
    const steps: ((message: Uint8Array) => Uint8Array | Promise<Uint8Array>)[] = [
      (hello) => host.meet(hello),
      async (proof) => {
        const tries = await this.#count(key, 1);
        try {
          host.judge(proof);
        } catch {
          throw wrong(JOIN_CODE_TRIES - tries);
        }
        await this.#count(key, -1);
        onProved();
        const { name: user, group } = row;
        return host.give(personGets.encode({ invite: token, user, ...(group !== undefined && { group }) }));
      },
      async (joined) => {
        host.hear(joined);
        await tables.joinCodes.delete(key);
        return JOINED;
      },
    ];
    return {
      say: async (message) => {
        const step = steps.shift();
        if (step === undefined) throw new Failure('pairing-used');
        return step(message);
      },
    };
  }

  async sweep(): Promise<void> {
    const now = this.#init.clock.now();
    for await (const row of this.#init.tables.joinCodes.range()) {
      if (row.value.expiresAt < now) await this.#init.tables.joinCodes.deleteAs(row);
    }
  }

  async #make(
    { name, group }: NewJoinCode,
    lifetimeMs: number,
    expiresAt: number,
    made: { readonly key: string; readonly token: string }[],
  ): Promise<string> {
    const { tables, invitations, random } = this.#init;
    const words = newWords(random);
    const { token } = await invitations.create({ uses: 1, lifetimeMs, by: 'roster' });
    for (;;) {
      const number = LEAST + randomBelow(random, NUMBERS);
      const key = String(number);
      const sealed = sealAead(this.#sealKey, secretCodec.encode({ words, token }), utf8(key), random);
      const row = { sealed, name, ...(group !== undefined && { group }), expiresAt, tries: 0 };
      if (!(await tables.joinCodes.create(key, row))) continue;
      made.push({ key, token });
      return formatCode({ number, words });
    }
  }

  /** Counted before it is judged: of several at once none is free. @throws Failure denied 'pairing-used' */
  async #count(key: string, by: 1 | -1): Promise<number> {
    const row = await this.#init.tables.joinCodes.update(key, (before) => {
      if (before === undefined || (by === 1 && before.tries >= JOIN_CODE_TRIES)) throw used();
      return { ...before, tries: before.tries + by };
    });
    return row!.tries;
  }

  #opened(key: string, { sealed }: JoinCodeRow): { words: string; token: string } {
    const plain = openAead(this.#sealKey, sealed, utf8(key));
    if (plain === undefined) throw new Failure('row-damaged');
    return secretCodec.decode(plain);
  }
}

/** A newcomer with a card, who says hello, proves the words, and has made an account. */
export interface CardVisit {
  /** @throws Failure denied 'pairing-wrong', 'pairing-used' */
  say(message: Uint8Array): Promise<Uint8Array>;
}

const JOINED = Uint8Array.of(1);

const ANOTHER = 'Ask whoever gave you the card for another one.';

const used = (): Failure => new Failure('pairing-used', 'This card has been used.', { hint: ANOTHER });

const expired = (): Failure => new Failure('pairing-expired', 'This card is out of date.', { hint: ANOTHER });

const wrong = (left: number): Failure =>
  new Failure('pairing-wrong', 'The words are not those of this card, or this is another directory.', {
    hint:
      left > 0
        ? `Look at each word, and at the directory's address. Tries that are left: ${left}.`
        : `It has no tries left. ${ANOTHER}`,
    details: { left },
  });
