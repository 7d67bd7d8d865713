import type { Duplex } from 'node:stream';
import type { Clock } from '../../base/clock.js';
import type { Scope } from '../../base/scope.js';
import type { TransferContent } from '../../wire/content.js';
import type { DeviceAddress } from '../../wire/directory.js';
import type { TransferSpeed } from '../api/peer.js';
import type { RelayTokens } from '../network/relay-tokens.js';
import type { PathMemory } from './path-memory.js';
import type { Run } from './run.js';
import type { TransferEndpoint } from './transfer-endpoint.js';
import type { TransferEntry, TransferStore } from './transfer-store.js';

/** What the scheduler of transfers stands on. */
export interface SchedulerInit {
  readonly entries: TransferStore;
  readonly clock: Clock;
  readonly scope: Scope;
  readonly sockets: TransferEndpoint;
  /** Resolves when the message is on disk. */
  send(user: string, content: TransferContent): Promise<Uint8Array>;
  /** A connection of its own for a transfer; undefined where the device does not answer. */
  dial(address: DeviceAddress, id: Uint8Array): Promise<Duplex | undefined>;
  /** Whether the device is there, as far as the directory knows. */
  isThere(address: DeviceAddress): Promise<boolean>;
  /** The host from which that device has a link to this one. */
  linkedFrom(device: string): string | undefined;
  /** As fast as this, where the offer says nothing else. */
  speed(): Promise<TransferSpeed>;
  readonly paths: PathMemory;
  readonly relays: RelayTokens;
  /** Begins to fetch what was laid down. */
  fetch(entry: TransferEntry): Run;
  /** All has come, and is said by this message. */
  taken(entry: TransferEntry, said: Promise<Uint8Array>): void;
}
