import type { CodeRow } from './code.js';

/** Certificates, revocation lists and the channels they secure. */
export const CERTIFICATES = {
  'certificate-expired': [
    'trust',
    'The certificate has expired.',
    "Check this machine's clock. Log in again to get a new certificate.",
  ],
  'certificate-malformed': [
    'trust',
    'The certificate is not valid DER.',
    'The other side may not be p2pchat: check the address.',
  ],
  'certificate-missing': [
    'trust',
    'No certificate was presented.',
    'The other side must log in first, or is not p2pchat.',
  ],
  'certificate-not-yet-valid': ['trust', 'The certificate is not valid yet.', "Check both machines' clocks."],
  'certificate-profile': [
    'trust',
    'The certificate is not of the form this protocol issues.',
    'Update p2pchat on both sides; if it stays so, somebody is trying to pass a forged certificate.',
  ],
  'certificate-revoked': ['trust', 'The certificate has been revoked.', 'Log in again to get a new certificate.'],
  'certificate-untrusted': [
    'trust',
    'The certificate was not issued by this directory.',
    'Check that the link you were given is the right one, with its whole fingerprint.',
  ],
  'certificates-full': [
    'limit',
    'this device has been issued too many certificates lately',
    'Use the one it has, and try again tomorrow.',
  ],
  'channel-insecure': [
    'trust',
    'The connection is not secured as required (TLS 1.3, this protocol, no resumption).',
    'Update p2pchat on both sides, and look for something in between that intercepts TLS.',
  ],
  'clock-differs': [
    'trust',
    "This machine's clock and the directory's differ.",
    'Set the clock of this machine right (NTP); if it is right, tell the operator of the directory. It is tried again by itself.',
  ],
  'crl-malformed': [
    'trust',
    'the revocation list is not of the form this protocol issues',
    'Update p2pchat on both sides.',
  ],
  'crl-not-yet-valid': ['trust', 'the revocation list is dated in the future', "Check this machine's clock."],
  'crl-rolled-back': [
    'trust',
    'an older revocation list was given in place of a newer one',
    'The directory was restored from a backup, or lies: ask its operator.',
  ],
  'crl-stale': [
    'trust',
    'the revocation list is too old to let anybody in',
    "Connect to the directory once, so that a new list is fetched, and check this machine's clock.",
  ],
  'crl-untrusted': [
    'trust',
    'the revocation list was not signed by this directory',
    'Do not use this directory until its operator has explained this.',
  ],
  'csr-key': ['protocol', 'The certificate request is for a key that is too weak.', 'Update p2pchat on both sides.'],
  'csr-malformed': ['protocol', 'The certificate request is malformed.', 'Update p2pchat on both sides.'],
  'csr-signature': [
    'protocol',
    'The certificate request does not prove that the key is held.',
    'Update p2pchat on both sides.',
  ],
  'identity-statement': [
    'trust',
    "The account's identity key has not signed this device.",
    'Do not trust this device: ask its owner, and compare safety numbers.',
  ],
  'peer-mismatch': [
    'trust',
    'The certificate belongs to somebody else than expected.',
    'Compare safety numbers with your contact before you go on.',
  ],
  'serial-repeated': ['internal', 'The same serial number was drawn twice.', 'Try again.'],
} as const satisfies Record<string, CodeRow>;
