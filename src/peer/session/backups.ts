import type { Clock } from '../../base/clock.js';
import type { Random } from '../../base/random.js';
import type { Scope } from '../../base/scope.js';
import type { LocalStore } from '../../store/local.js';
import { formatLink } from '../../wire/link.js';
import type { BackupsApi } from '../api/backup.js';
import { BackupService } from '../backup/backup-service.js';
import { HandOver } from '../backup/hand-over.js';
import type { LocalDevice } from '../identity/local-device.js';
import type { Network } from '../network/network.js';
import type { ContactRow, PreferencesRow, Tables } from '../storage/tables.js';
import type { Services } from './services.js';

interface BackupsInit {
  readonly self: LocalDevice;
  readonly services: Services;
  readonly disk: LocalStore;
  readonly tables: Tables;
  readonly clock: Clock;
  readonly random: Random;
}

/** What comes from another device goes through the services that know it in memory. */
const memoryOf = (services: Services) =>
  ({
    history: services.history,
    enqueue: <T>(conversation: string, work: () => Promise<T>) => services.conversations.of(conversation).enqueue(work),
    learnContact: (row: ContactRow) => services.contacts.learn(row),
    learnPreferences: (row: PreferencesRow) => services.preferences.learn(row),
    keysCame: (group: Uint8Array) => services.groups.keysCame(group),
  }) as const;

/** Backups of what this peer keeps. */
function backupsOf({ self, services, ...parts }: BackupsInit): BackupsApi {
  const { user, device, identity, link } = self;
  return new BackupService({
    ...{ ...parts, ...memoryOf(services) },
    self: { user, device, identity },
    directory: formatLink(link),
    exportSigned: (group) => services.groups.signedExport(group),
  });
}

interface HandOverParts extends BackupsInit {
  readonly network: Network;
  readonly scope: Scope;
}

/** History between the devices of this account. */
function handOverOf({ self, services, network, random: _, ...parts }: HandOverParts): HandOver {
  const { user, device, link } = self;
  const { contacts, feed, history, ownDevices, reporter } = services;
  return new HandOver({
    ...{ ...parts, ...memoryOf(services) },
    self: { user, device },
    directory: formatLink(link),
    async links() {
      const { devices } = await contacts.resolve(user);
      const others = devices.filter((one) => one.device !== device);
      const links = await Promise.all(others.map((one) => network.link(one).catch(() => undefined)));
      return links.filter((one) => one !== undefined);
    },
    nameOf: (one) => ownDevices.nameOf(one),
    async settled(conversation) {
      const { unread = 0, mentions = 0 } = await history.head(conversation);
      feed.emit({ event: 'unread', conversation, unread, mentions });
    },
    emit: (event) => feed.emit(event),
    report: reporter.unlessAway,
  });
}

/** What leaves this device of its history, and what comes to it. */
export function historyOf({ network, scope, ...parts }: HandOverParts) {
  return { backups: backupsOf(parts), handOver: handOverOf({ ...parts, network, scope }) } as const;
}
