import { hasCode } from '../../base/errors.js';
import { checkDeviceCertificate, type DeviceCertificate } from '../../crypto/certificate.js';
import { refused } from '../../crypto/trust.js';
import type { Account } from '../accounts/accounts.js';
import { assertNotBanned } from '../accounts/bans.js';
import type { Services } from '../services.js';

/** A device that has shown its certificate and stands in the directory's records. */
export interface Admitted {
  readonly account: Account;
  readonly deviceId: string;
  /** Of the certificate it has shown. */
  readonly serial: string;
}

/**
 * Judges the certificate a channel was opened with.
 * @throws Failure trust
 */
export async function admit(core: Services, der: Uint8Array): Promise<Admitted> {
  const judge = (expiry: 'judge' | 'ignore'): DeviceCertificate =>
    checkDeviceCertificate(der, { trust: core.authority.trust, now: core.judgeNow(), crl: 'unchecked', expiry });
  try {
    const { folded, deviceId, serial } = judge('judge');
    return { account: await assertCurrent(core, folded, deviceId, serial), deviceId, serial };
  } catch (error) {
    if (!hasCode(error, 'certificate-expired')) throw error;
    // Who was shut out is told that and nothing milder: a device whose certificate has merely ended comes back by itself.
    const { folded, deviceId, serial } = judge('ignore');
    await assertCurrent(core, folded, deviceId, serial);
    throw error;
  }
}

/**
 * The directory's own records are newer than any list: a device that isn't in them was revoked.
 * @throws Failure trust 'certificate-revoked', blocked 'account-banned'
 */
export async function assertCurrent(
  core: Services,
  folded: string,
  deviceId: string,
  serial: string,
): Promise<Account> {
  const account = await core.accounts.find(folded);
  if (account !== undefined) assertNotBanned(account, core.clock.now());
  if (core.revocations.isRevoked(serial)) throw refused('certificate-revoked');
  const entry = account && (await core.devices.find(folded, deviceId));
  if (account === undefined || entry === undefined) throw refused('certificate-revoked');
  return account;
}
