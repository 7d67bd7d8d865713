import { hex } from '../../base/bytes.js';
import { LruCache } from '../../base/lru-cache.js';
import { type Random, randomBelow } from '../../base/random.js';
import { lanTag, openLanAnswer, pairSecret, sealLanAnswer } from '../../crypto/lan-secret.js';
import type { Endpoint } from '../../wire/directory.js';
import { type LanQuestion, lanAnswer } from '../../wire/lan.js';
import { DEVICES_PER_ACCOUNT, LAN_HOURS_APART, LAN_NONCE_BYTES, LAN_TAG_BYTES, LAN_TAGS } from '../../wire/limits.js';
import type { LocalDevice } from '../identity/local-device.js';

/**
 * Who of one's contacts is on this network, without a directory and without telling a stranger who asks for whom. Whoever
 * looks for somebody asks with tags made from the secret of the two accounts, a nonce and the hour. Who recognises a tag
 * answers with where it is, sealed for that question; all others learn that somebody uses this program. Events and the time
 * in, words out: sockets and timers are lan.ts.
 */

export interface LanContact {
  readonly user: string;
  readonly identityKey: Uint8Array;
}

export interface LanFound extends LanContact {
  readonly device: string;
  readonly endpoints: readonly Endpoint[];
}

export interface LanAnswerOut {
  readonly tag: string;
  readonly sealed: Uint8Array;
}

/** The times at which a question or answer comes. */
export interface Moment {
  readonly now: number;
  readonly monotonic: number;
}

interface Known extends LanContact {
  readonly secret: Uint8Array;
}

interface Asked {
  readonly contact: Known;
  readonly hour: number;
  readonly nonce: Uint8Array;
  readonly at: number;
  readonly answered: Set<string>;
}

const HOUR_MS = 3_600_000;
/** Whoever is there answers at once; what comes later answers nothing any more. */
const ANSWERS_WITHIN_MS = 10_000;
/** Questions which are looked at: each costs two HMACs a contact, and anybody can ask. */
const HEARD_AT_ONCE = 64;
const HEARD_EVERY_MS = 60;
const NONCES = 4_096;

export class LanDiscovery {
  readonly #self: LocalDevice;
  readonly #random: Random;
  readonly #secrets = new Map<string, Known | undefined>();
  #contacts: readonly Known[] = [];
  readonly #asked = new Map<string, Asked>();
  /** Nonces of questions heard, one's own among them: what is repeated gets no second answer. */
  readonly #nonces = new LruCache<string, true>(NONCES);
  #paidAt = 0;

  constructor(self: LocalDevice, random: Random) {
    this.#self = self;
    this.#random = random;
  }

  /** Whom to look for and to answer. */
  know(contacts: readonly LanContact[]): void {
    this.#contacts = contacts.map((contact) => this.#known(contact)).filter((one) => one !== undefined);
  }

  /** @param wanted whom to ask for */
  ask({ now, monotonic }: Moment, wanted: (user: string) => boolean): LanQuestion[] {
    for (const [tag, { at }] of this.#asked) if (monotonic - at > ANSWERS_WITHIN_MS) this.#asked.delete(tag);
    const contacts = this.#contacts.filter(({ user }) => wanted(user));
    const questions: LanQuestion[] = [];
    for (let from = 0; from < contacts.length; from += LAN_TAGS) {
      questions.push(this.#question(contacts.slice(from, from + LAN_TAGS), Math.floor(now / HOUR_MS), monotonic));
    }
    return questions;
  }

  /** @param endpoints where this device is, asked only where somebody is answered @returns what to say to it */
  hear(
    { nonce, hour, tags }: LanQuestion,
    { now, monotonic }: Moment,
    endpoints: () => readonly Endpoint[],
  ): LanAnswerOut[] {
    const name = hex(nonce);
    if (Math.abs(hour - Math.floor(now / HOUR_MS)) > LAN_HOURS_APART || this.#nonces.has(name)) return [];
    if (this.#paidAt - monotonic > HEARD_AT_ONCE * HEARD_EVERY_MS) return [];
    this.#paidAt = Math.max(this.#paidAt, monotonic) + HEARD_EVERY_MS;
    this.#nonces.set(name, true);
    const asked = new Set(tags);
    const asking = this.#contacts.filter(({ secret, identityKey }) =>
      asked.has(lanTag(secret, hour, nonce, identityKey)),
    );
    return asking.map(({ secret, identityKey }) => {
      const tag = lanTag(secret, hour, nonce, identityKey);
      const answer = lanAnswer.encode({ device: this.#self.device, endpoints: [...endpoints()] });
      return { tag, sealed: sealLanAnswer(secret, { hour, nonce }, tag, answer, this.#random) };
    });
  }

  /** @returns who answers; undefined where nobody was asked so, or the words are not theirs, or were said before */
  take({ tag, sealed }: LanAnswerOut, { monotonic }: Moment): LanFound | undefined {
    const asked = this.#asked.get(tag);
    if (asked === undefined || monotonic - asked.at > ANSWERS_WITHIN_MS) return undefined;
    const { user, identityKey, secret } = asked.contact;
    const opened = openLanAnswer(secret, asked, tag, sealed);
    if (opened === undefined) return undefined;
    const { device, endpoints } = lanAnswer.decode(opened);
    if (device === this.#self.device || asked.answered.has(device)) return undefined;
    if (asked.answered.size >= DEVICES_PER_ACCOUNT) return undefined;
    asked.answered.add(device);
    return { user, identityKey, device, endpoints };
  }

  #known(contact: LanContact): Known | undefined {
    const key = hex(contact.identityKey);
    const { identity, anchor } = this.#self;
    if (!this.#secrets.has(key)) {
      const secret = pairSecret(identity, contact.identityKey, anchor.trust.directoryId);
      this.#secrets.set(key, secret && { ...contact, secret });
    }
    return this.#secrets.get(key);
  }

  /** True tags at places of chance, and others that mean nothing at the rest. */
  #question(contacts: readonly Known[], hour: number, at: number): LanQuestion {
    const nonce = this.#random.bytes(LAN_NONCE_BYTES);
    this.#nonces.set(hex(nonce), true);
    const tags = Array.from({ length: LAN_TAGS - contacts.length }, () => hex(this.#random.bytes(LAN_TAG_BYTES)));
    for (const contact of contacts) {
      const tag = lanTag(contact.secret, hour, nonce, this.#self.identity.publicKey);
      this.#asked.set(tag, { contact, hour, nonce, at, answered: new Set() });
      tags.splice(randomBelow(this.#random, tags.length + 1), 0, tag);
    }
    return { nonce, hour, tags };
  }
}
