/** Codes of a number and three words, by which somebody new comes in. */

export interface OpenCode<Outcome> {
  /** `4711 apple banana cherry`: to be told. */
  readonly code: string;
  /** The same behind the directory's link: to be copied, or for a QR code. */
  readonly link: string;
  /** RFC 3339 */
  readonly expiresAt: string;
  /** What came of it. @throws Failure 'pairing-wrong', 'pairing-left', 'pairing-expired', 'closed' */
  readonly outcome: Promise<Outcome>;
}

export interface CameDevice {
  readonly device: { readonly id: string; readonly name: string };
}

export interface CamePerson {
  readonly user: string;
  /** `#group` that the code was for. */
  readonly group?: string;
}

export interface PairingsApi {
  /**
   * A code by which another machine becomes a device of this account, with the history that is kept here.
   * @throws Failure credentials; unreachable; limit 'pairings-many'; unknown 'pairing-unsupported'
   */
  addDevice(password: string): Promise<OpenCode<CameDevice>>;
  /**
   * A code by which somebody makes an account on this directory, and comes into the group.
   * @throws Failure denied 'not-permitted', 'registration-closed', 'group-not-joined'; as `addDevice`
   */
  invite(group?: string): Promise<OpenCode<CamePerson>>;
}
