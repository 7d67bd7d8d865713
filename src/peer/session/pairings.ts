import { sameBytes } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
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
    groupFor: async (name) => (await services.groups.queries.others(name)).group.replace(/^#/, ''),
    async bringIn({ user, identityKey }, group) {
      services.contacts.forget(user);
      const contact = await services.contacts.resolve(user);
      if (!sameBytes(contact.identityKey, identityKey)) throw otherIdentity(user);
      if (group === undefined) return;
      const { kind } = (await services.groups.queries.list()).find((one) => one.group === `#${group}`) ?? {};
      // Into an open group everybody goes by themselves.
      if (kind === 'invite') await services.groups.actions.invite(group, user);
    },
    emit: (event) => services.feed.emit(event),
    report: services.reporter.unlessAway,
  });

const otherIdentity = (user: string): Failure =>
  new Failure('identity-changed', `The directory shows another identity for ${user} than whoever used the code has.`, {
    hint: 'Do not go on with this directory, and ask its operator.',
  });
