import { checkDeviceCertificate } from '../../crypto/certificate.js';
import { refused } from '../../crypto/trust.js';
import type { Account } from '../accounts/accounts.js';
import type { Core } from '../core.js';

/** A device that has shown its certificate and stands in the directory's records. */
export interface Admitted {
  readonly account: Account;
  readonly deviceId: string;
}

/**
 * Judges the certificate a channel was opened with. The directory's own records are newer than any list: a device that
 * isn't in them was revoked.
 * @throws Failure trust
 */
export async function admit(core: Core, der: Uint8Array): Promise<Admitted> {
  const { authority, accounts, devices, revocations } = core;
  const certificate = checkDeviceCertificate(der, {
    trust: authority.trust,
    now: core.judgeNow(),
    crl: 'unchecked',
    expiry: 'judge',
  });
  if (revocations.isRevoked(certificate.serial)) throw refused('certificate-revoked');
  const account = await accounts.find(certificate.folded);
  const entry = account && (await devices.find(certificate.folded, certificate.deviceId));
  if (account === undefined || entry === undefined) throw refused('certificate-revoked');
  return { account, deviceId: certificate.deviceId };
}
