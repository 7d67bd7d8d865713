import type { Failure } from '../../base/errors.js';
import type { PeerApi } from '../../peer/api/peer.js';

export interface SignInInput {
  /** `p2pchat://HOST:PORT#FINGERPRINT` */
  readonly directory: string;
  readonly user: string;
  readonly password: string;
}

/** Gets the code of the second factor: why it is asked for, which is at first that there is one. */
export type AskCode = (why: Failure) => Promise<string>;

export interface SignUpInput extends SignInInput {
  readonly invite?: string;
}

/** A number and three words, and where the directory is: HOST, HOST:PORT or a link. */
export interface CodeInput {
  readonly code: string;
  readonly directory: string;
}

/** How a person gets from a name and a password to a running peer; composed where screen and peer meet. */
export interface Entrance {
  /** The directory's link, where one is remembered or given; without it the screen asks. */
  readonly directory: string | undefined;
  /** The user of the profile, or the one that was named. */
  readonly user: string | undefined;
  /** Whether this installation has a profile: then only its password is asked for. */
  readonly known: boolean;
  /**
   * @throws Failure `credentials` for a wrong name or password; `blocked` with `details.seconds` to wait, or without
   * where the account is banned; `unreachable`; `usage` for an invalid link; what `askCode` throws
   */
  signIn(input: SignInInput, askCode: AskCode): Promise<PeerApi>;
  /** @throws Failure as `signIn`, and `usage` for a name that is taken or invalid, or an invite that is wanted */
  signUp(input: SignUpInput): Promise<PeerApi>;
  /** Becomes a device by the code that another one of the account shows; absent where there is a profile already. */
  byCode?(input: CodeInput): Promise<PeerApi>;
  /** How soon a password would be guessed. */
  strength(password: string, user: string): Promise<Strength>;
}

export interface Strength {
  /** Whether it will be accepted. */
  readonly ok: boolean;
  /** 0 (found at once) to 4. */
  readonly score: number;
  /** Why it is weak, as a clause; empty where nothing stands out. */
  readonly reason: string;
}
