import type { ExportRecord } from '../../wire/signed-export.js';
import type { AskCode } from './account.js';

/** A backup of what this device keeps of the account's history, and taking one in. */

export interface BackupReport {
  readonly path: string;
  /** Lines written now. */
  readonly lines: number;
  /** The whole file. */
  readonly bytes: number;
  /** `added`: behind what was in the file before. */
  readonly mode: 'new' | 'added';
}

export interface ImportReport {
  /** Lines that were not here. */
  readonly added: number;
  /** Lines that another device knew more of: an edit, a reaction, that they were taken back. */
  readonly changed: number;
  /** Messages that had not left the device yet when it was backed up. */
  readonly unsent: number;
}

export interface BackupsApi {
  /**
   * Writes the file whole or leaves it as it was; to one that this account has written before, what is new is added.
   * @param passphrase without one, the recovery phrase opens it
   * @throws Failure usage 'backup-unwritable', 'backup-invalid', 'backup-other-secret', 'password-weak'; credentials
   *   'backup-locked'; trust 'backup-other-account'; storage 'backup-damaged', 'backup-truncated'; limit 'disk-full'
   */
  write(path: string, passphrase?: string): Promise<BackupReport>;
  /**
   * Puts what is in a backup of this account, or in a signed export of a group at its directory, beside what is here.
   * @throws Failure the same, and as `verifyExport` of Peers
   */
  import(path: string, passphrase?: string): Promise<ImportReport>;
  /**
   * What is shown here of a group whose history is shared, as records that anybody with the directory's fingerprint can verify.
   * @throws Failure usage 'export-unsigned', denied 'group-not-joined'
   */
  exportSigned(group: string): AsyncIterable<ExportRecord>;
}

/** What an opened backup becomes: a new device of its account, with the history in it. */
export interface OpenedBackup {
  readonly user: string;
  /** `p2pchat://HOST:PORT#FINGERPRINT` */
  readonly directory: string;
  /**
   * In a folder without a profile: takes the history in, enrols a new device, and puts both in their place. Until that is
   * done the folder is as it was; after a refused password it can be tried again.
   * @throws Failure usage 'restore-taken'; limit 'disk-full'; what `loginPeer` and `recoverAccount` throw
   */
  restore(init: RestoreInit): Promise<Restored>;
  /** What was not finished is removed. */
  close(): Promise<void>;
}

export interface RestoreInit {
  readonly home: string;
  /** The account's; with `phrase`, the one it gets. */
  readonly password: string;
  /** Enrols by the recovery phrase, with a new password. */
  readonly phrase?: string;
  /** Where the directory's address has changed. */
  readonly directory?: string;
  readonly code?: string;
  readonly askCode?: AskCode;
}

export interface Restored extends Pick<ImportReport, 'unsent'> {
  readonly user: string;
  readonly device: string;
  readonly directory: string;
  readonly lines: number;
}

/** A signed export in which everything is as its authors, and who made it, have signed it. */
export interface VerifiedExport {
  /** Of the group: its id and name, and when the export was made, in milliseconds since 1970. */
  readonly room: { readonly room: string; readonly name: string; readonly at: number };
  /** Who made it. */
  readonly by: { readonly user: string; readonly device: string };
  readonly lines: number;
  /** Lines that whoever made it was shown and that are not in it. */
  readonly left: number;
}
