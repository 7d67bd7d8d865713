import type { Path } from '../../transfer/protocol/path.js';
import { type ConnectionId, connectionKey } from '../../wire/datagrams/header.js';
import { foldName } from '../../wire/names.js';
import type { RelayToken } from '../../wire/relay.js';
import { Flow } from './flows.js';
import type { Share } from './quotas.js';

/** Which device is where: for each pair of devices and each lane one binding of either side at most. */

export type Side = 0 | 1;

/** The same place for the tokens of both. @param lane of theirs */
export function placeOf({ holder, other }: RelayToken, lane: number): { readonly place: string; readonly side: Side } {
  const { pair, side } = pairOf(holder, other);
  return { place: `${pair} ${lane}`, side };
}

export function pairOf(
  holder: RelayToken['holder'],
  other: RelayToken['other'],
): { readonly pair: string; side: Side } {
  const [own, theirs] = [nameOf(holder), nameOf(other)];
  return own < theirs ? { pair: `${own} ${theirs}`, side: 0 } : { pair: `${theirs} ${own}`, side: 1 };
}

const nameOf = ({ user, device }: RelayToken['holder']): string => `${foldName(user)} ${device}`;

export interface BindingInit {
  readonly channel: ConnectionId;
  readonly place: string;
  readonly side: Side;
  /** The key of its token: another one is of another start of its program. */
  readonly key: Uint8Array;
  readonly account: Share;
  readonly pair: Share;
}

/** One device, at an address that it has proved. */
export class Binding {
  /** What it sends to the other. */
  readonly outbox: Flow<Binding>;
  path!: Path;
  /** Monotonic. */
  expiresAt = 0;
  heardAt = 0;
  /** When it was told last that a quota is used up. */
  refusedAt = Number.NEGATIVE_INFINITY;

  constructor(readonly init: BindingInit) {
    this.outbox = new Flow<Binding>(this, [init.pair.pace, init.account.pace]);
  }

  isAt(path: Path): boolean {
    return this.path === path || this.path.key === path.key;
  }
}

export class Bindings {
  readonly #byChannel = new Map<number, Binding>();
  readonly #places = new Map<string, [Binding | undefined, Binding | undefined]>();
  /** Who sent the last datagram: mostly the next one's too. */
  #last: Binding | undefined;

  get size(): number {
    return this.#byChannel.size;
  }

  all(): Binding[] {
    return [...this.#byChannel.values()];
  }

  find(high: number, low: number): Binding | undefined {
    const last = this.#last;
    if (last !== undefined && last.init.channel.low === low && last.init.channel.high === high) return last;
    const found = this.#byChannel.get(connectionKey(high, low));
    if (found === undefined || found.init.channel.low !== low || found.init.channel.high !== high) return undefined;
    this.#last = found;
    return found;
  }

  isTaken({ high, low }: ConnectionId): boolean {
    return this.#byChannel.has(connectionKey(high, low));
  }

  at(place: string, side: Side): Binding | undefined {
    return this.#places.get(place)?.[side];
  }

  /** The other of the two, where it is bound. */
  opposite({ init: { place, side } }: Binding): Binding | undefined {
    return this.#places.get(place)?.[side === 0 ? 1 : 0];
  }

  add(binding: Binding): void {
    const { channel, place, side, account, pair } = binding.init;
    this.#byChannel.set(connectionKey(channel.high, channel.low), binding);
    const sides = this.#places.get(place) ?? [undefined, undefined];
    sides[side] = binding;
    this.#places.set(place, sides);
    account.users++;
    pair.users++;
  }

  remove(binding: Binding): void {
    const { channel, place, side, account, pair } = binding.init;
    this.#byChannel.delete(connectionKey(channel.high, channel.low));
    if (this.#last === binding) this.#last = undefined;
    const sides = this.#places.get(place);
    if (sides?.[side] === binding) sides[side] = undefined;
    if (sides?.every((one) => one === undefined)) this.#places.delete(place);
    account.users--;
    pair.users--;
  }
}
