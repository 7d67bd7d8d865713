import type { Clock } from '../../base/clock.js';
import type { Random } from '../../base/random.js';
import type { Scope } from '../../base/scope.js';
import { Pairings } from '../account/pairings.js';
import type { HandOver } from '../backup/hand-over.js';
import type { LocalDevice } from '../identity/local-device.js';
import type { Network } from '../network/network.js';
import type { Services } from './services.js';

interface PairingParts {
  readonly self: LocalDevice;
  readonly clock: Clock;
  readonly random: Random;
  readonly scope: Scope;
  readonly network: Network;
  readonly services: Services;
  readonly handOver: HandOver;
}

/** Codes that are made on this device. */
export const pairingsOf = ({ network, services, handOver, ...parts }: PairingParts): Pairings =>
  new Pairings({
    ...{ ...parts, ownDevices: services.ownDevices, client: () => network.client },
    allowHistory: (device) => handOver.allow(device),
    emit: (event) => services.feed.emit(event),
    report: services.reporter.unlessAway,
  });
