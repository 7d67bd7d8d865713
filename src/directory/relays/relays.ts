import { base64url, concat, utf8 } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import type { Authority } from '../../crypto/ca.js';
import { sha256 } from '../../crypto/hash.js';
import { issueRelayToken } from '../../crypto/relay-token.js';
import { pairOf } from '../../relay/relay.js';
import { path } from '../../store/keys.js';
import { RELAY_TOKEN_MS, RELAYS, RELAYS_PER_PAIR } from '../../wire/limits.js';
import type { RelayGrant, RelayName, RelayPlace, RelayToken } from '../../wire/relay.js';
import type { Tables } from '../rows.js';

export interface RelaysInit {
  readonly tables: Pick<Tables, 'relays'>;
  readonly authority: Authority;
  readonly clock: Clock;
  /** Bytes a day which two devices may send by one relay. */
  readonly pairDay: number;
}

const keyOf = (key: Uint8Array): string => path(base64url(key));

/** The relays that devices are told of: the directory's own, and those which its operator has registered. */
export class Relays {
  readonly #init: RelaysInit;
  readonly #registered = new Map<string, RelayPlace>();
  /** Runs beside the directory, on its host. */
  own: RelayName | undefined;

  private constructor(init: RelaysInit) {
    this.#init = init;
  }

  static async open(init: RelaysInit): Promise<Relays> {
    const relays = new Relays(init);
    for await (const { key, value } of init.tables.relays.range()) relays.#registered.set(key, value);
    return relays;
  }

  get named(): RelayName[] {
    return [...(this.own === undefined ? [] : [this.own]), ...this.#registered.values()];
  }

  get registered(): RelayPlace[] {
    return [...this.#registered.values()];
  }

  /** In place of what was known of the same key. @throws Failure limit 'relays-many' */
  async add(relay: RelayPlace): Promise<void> {
    const key = keyOf(relay.key);
    if (!this.#registered.has(key) && this.named.length >= RELAYS) throw new Failure('relays-many');
    await this.#init.tables.relays.put(key, relay);
    this.#registered.set(key, relay);
  }

  /** @returns whether it was there */
  async remove(relayKey: Uint8Array): Promise<boolean> {
    const key = keyOf(relayKey);
    if (!this.#registered.has(key)) return false;
    await this.#init.tables.relays.delete(key);
    return this.#registered.delete(key);
  }

  /** Tokens of one of two devices. Whichever of the two asks gets the same relays, so that they meet. */
  grants({ holder, other, key }: Pick<RelayToken, 'holder' | 'other' | 'key'>): RelayGrant[] {
    const { authority, clock, pairDay } = this.#init;
    const expires = clock.now() + RELAY_TOKEN_MS;
    return this.#chosen(pairOf(holder, other).pair).map((relay) => {
      const token = {
        relay: relay.key,
        holder,
        other,
        key,
        expires,
        bytes: Math.min(pairDay, Number.MAX_SAFE_INTEGER),
      };
      return { ...relay, ...issueRelayToken(authority, token) };
    });
  }

  /** By rendezvous hashing: pairs spread evenly, and keep theirs when others come or go. */
  #chosen(pair: string): RelayName[] {
    const scored = this.named.map((relay) => ({ relay, score: base64url(sha256(concat(relay.key, utf8(pair)))) }));
    scored.sort((a, b) => (a.score < b.score ? -1 : 1));
    return scored.slice(0, RELAYS_PER_PAIR).map(({ relay }) => relay);
  }
}
