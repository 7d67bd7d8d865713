import { Failure } from '../base/errors.js';
import { directoryIdOf } from './keys.js';

/** The one authority a peer believes: the key whose fingerprint stands in the directory's link. */
export interface Trust {
  readonly directoryId: string;
  /** The CA's Ed25519 key, 32 bytes. */
  readonly publicKey: Uint8Array;
}

export const trustIn = (publicKey: Uint8Array): Trust => ({ directoryId: directoryIdOf(publicKey), publicKey });

const RENEW = 'Log in again to get a new certificate.';

/** What a certificate may fail by, with the next step. All of reason 'trust'. */
const REFUSALS = {
  'certificate-missing': ['no certificate was presented', 'The other side must log in first, or is not p2pchat.'],
  'certificate-malformed': [
    'the certificate is not valid DER',
    'The other side may not be p2pchat: check the address.',
  ],
  'certificate-profile': [
    'the certificate is not of the form this protocol issues',
    'Update p2pchat on both sides; if it stays so, somebody is trying to pass a forged certificate.',
  ],
  'certificate-untrusted': [
    'the certificate was not issued by this directory',
    'Check that the link you were given is the right one, with its whole fingerprint.',
  ],
  'certificate-expired': ['the certificate has expired', `Check this machine's clock. ${RENEW}`],
  'certificate-not-yet-valid': ['the certificate is not valid yet', "Check both machines' clocks."],
  'certificate-revoked': ['the certificate has been revoked', RENEW],
  'identity-statement': [
    "the account's identity key has not signed this device",
    'Do not trust this device: ask its owner, and compare safety numbers.',
  ],
  'peer-mismatch': [
    'the certificate belongs to somebody else than expected',
    'Compare safety numbers with your contact before you go on.',
  ],
  'channel-insecure': [
    'the channel is not as agreed (TLS 1.3, the protocol, no resumption)',
    'Update p2pchat on both sides, and look for something between them that changes TLS.',
  ],
} as const;

export type Refusal = keyof typeof REFUSALS;

export function refused(code: Refusal, cause?: unknown): Failure {
  const [message, hint] = REFUSALS[code];
  return new Failure('trust', code, message, { hint, cause });
}
