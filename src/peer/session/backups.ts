import type { Clock } from '../../base/clock.js';
import type { Random } from '../../base/random.js';
import type { LocalStore } from '../../store/local.js';
import { formatLink } from '../../wire/link.js';
import type { BackupsApi } from '../api/backup.js';
import { BackupService } from '../backup/backup-service.js';
import type { LocalDevice } from '../identity/local-device.js';
import type { Tables } from '../storage/tables.js';
import type { Services } from './services.js';

export interface BackupsInit {
  readonly self: LocalDevice;
  readonly services: Services;
  readonly disk: LocalStore;
  readonly tables: Tables;
  readonly clock: Clock;
  readonly random: Random;
}

/** Backups of what this peer keeps; what comes out of one goes through the services that know it in memory. */
export function backupsOf({ self, services, ...parts }: BackupsInit): BackupsApi {
  const { user, device, identity, link } = self;
  return new BackupService({
    ...parts,
    self: { user, device, identity },
    directory: formatLink(link),
    history: services.history,
    enqueue: (conversation, work) => services.conversations.of(conversation).enqueue(work),
    learnContact: (row) => services.contacts.learn(row),
    learnPreferences: (row) => services.preferences.learn(row),
  });
}
