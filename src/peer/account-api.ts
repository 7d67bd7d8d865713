import type { PresenceState } from '../wire/presence.js';
import type { NewAccount } from './api.js';

/** What a running peer offers for its account: the way back in, and its devices. */

/** What `recoverAccount` takes; `password` is the new one. */
export interface Recovery extends NewAccount {
  readonly phrase: string;
}

export interface DeviceSummary {
  readonly device: string;
  /** The machine's name when it was added. */
  readonly label: string;
  /** RFC 3339 */
  readonly addedAt: string;
  readonly lastSeen: string;
  readonly state: PresenceState;
  /** It is this one. */
  readonly here: boolean;
}

export interface AccountApi {
  /** Whether this installation has ever shown the recovery phrase, and whether it was typed in again and was right. */
  readonly recovery: 'unseen' | 'shown' | 'checked';
  /**
   * 24 words, which are the account's identity key.
   * @throws Failure credentials 'wrong-password', blocked 'login-blocked'
   */
  recoveryPhrase(password: string): Promise<string>;
  /** @throws Failure usage 'phrase-invalid', trust 'recovery-other' where it is another account's */
  checkRecoveryPhrase(phrase: string): Promise<void>;
  devices(): Promise<readonly DeviceSummary[]>;
  /** Its certificates are revoked, its session ends. @throws Failure credentials, unknown 'device-unknown', unreachable */
  revokeDevice(device: string, password: string): Promise<void>;
}
