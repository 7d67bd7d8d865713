import type { Role } from '../../wire/directory.js';
import type { CodeInit, JoinInit, LoginPeer, NewAccount, OpenPeer, Recovery } from './account.js';
import type { OpenedBackup, VerifiedExport } from './backup.js';
import type { PeerApi, Whoami } from './peer.js';

/** What is known of a folder's profile without its password. */
export interface KnownProfile extends Whoami {
  /** After a logout: the history is still there, and the device has no certificate. */
  readonly loggedOut?: boolean;
}

export interface Enrolled {
  readonly user: string;
  readonly device: string;
  readonly role: Role;
}

export interface EnrolledByCode extends Enrolled {
  /** Opens the profile once more without the password. */
  readonly vaultKey: Uint8Array;
}

/** A new account, with its public identity key. */
export interface Registered extends Enrolled {
  readonly identityKey: Uint8Array;
}

/** What came of joining by a code. */
export interface Joined<T extends Registered> {
  readonly registered: T;
  /** `#group` that the code was for. */
  readonly group?: string;
  /** Whether the group knows of this person. */
  readonly asked?: boolean;
}

/** How a program comes to have a peer. */
export interface Peers {
  /** Opens the folder's profile and starts the peer. The directory needn't be there. */
  openPeer(init: OpenPeer): Promise<PeerApi>;
  /** The same; without a profile, or after a logout, logs in and makes this installation a device of the account. */
  loginPeer(init: LoginPeer): Promise<PeerApi>;
  /** Makes the account and enrols this installation as its first device. */
  registerAccount(init: NewAccount): Promise<Registered>;
  /** Joins a directory by a code. @param signUp makes the account by what the code brings */
  joinByCode<T extends Registered>(
    init: JoinInit,
    signUp: (invitation: { readonly directory: string; readonly invite: string; readonly user?: string }) => Promise<T>,
  ): Promise<Joined<T>>;
  /** Sets a new password by the recovery phrase, and makes this installation a device of the account. */
  recoverAccount(init: Recovery): Promise<Enrolled>;
  /** Makes this installation a device of the account by a code that was made on another one. */
  enrolByCode(init: CodeInit): Promise<EnrolledByCode>;
  /** Reads a backup to its end. @param ask gets the words it is sealed under @throws Failure as BackupsApi's `import` */
  openBackup(path: string, ask: (by: 'phrase' | 'passphrase') => Promise<string>): Promise<OpenedBackup>;
  /**
   * Reads a signed export of a group to its end, offline. Nothing is known but the directory's fingerprint.
   * @throws Failure usage 'export-invalid', 'file-unreadable', trust 'export-…', 'act-forged', 'certificate-…'
   */
  verifyExport(path: string, fingerprint: string): Promise<VerifiedExport>;
  /** Undefined where there is no profile in the folder. */
  profile(home: string): Promise<KnownProfile | undefined>;
}
