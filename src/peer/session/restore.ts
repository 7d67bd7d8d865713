import { access, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../base/errors.js';
import type { BackupSecret, PieceChain } from '../../crypto/backup.js';
import { identityOf, sealForRecovery } from '../../crypto/recovery.js';
import { createVault, sealer, type Vault, wrapVault } from '../../crypto/vault.js';
import { openLevelStore } from '../../store/level/open.js';
import { parseLink } from '../../wire/link.js';
import { foldName } from '../../wire/names.js';
import { recoverAccount } from '../account/recover.js';
import { enrolDevice, type Means, SYSTEM } from '../account/register.js';
import type { OpenedBackup, Restored, RestoreInit } from '../api/backup.js';
import type { Enrolled } from '../api/peers.js';
import { HistoryMerge } from '../backup/merge.js';
import type { Counts } from '../backup/merge-lines.js';
import { BackupFile } from '../backup/read-file.js';
import { takeIn, verified } from '../backup/take-in.js';
import { History } from '../messaging/history.js';
import { Preferences } from '../messaging/preferences.js';
import { whereThereIsRoom } from '../storage/no-room.js';
import { makeHome, profileFile, readProfile, storeFolder, writeProfile } from '../storage/profile.js';
import { openTables } from '../storage/tables.js';

/** Where a profile is put together, inside the folder that it is for. */
const workshopOf = (home: string): string => join(home, '.restoring');

/** @param ask gets the words that open it @throws Failure what BackupFile's `need` and `unlock` do, 'phrase-invalid' */
export async function openBackup(
  path: string,
  ask: (by: 'phrase' | 'passphrase') => Promise<string>,
  means: Means = SYSTEM,
): Promise<OpenedBackup> {
  const file = await BackupFile.need(path);
  const { kind } = file.header.by;
  const words = await ask(kind);
  const secret: BackupSecret = kind === 'phrase' ? { kind, identity: identityOf(words) } : { kind, passphrase: words };
  const pieces = await file.unlock(secret);
  const { user, directory } = await verified(file, pieces.fork());
  return new Restoration({ file, pieces, user, directory, means });
}

interface Staged {
  readonly home: string;
  readonly vault: Vault;
  readonly counts: Counts;
}

interface RestorationInit {
  readonly file: BackupFile;
  readonly pieces: PieceChain;
  readonly user: string;
  readonly directory: string;
  readonly means: Means;
}

/**
 * A backup on its way to being a device:
 *
 * 1. The history is taken into a new store under a new vault, beside the place where the profile will be.
 * 2. The directory enrols a new device there, by the password or by the recovery phrase: with keys of its own, so that no
 *    ratchet and no key of the backed-up device is ever used twice.
 * 3. The store is moved to its place, then the profile's file: from then on there is a profile.
 */
class Restoration implements OpenedBackup {
  readonly user: string;
  readonly directory: string;
  readonly #init: RestorationInit;
  #staged: Staged | undefined;

  constructor(init: RestorationInit) {
    this.user = init.user;
    this.directory = init.directory;
    this.#init = init;
  }

  async restore(init: RestoreInit): Promise<Restored> {
    await assertFree(init.home);
    const directory = this.#relinked(init.directory);
    return whereThereIsRoom('There is no room for the profile on that disk; nothing was begun.', async () => {
      this.#staged ??= await this.#stage(init);
      const { device } = await this.#enrol(this.#staged, init, directory);
      const { counts } = this.#staged;
      await settle(init.home);
      this.#staged = undefined;
      return { user: this.user, device, directory, lines: counts.added, unsent: counts.unsent };
    });
  }

  async close(): Promise<void> {
    if (this.#staged) await rm(workshopOf(this.#staged.home), { recursive: true, force: true });
    this.#staged = undefined;
  }

  /** Another address of the same directory. */
  #relinked(given: string | undefined): string {
    if (given === undefined) return this.directory;
    if (parseLink(given).fingerprint === parseLink(this.directory).fingerprint) return given;
    throw new Failure('directory-changed');
  }

  async #stage({ home, password }: RestoreInit): Promise<Staged> {
    const workshop = workshopOf(home);
    await makeHome(home);
    await rm(workshop, { recursive: true, force: true });
    await mkdir(workshop, { mode: 0o700 });
    try {
      const vault = await createVault(password, this.#init.means.random);
      return { home, vault, counts: await this.#takeIn(workshop, vault) };
    } catch (error) {
      await rm(workshop, { recursive: true, force: true });
      throw error;
    }
  }

  async #takeIn(workshop: string, { key }: Vault): Promise<Counts> {
    const { clock, random } = this.#init.means;
    const disk = await openLevelStore({ folder: storeFolder(workshop) });
    try {
      const tables = openTables(disk, sealer(key, random));
      const preferences = new Preferences({ tables, disk, self: this.user });
      const history = new History({ tables, disk, clock, look: preferences, onExpiring: () => [] });
      const merge = new HistoryMerge({
        ...{ tables, disk, history },
        fresh: true,
        now: () => clock.now(),
        enqueue: (_conversation, work) => work(),
        learnContact: async (row) => {
          await disk.write([tables.contacts.put([foldName(row.user)], row)]);
        },
        learnPreferences: async (row) => {
          await disk.write([tables.preferences.put(['self'], row)]);
          await preferences.load();
        },
      });
      await takeIn(this.#init.file, this.#init.pieces.fork(), merge);
      return merge.counts;
    } finally {
      await disk.close();
    }
  }

  /** The workshop is a profile of this account that is not a device yet. */
  async #enrol({ home, vault }: Staged, init: RestoreInit, directory: string): Promise<Enrolled> {
    const { random } = this.#init.means;
    const { password, phrase, code, askCode } = init;
    const { user } = this;
    const workshop = workshopOf(home);
    const { file } = await wrapVault(vault.key, password, random);
    const recovery = phrase === undefined ? {} : { recovery: sealForRecovery(vault.key, identityOf(phrase), random) };
    await writeProfile(workshop, { version: 1, user, device: '', directory, vault: file, ...recovery });
    const account = {
      ...{ home: workshop, directory, user, password },
      ...(code !== undefined && { code }),
      ...(askCode !== undefined && { askCode }),
    };
    return phrase === undefined
      ? enrolDevice(account, this.#init.means)
      : recoverAccount({ ...account, phrase }, this.#init.means);
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** A device that was enrolled and then broken off is put in its place first. @throws Failure usage 'restore-taken' */
async function assertFree(home: string): Promise<void> {
  const workshop = workshopOf(home);
  const [isMoved, isBegun] = [await exists(storeFolder(home)), await exists(storeFolder(workshop))];
  if (isMoved !== isBegun && (await readProfile(workshop))?.device) await settle(home);
  const profile = await readProfile(home);
  if (profile) throw new Failure('restore-taken', `There is a profile of ${profile.user} in this folder already.`);
  if (isMoved) throw new Failure('restore-taken', `There is a store without a profile in ${home}.`);
}

async function settle(home: string): Promise<void> {
  const workshop = workshopOf(home);
  if (await exists(storeFolder(workshop))) await rename(storeFolder(workshop), storeFolder(home));
  await rename(profileFile(workshop), profileFile(home));
  await rm(workshop, { recursive: true, force: true });
}
