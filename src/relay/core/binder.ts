import { sameBytes } from '../../base/bytes.js';
import { hasCode } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import type { SigningKey } from '../../crypto/keys.js';
import { isBindProof, readRelayToken } from '../../crypto/relay-token.js';
import { hostOf } from '../../transfer/protocol/allowance.js';
import type { Path } from '../../transfer/protocol/path.js';
import { type ConnectionId, connectionId } from '../../wire/datagrams/header.js';
import type { Bind, RelayRefusal } from '../../wire/datagrams/relay.js';
import { CLOCK_SKEW_MS, RELAY_LANES, RELAY_VERSION } from '../../wire/limits.js';
import { foldName } from '../../wire/names.js';
import type { RelayToken } from '../../wire/relay.js';
import { Binding, type Bindings, pairOf, placeOf } from './bindings.js';
import { BINDS_PER_SECOND, BINDS_PER_SECOND_OF_HOST, type RelayLimits } from './limits.js';
import type { Quotas } from './quotas.js';

export interface BinderInit {
  readonly key: SigningKey;
  readonly directoryId: string;
  readonly limits: RelayLimits;
  readonly random: Random;
  readonly bindings: Bindings;
  readonly quotas: Quotas;
  wall(): number;
  /** A binding has to go, since its device has another one now. */
  forget(binding: Binding): void;
}

/** Judges who may be bound, once its address is proved. */
export class Binder {
  readonly #init: BinderInit;
  readonly #ofHost = new Map<string, number>();
  #judged = 0;
  #second = 0;

  constructor(init: BinderInit) {
    this.#init = init;
  }

  /** Whoever sends Binds without end is not judged each time: that takes a third of a millisecond. */
  mayJudge(path: Path, now: number): boolean {
    const second = Math.floor(now / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#judged = 0;
      this.#ofHost.clear();
    }
    const host = hostOf(path);
    const own = this.#ofHost.get(host) ?? 0;
    if (this.#judged >= BINDS_PER_SECOND || own >= BINDS_PER_SECOND_OF_HOST) return false;
    this.#judged++;
    this.#ofHost.set(host, own + 1);
    return true;
  }

  /** @returns the device's binding at that address, or why there is none */
  bind(bind: Bind, path: Path, now: number): Binding | RelayRefusal {
    const token = this.#tokenOf(bind);
    return typeof token === 'string' ? token : this.#bind(token, bind.lane, path, now);
  }

  #tokenOf(bind: Bind): RelayToken | RelayRefusal {
    const { key, directoryId, wall } = this.#init;
    if (bind.version !== RELAY_VERSION || bind.lane >= RELAY_LANES) return 'version';
    try {
      const token = readRelayToken(bind, { directoryId, relay: key.publicKey, now: wall() });
      return isBindProof(token.key, bind.proved, bind.proof) ? token : 'holder';
    } catch (error) {
      return hasCode(error, 'relay-token-expired') ? 'expired' : 'token';
    }
  }

  #bind(token: RelayToken, lane: number, path: Path, now: number): Binding | RelayRefusal {
    const { bindings, quotas, limits, wall } = this.#init;
    quotas.turn(wall());
    const account = quotas.account(foldName(token.holder.user));
    const pair = quotas.pair(pairOf(token.holder, token.other).pair, token.bytes);
    if (account === undefined || pair === undefined) return 'full';
    const exhausted = quotas.exhausted(account, pair);
    if (exhausted !== undefined) return exhausted;
    const { place, side } = placeOf(token, lane);
    const before = bindings.at(place, side);
    const facts = { path, heardAt: now, expiresAt: now + token.expires + CLOCK_SKEW_MS - wall() };
    if (before !== undefined && sameBytes(before.init.key, token.key)) return Object.assign(before, facts);
    if (before !== undefined) this.#init.forget(before);
    if (bindings.size >= limits.bindings || account.users >= limits.bindingsPerAccount) return 'full';
    const binding = new Binding({ channel: this.#newChannel(), place, side, key: token.key.slice(), account, pair });
    bindings.add(Object.assign(binding, facts));
    return binding;
  }

  #newChannel(): ConnectionId {
    for (;;) {
      const channel = connectionId(this.#init.random.bytes(8));
      if (!this.#init.bindings.isTaken(channel)) return channel;
    }
  }
}
