import type { FactorState } from '../../wire/account-methods.js';
import type { PresenceState } from '../../wire/presence.js';
import type { NewAccount } from './peer.js';

/** What a running peer offers for its account: the way back in, the second factor, and its devices. */

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

/** A second factor on its way: what the app needs. */
export interface FactorSecret {
  /** `otpauth://…`, for a QR code. */
  readonly uri: string;
  /** The same for typing: base32. */
  readonly secret: string;
}

export interface SecondFactorApi {
  status(): Promise<{
    readonly state: FactorState;
    /** Recovery codes that are left. */
    readonly codes: number;
    /** One's role needs one on this directory. */
    readonly required: boolean;
  }>;
  /** Counts once it is confirmed. @throws Failure credentials, usage 'second-factor-on', unreachable */
  begin(password: string): Promise<FactorSecret>;
  /** @returns the recovery codes. @throws Failure credentials 'second-factor-wrong', usage 'second-factor-none', blocked */
  confirm(code: string): Promise<readonly string[]>;
  /** New recovery codes in place of the old ones. @throws Failure credentials, usage 'second-factor-none' */
  renewCodes(password: string): Promise<readonly string[]>;
  /** @throws Failure credentials, unreachable */
  off(password: string): Promise<void>;
}

export interface AccountApi {
  readonly secondFactor: SecondFactorApi;
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
