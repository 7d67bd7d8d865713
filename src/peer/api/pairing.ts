/** Codes of a number and three words, by which somebody new comes in. */

export interface OpenCode {
  /** `4711 apple banana cherry`: to be told. */
  readonly code: string;
  /** The same behind the directory's link: to be copied, or for a QR code. */
  readonly link: string;
  /** RFC 3339 */
  readonly expiresAt: string;
  /** What came of it. @throws Failure 'pairing-wrong', 'pairing-left', 'pairing-expired', 'closed' */
  readonly outcome: Promise<CodeOutcome>;
}

export interface CodeOutcome {
  readonly device: { readonly id: string; readonly name: string };
}

export interface PairingsApi {
  /**
   * A code by which another machine becomes a device of this account, with the history that is kept here.
   * @throws Failure credentials; unreachable; limit 'pairings-many'; unknown 'pairing-unsupported'
   */
  addDevice(password: string): Promise<OpenCode>;
}
