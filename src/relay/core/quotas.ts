import type { RelayRefusal } from '../../wire/datagrams/relay.js';
import type { RelayLimits } from './limits.js';

/** Accounts and pairs are counted each day; more than these are not let in on that day. */
const COUNTED = 100_000;
/** What a rate may be ahead of itself. */
const BURST_MS = 50;
const DAY_MS = 24 * 3_600_000;

/** So many bytes a second; `ready` says whether more may go. */
export class Pace {
  readonly #perMs: number;
  #readyAt = 0;

  constructor(bytesPerSecond: number) {
    this.#perMs = bytesPerSecond / 1_000;
  }

  /** When the next bytes may go. */
  get readyAt(): number {
    return this.#readyAt;
  }

  spend(bytes: number, now: number): void {
    if (this.#perMs !== Number.POSITIVE_INFINITY)
      this.#readyAt = Math.max(this.#readyAt, now - BURST_MS) + bytes / this.#perMs;
  }
}

/** One account, or one pair of devices, on one day. */
export interface Share {
  bytes: number;
  /** Bindings of its. */
  users: number;
  readonly most: number;
  readonly pace: Pace;
}

/** Who has had how much today. What was used up yesterday does not count. */
export class Quotas {
  readonly pace: Pace;
  readonly #limits: RelayLimits;
  readonly #accounts = new Map<string, Share>();
  readonly #pairs = new Map<string, Share>();
  #bytes = 0;
  #day = 0;

  constructor(limits: RelayLimits) {
    this.#limits = limits;
    this.pace = new Pace(limits.relayRate);
  }

  /** @param wall milliseconds since 1970 */
  turn(wall: number): void {
    const day = Math.floor(wall / DAY_MS);
    if (day === this.#day) return;
    this.#day = day;
    this.#bytes = 0;
    for (const shares of [this.#accounts, this.#pairs]) sweep(shares);
  }

  /** @returns undefined where too many are counted */
  account(name: string): Share | undefined {
    const { accountDay, accountRate } = this.#limits;
    return kept(this.#accounts, name, accountDay, accountRate);
  }

  /** @param most as the token says */
  pair(name: string, most: number): Share | undefined {
    const { pairDay, pairRate } = this.#limits;
    return kept(this.#pairs, name, Math.min(most, pairDay), pairRate);
  }

  /** Takes bytes of all three. @returns whose are used up, where one's are */
  spend(account: Share, pair: Share, bytes: number): RelayRefusal | undefined {
    const { relayDay } = this.#limits;
    // What has no room for this one has none for the next, and is used up.
    if (this.#bytes + bytes > relayDay) this.#bytes = relayDay;
    else if (account.bytes + bytes > account.most) account.bytes = account.most;
    else if (pair.bytes + bytes > pair.most) pair.bytes = pair.most;
    const exhausted = this.exhausted(account, pair);
    if (exhausted !== undefined) return exhausted;
    this.#bytes += bytes;
    account.bytes += bytes;
    pair.bytes += bytes;
    return undefined;
  }

  /** Whose are used up already, where one's are. */
  exhausted(account: Share, pair: Share): RelayRefusal | undefined {
    if (this.#bytes >= this.#limits.relayDay) return 'relayQuota';
    if (account.bytes >= account.most) return 'accountQuota';
    return pair.bytes >= pair.most ? 'pairQuota' : undefined;
  }
}

/** Until tomorrow, UTC. */
export const secondsLeftOfDay = (wall: number): number => Math.ceil((DAY_MS - (wall % DAY_MS)) / 1_000);

function kept(shares: Map<string, Share>, name: string, most: number, rate: number): Share | undefined {
  const known = shares.get(name);
  if (known !== undefined) return known;
  if (shares.size >= COUNTED) return undefined;
  const share = { bytes: 0, users: 0, most, pace: new Pace(rate) };
  shares.set(name, share);
  return share;
}

/** Everybody begins anew, and who is not bound is forgotten. */
function sweep(shares: Map<string, Share>): void {
  for (const [name, share] of shares) {
    if (share.users === 0) shares.delete(name);
    share.bytes = 0;
  }
}
