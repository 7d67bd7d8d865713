import type { DirectoryNotices } from '../../wire/directory.js';
import { KEY_PACKAGES_LOW } from '../../wire/limits.js';
import { foldName } from '../../wire/names.js';
import type { Notice, NoticeHandlers } from '../../wire/rpc.js';
import type { Pairings } from '../account/pairings.js';
import type { LocalDevice } from '../identity/local-device.js';
import type { Network } from '../network/network.js';
import type { Services } from './services.js';
import type { Sync } from './sync.js';

export interface DirectoryNoticesParts {
  readonly self: LocalDevice;
  readonly network: Network;
  readonly services: Services;
  readonly sync: Sync;
  readonly pairings: Pairings;
}

/** What this device does about each thing that the directory tells unasked. */
export function directoryNotices(parts: DirectoryNoticesParts): NoticeHandlers<DirectoryNotices> {
  const { services, sync } = parts;
  const { feed, contacts, outbox, groups, mlsGroups, sender, directGroups } = services;
  return {
    mailbox: () => services.mail.drain(),
    presence: (notice) => presenceOf(parts, notice),
    roster: ({ user }) => {
      contacts.forget(user);
      // A device may be there that was missing: of theirs, or of one's own in any conversation.
      if (foldName(user) === foldName(parts.self.user)) sender.flushAll();
      else sender.devicesChanged(user);
      outbox.poke();
    },
    crl: ({ crl }) => sync.takeCrl(crl),
    'crl.delta': (delta) => sync.learnCrlDelta(delta),
    incarnation: (incarnation) => sync.hearIncarnation(incarnation),
    'group.commit': async ({ group: id }) => {
      const group = await mlsGroups.find(id);
      if (group?.owner.kind === 'direct') await sender.enqueue(group.owner.user, () => directGroups.catchUp(group));
    },
    'groups.entry': (entry) => groups.onEntry(entry),
    'groups.changed': (change) => groups.onChanged(change),
    'groups.signal': (signal) => groups.onSignal(signal),
    role: ({ role }) => sync.learnRole(role),
    factor: ({ state }) => feed.emit({ event: 'account', change: 'second-factor', state }),
    ledger: ({ number }) => services.moderation.hearOfOperator(number),
    guests: () => services.guests.look(),
    preferences: async ({ tag }) => services.preferences.sharing?.hear(tag),
    devices: ({ version }) => services.ownDevices.changed(version),
    'pairing.said': (said) => parts.pairings.said(said),
    'pairing.ended': (end) => parts.pairings.ended(end),
    'keypackages.low': ({ left }) => services.keyPackages.refill(Math.min(KEY_PACKAGES_LOW, left)),
    call: ({ from, sealed }) => parts.network.called(from, sealed),
    // The channel itself ends with this one.
    end: () => {},
  };
}

async function presenceOf(
  { network, services }: DirectoryNoticesParts,
  { user, state }: Notice<DirectoryNotices, 'presence'>,
): Promise<void> {
  const { contacts, feed, transfers, outbox, sender } = services;
  contacts.forget(user);
  feed.emit({ event: 'presence', user, state });
  if (state === 'offline') return;
  sender.flush(user);
  transfers.peerIsBack(user);
  const { devices } = await contacts.resolve(user);
  for (const { device } of devices) {
    network.links.mayRetry(device);
    outbox.poke(device);
  }
}
