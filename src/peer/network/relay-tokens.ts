import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { sameBytes } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import { SigningKey } from '../../crypto/keys.js';
import type { RelayOffer } from '../../transfer/transfer.js';
import type { RelayRefusal } from '../../wire/datagrams/relay.js';
import type { DeviceAddress } from '../../wire/directory.js';
import type { DirectoryRequest } from '../../wire/directory-request.js';
import { RELAY_TOKEN_MS } from '../../wire/limits.js';
import { foldName } from '../../wire/names.js';
import { type RelayGrant, relayTokenCodec } from '../../wire/relay.js';

/** Asked for anew before they end: in the time between, whoever has them is bound by them. */
export const TOKENS_FOR_MS = RELAY_TOKEN_MS / 2;
/** Devices whose tokens are kept. */
const KEPT = 64;

export interface RelayTokensInit {
  readonly clock: Clock;
  readonly random: Random;
  readonly self: DeviceAddress;
  readonly request: DirectoryRequest;
  /** Whether the directory is one that knows of relays; there may be none, and one a moment later. */
  known(): boolean;
  /** The directory's host: where a relay is that has no other. */
  readonly host: string;
}

interface Kept {
  readonly until: number;
  readonly offers: Promise<readonly RelayOffer[]>;
}

/** Tokens for relays at which this device may meet another one, kept for as long as they are good. */
export class RelayTokens {
  readonly #init: RelayTokensInit;
  readonly #kept = new Map<string, Kept>();

  constructor(init: RelayTokensInit) {
    this.#init = init;
  }

  /** Whether there may be any. */
  get known(): boolean {
    return this.#init.known();
  }

  /** Asks the directory where need be. @throws Failure where it can't be asked, or gives out what is for others */
  offers(other: DeviceAddress): Promise<readonly RelayOffer[]> {
    if (!this.#init.known()) return Promise.resolve([]);
    const key = nameOf(other);
    const now = this.#init.clock.monotonic();
    const known = this.#kept.get(key);
    if (known !== undefined && now < known.until) return known.offers;
    const offers = this.#ask(other);
    this.#kept.delete(key);
    if (this.#kept.size >= KEPT) this.#kept.delete(this.#kept.keys().next().value!);
    const kept = { until: now + TOKENS_FOR_MS, offers };
    this.#kept.set(key, kept);
    const forget = (): void => {
      if (this.#kept.get(key) === kept) this.#kept.delete(key);
    };
    offers.then((found) => {
      if (found.length === 0) forget();
    }, forget);
    return offers;
  }

  async #ask(other: DeviceAddress): Promise<readonly RelayOffer[]> {
    const { random, request } = this.#init;
    // Made for this: the device's own key is not for the thread of the transfers.
    const holder = SigningKey.generate(random);
    const { user, device } = other;
    const { relays } = await request('relay.token', { user, device, key: holder.publicKey });
    for (const grant of relays) this.#check(grant, other, holder);
    const offers = await Promise.allSettled(relays.map((grant) => this.#offer(grant, other, holder)));
    const found = offers.filter((offer) => offer.status === 'fulfilled').map(({ value }) => value);
    const lost = offers.find((offer) => offer.status === 'rejected');
    // One whose name leads nowhere now takes nothing from the other.
    if (found.length === 0 && lost !== undefined) throw lost.reason;
    return found;
  }

  #check({ key, token }: RelayGrant, other: DeviceAddress, holder: SigningKey): void {
    const said = relayTokenCodec.decode(token);
    const isOurs =
      nameOf(said.holder) === nameOf(this.#init.self) &&
      nameOf(said.other) === nameOf(other) &&
      sameBytes(said.key, holder.publicKey) &&
      sameBytes(said.relay, key);
    if (!isOurs) throw new Failure('relay-token-other');
  }

  async #offer(grant: RelayGrant, other: DeviceAddress, holder: SigningKey): Promise<RelayOffer> {
    const { key, host = this.#init.host, port, token, signature } = grant;
    const numeric = isIP(host) > 0 ? host : (await lookup(host)).address;
    return { key, token, signature, seed: holder.seed(), address: { host: numeric, port }, other: nameOf(other) };
  }
}

const nameOf = ({ user, device }: DeviceAddress): string => `${foldName(user)} ${device}`;

/** Why a relay does not take this device. */
export function refusedBy(reason: RelayRefusal): Failure {
  switch (reason) {
    case 'expired':
      return new Failure('relay-token-expired');
    case 'accountQuota':
      return new Failure('relay-quota', 'you have sent by the relay what one account may in a day');
    case 'pairQuota':
      return new Failure('relay-quota', 'the two of you have sent by the relay what a pair may in a day');
    case 'relayQuota':
      return new Failure('relay-quota', 'the relay has sent on what it may in a day');
    case 'full':
      return new Failure('relay-full');
    default:
      return new Failure('relay-token-invalid');
  }
}
