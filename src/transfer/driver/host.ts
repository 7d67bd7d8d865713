import type { Failure } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import type { ConnectionId } from '../../wire/datagrams/header.js';
import type { DatagramBatch } from '../protocol/datagram-batch.js';
import type { Path } from '../protocol/path.js';
import type { HostAddress } from '../udp/endpoint.js';
import type { RelayOffer, RelayUser } from './relay-offer.js';

/** What those who go by relays get from whoever runs them. */
export interface RelayHost {
  readonly random: Random;
  /** Milliseconds that never go back. */
  now(): number;
  path(address: HostAddress): Path | undefined;
  /** Sends one datagram; to who has not shown that he receives there, only within the allowance. */
  emit(path: Path, datagram: Uint8Array): void;
  /** Whoever is there has shown that he receives there. */
  prove(path: Path): void;
  /** What came inside of a relay's datagram. */
  relayed(bytes: Uint8Array, view: DataView, at: number, length: number, path: Path): void;
  /** Datagrams for this id go to `runner` from now on. */
  register(id: ConnectionId, runner: Runner): void;
  unregister(id: ConnectionId): void;
  /** Something changed: `work` is called soon. */
  wake(): void;
  add(runner: Runner): void;
  /** The runner has nothing left to do. */
  retire(runner: Runner): void;
}

/** What a transfer gets from the engine that runs it. */
export interface Host extends RelayHost {
  /** Whether whoever is there has shown that he receives there. */
  isProved(path: Path): boolean;
  /** Much is going to come from there, until the function it gives back is called. */
  favour(path: Path): () => void;
  /** To be filled and sent with `sendTrain`; undefined while nothing can be sent there. */
  train(path: Path): DatagramBatch | undefined;
  /** @returns the size that was refused, or 0 */
  sendTrain(path: Path): number;
  readonly relays: Relays;
}

export interface Relays {
  /** Has a transfer told of a relay, and of what becomes of it, until it leaves them. */
  use(offer: RelayOffer, user: RelayUser): void;
  leave(user: RelayUser): void;
}

/** A transfer as the engine runs it. */
export interface Runner {
  /** One datagram at [at, at + length), for one of the ids registered. @throws Failure 'malformed' */
  receive(bytes: Uint8Array, view: DataView, at: number, length: number, path: Path, now: number): void;
  /** Does what is due. @returns true where more could be sent at once */
  work(now: number): boolean;
  /** Does a little of what can wait, because nothing else is to do. @returns whether there is more of it */
  idle?(): boolean;
  /** When `work` has to be called at the latest. */
  nextTimeout(now: number): number;
  /** Something in it threw: it fails, and nobody else does. Never throws. */
  crash(failure: Failure): void;
  close(): Promise<void>;
}
