import type { Refused } from '../../wire/datagrams/relay.js';
import type { RelayAccess, RelayPath, RelayState } from '../protocol/relay-client.js';
import type { HostAddress } from '../udp/endpoint.js';

/** A relay at which this device and the other one of a transfer may meet. */
export interface RelayOffer extends RelayAccess {
  readonly address: HostAddress;
  /** Names the device at the other side, and whose it is: transfers with it go by one binding. */
  readonly other: string;
}

/** A transfer, told of the relays it may use. */
export interface RelayUser {
  onRelay(path: RelayPath, state: RelayState, why?: Refused): void;
}
