import { Failure } from '../base/errors.js';
import { directoryIdOf } from './keys.js';

/** The one authority a peer believes: the key whose fingerprint stands in the directory's link. */
export interface Trust {
  readonly directoryId: string;
  /** The CA's Ed25519 key, 32 bytes. */
  readonly publicKey: Uint8Array;
}

export const trustIn = (publicKey: Uint8Array): Trust => ({ directoryId: directoryIdOf(publicKey), publicKey });

/** What a certificate or a channel may fail by. */
export type Refusal =
  | 'certificate-missing'
  | 'certificate-malformed'
  | 'certificate-profile'
  | 'certificate-untrusted'
  | 'certificate-expired'
  | 'certificate-not-yet-valid'
  | 'certificate-revoked'
  | 'identity-statement'
  | 'peer-mismatch'
  | 'channel-insecure';

export const refused = (code: Refusal, cause?: unknown): Failure => new Failure(code, undefined, { cause });
