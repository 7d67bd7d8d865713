import { type Code, type Failure, hasCode } from '../../base/errors.js';
import type { FactorState } from '../../wire/account-methods.js';
import type { PresenceState } from '../../wire/presence.js';
import type { HistoryWish } from './hand-over.js';
import type { PairingsApi } from './pairing.js';

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
  /** The device that let it in by a code. */
  readonly by?: string | undefined;
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
  /** Codes by which somebody new comes in. */
  readonly pairings: PairingsApi;
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

export interface ProfileInit {
  /** The folder for everything this installation keeps. */
  readonly home: string;
  readonly password: string;
}

/**
 * Gets the code of the second factor from whoever logs in; what it throws ends the login.
 * @param why 'second-factor-needed' at first, then what was wrong with the code given before
 */
export type AskCode = (why: Failure) => Promise<string>;

export interface NewAccount extends ProfileInit {
  /** What the new device asks the account's other ones for; all of it, if not given. */
  readonly history?: HistoryWish;
  /** What is kept in the folder becomes another device than it was: it is a copy of one that has gone on. */
  readonly isCopy?: boolean;
  /** `p2pchat://HOST:PORT#FINGERPRINT` */
  readonly directory: string;
  readonly user: string;
  readonly invite?: string;
  readonly email?: string;
  /** To log in: the code of the second factor, where one is at hand already; else it is asked for, if there is a way to. */
  readonly code?: string;
  readonly askCode?: AskCode;
}

/** What `joinByCode` takes. */
export type JoinInit = Omit<CodeInit, 'history'>;

/** What `enrolByCode` takes. */
export interface CodeInit {
  readonly home: string;
  /** As it was heard or copied. */
  readonly code: string;
  /** `HOST`, `HOST:PORT` or a link, where the code does not say it: the words prove which directory it is. */
  readonly directory?: string;
  readonly history?: HistoryWish;
}

export interface OpenPeer extends ProfileInit {
  /** Of the vault, where it is at hand: then the password is not needed to open the profile. */
  readonly vaultKey?: Uint8Array;
  /** Address for direct links, `HOST:PORT`; port 0 picks one. */
  readonly listen?: string;
  /** Overrides the directory's address in the profile; the fingerprint must be the same. */
  readonly directory?: string;
  /** Devices to be linked to, `HOST:PORT`, besides those which the directory names: where neither it nor multicast helps. */
  readonly peers?: readonly string[];
  /** Whether this program speaks to the local network by itself, as far as the preferences let it. */
  readonly lan?: boolean;
  /** Whether it asks the router here to let others in, as far as the preferences let it. */
  readonly mapping?: boolean;
  /** Files will be sent or taken: their thread starts while the profile opens. */
  readonly transfers?: boolean;
}

/** What logging in takes where there is no profile, or the device was logged out. */
export interface LoginPeer extends OpenPeer {
  /** As of a new account, where this becomes a device. */
  readonly history?: HistoryWish;
  readonly user?: string;
  /** A person asks for it: a device that was shut out becomes one of the account again. A program does not undo that. */
  readonly rejoin?: boolean;
  readonly code?: string;
  readonly askCode?: AskCode;
}

/** What a login fails with that wants the code of the second factor, or another one. */
const ASKS: readonly Code[] = ['second-factor-needed', 'second-factor-wrong', 'second-factor-used'];

export const asksForCode = (error: unknown): boolean => ASKS.some((code) => hasCode(error, code));

/** What a name is refused by: another one would do. One that is blocked for a while is right, and waits. */
const NAME_REFUSED: readonly Code[] = ['name-invalid', 'name-reserved', 'name-taken'];

export const wantsAnotherName = (error: unknown): boolean => NAME_REFUSED.some((code) => hasCode(error, code));
