import type { Clock } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import type { Authority, CertificateDraft } from '../../crypto/ca.js';
import { type CertificateRequest, readCsr } from '../../crypto/csr.js';
import { deviceIdOf } from '../../crypto/keys.js';
import { CERTIFICATE_LIFETIME_MS, CLOCK_SKEW_MS, DEVICES_FORMER, DEVICES_PER_ACCOUNT } from '../../wire/limits.js';
import { isName } from '../../wire/names.js';
import type { Account } from '../accounts/accounts.js';
import { SERIALS_PER_DEVICE } from '../limits.js';
import type { DeviceEntry, DevicesRow, Tables } from '../rows.js';
import type { Revocations, Revoking } from './revocations.js';

export interface DevicesInit {
  readonly tables: Tables;
  readonly authority: Authority;
  readonly revocations: Revocations;
  readonly clock: Clock;
  readonly random: Random;
  /** Certificates of one account, those included that were revoked and would still be valid. */
  readonly perAccount: number;
  /** The account's devices have changed. */
  onChanged(folded: string, version: number): void;
}

/** The devices of each account and their certificates: enrolled, renewed with the same key, revoked. */
export class Devices {
  readonly #init: DevicesInit;

  constructor(init: DevicesInit) {
    this.#init = init;
  }

  async row(folded: string): Promise<DevicesRow> {
    const row = isName(folded) ? await this.#init.tables.devices.get(folded) : undefined;
    return row ?? { version: 0, devices: [] };
  }

  async find(folded: string, device: string): Promise<DeviceEntry | undefined> {
    return (await this.row(folded)).devices.find((entry) => entry.device === device);
  }

  /** @throws Failure unknown 'device-unknown' */
  async need(folded: string, device: string): Promise<DeviceEntry> {
    const entry = await this.find(folded, device);
    if (entry === undefined) throw deviceUnknown(folded, device);
    return entry;
  }

  /**
   * A certificate for a further device, or again for one whose certificate was lost or revoked.
   * @param by the device of the account that let it in, where that was not the password
   * @throws Failure protocol 'csr-…', trust 'identity-statement', limit 'devices-full', 'certificates-full' with seconds
   */
  async enrol(account: Account, csr: Uint8Array, label: string, by?: string): Promise<Uint8Array> {
    const request = readCsr(csr);
    const device = deviceIdOf(request.publicKey);
    const row = await this.row(account.folded);
    if (this.#youngOf(row, device) === undefined) this.#assertBudget(account.folded, row);
    return this.#issue(account, request, (entry) => ({
      ...{ label, addedAt: entry?.addedAt ?? this.#init.clock.now() },
      ...(by !== undefined && { by }),
    }));
  }

  /** @throws Failure denied 'renew-other-key', and as `enrol` */
  async renew(account: Account, device: string, csr: Uint8Array): Promise<Uint8Array> {
    const request = readCsr(csr);
    if (deviceIdOf(request.publicKey) !== device) throw otherKey();
    return this.#issue(account, request, (entry) => {
      if (entry === undefined) throw deviceUnknown(account.user, device);
      const { label, addedAt, by } = entry;
      return { label, addedAt, ...(by !== undefined && { by }) };
    });
  }

  /** Ends the device's standing: its certificates are on the list that is stored when this resolves. */
  async revoke(
    folded: string,
    devices: readonly string[] | 'all',
    by: 'self' | 'staff' = 'self',
  ): Promise<readonly string[]> {
    const { tables, revocations, clock, onChanged } = this.#init;
    const row = await this.row(folded);
    const leaving = row.devices.filter(({ device }) => devices === 'all' || devices.includes(device));
    if (leaving.length === 0) return [];
    // The list first: a crash in between leaves a device that is listed and refused, not one that is neither.
    const now = clock.now();
    const revoking = (entry: DeviceEntry): Revoking[] =>
      validSerials(entry, now).map((serial) => ({ ...serial, user: folded, since: entry.addedAt, by }));
    await revocations.revoke(leaving.flatMap(revoking));
    const gone = new Set(leaving.map(({ device }) => device));
    let removed: DeviceEntry[] = [];
    const after = await tables.devices.update(folded, (before) => {
      if (before === undefined) return undefined;
      removed = before.devices.filter(({ device }) => gone.has(device));
      const endedAt = clock.now();
      const ended = removed.map(({ device, label, addedAt }) => ({ device, label, addedAt, endedAt }));
      return {
        version: before.version + 1,
        devices: before.devices.filter(({ device }) => !gone.has(device)),
        former: [...(before.former ?? []), ...ended].slice(-DEVICES_FORMER),
      };
    });
    // A renewal may have come between reading and removing.
    const late = removed.flatMap(revoking).filter(({ serial }) => !revocations.isRevoked(serial));
    if (late.length > 0) await revocations.revoke(late);
    onChanged(folded, after?.version ?? 0);
    return [...gone];
  }

  /** Forgets certificates that nobody takes any more. Their serials are random: nothing hangs on remembering them. */
  async sweep(): Promise<void> {
    const { tables, clock } = this.#init;
    const before = clock.now() - 2 * CLOCK_SKEW_MS;
    for await (const row of tables.certificates.range()) {
      if (row.value.notAfter < before) await tables.certificates.deleteAs(row);
    }
  }

  async #issue(
    account: Account,
    request: CertificateRequest,
    keep: (entry: DeviceEntry | undefined) => Pick<DeviceEntry, 'label' | 'addedAt' | 'by'>,
  ): Promise<Uint8Array> {
    const { authority, clock, random, tables, onChanged } = this.#init;
    const now = clock.now();
    const { user, identityKey, folded } = account;
    const draft = authority.draftDevice({ request, user, identityKey, now, random });
    const row = await this.row(folded);
    const young = this.#youngOf(row, draft.deviceId);
    if (young !== undefined) return young.certificate;
    assertRoom(row, draft.deviceId, now);
    await this.#record(folded, draft, now);
    const certificate = draft.sign();
    const { serial, notAfter, deviceId: device } = draft;
    const after = await tables.devices.update(folded, (before = { version: 0, devices: [] }) => {
      assertRoom(before, device, now);
      const entry = before.devices.find((one) => one.device === device);
      const serials = [...validSerials(entry, now), { serial, notAfter }];
      const others = before.devices.filter((one) => one.device !== device);
      return {
        ...before,
        version: before.version + 1,
        devices: [...others, { device, certificate, serials, ...keep(entry) }],
      };
    });
    onChanged(folded, after!.version);
    return certificate;
  }

  /** The device's entry while less than half of its newest certificate's life is over: it needs no other. */
  #youngOf({ devices }: DevicesRow, device: string): DeviceEntry | undefined {
    const now = this.#init.clock.now();
    const entry = devices.find((one) => one.device === device);
    const newest = entry?.serials.at(-1);
    if (newest === undefined || this.#init.revocations.isRevoked(newest.serial)) return undefined;
    const left = newest.notAfter - now;
    // More than a whole life: made while the clock was ahead, and nobody takes it yet.
    return left > RENEWABLE_MS && left <= CERTIFICATE_LIFETIME_MS ? entry : undefined;
  }

  /**
   * Each certificate may come to stand on the revocation list, which has an end: so each account has so many. What was
   * revoked counts until it would have expired; revoking is never refused.
   */
  #assertBudget(folded: string, row: DevicesRow): void {
    const { revocations, clock, perAccount } = this.#init;
    const now = clock.now();
    const valid = row.devices.flatMap((entry) => validSerials(entry, now));
    if (revocations.countOf(folded) + valid.length < perAccount) return;
    const first = revocations.firstExpiryOf(folded) ?? Math.min(...valid.map(({ notAfter }) => notAfter));
    throw accountFull(perAccount, Math.max(1, Math.ceil((first + 2 * CLOCK_SKEW_MS - now) / 1000)));
  }

  async #record(user: string, { serial, deviceId: device, notBefore, notAfter }: CertificateDraft, issuedAt: number) {
    if (await this.#init.tables.certificates.create(serial, { user, device, notBefore, notAfter, issuedAt })) return;
    throw new Failure('serial-repeated');
  }
}

/** A certificate is renewed with so much of its life left; a little more for clocks that differ. */
const RENEWABLE_MS = CERTIFICATE_LIFETIME_MS / 2 + 2 * CLOCK_SKEW_MS;

const accountFull = (limit: number, seconds: number): Failure =>
  new Failure('certificates-full', 'this account has enrolled too many devices lately', {
    hint: `Stay logged in on one that is, or log in again in ${Math.ceil(seconds / 3600)} h.`,
    details: { limit, seconds },
  });

const validSerials = (entry: DeviceEntry | undefined, now: number) =>
  entry?.serials.filter(({ notAfter }) => notAfter > now) ?? [];

function assertRoom({ devices }: DevicesRow, device: string, now: number): void {
  const entry = devices.find((one) => one.device === device);
  if (entry === undefined && devices.length >= DEVICES_PER_ACCOUNT) {
    throw new Failure('devices-full', `an account has at most ${DEVICES_PER_ACCOUNT} devices`, {
      details: { limit: DEVICES_PER_ACCOUNT },
    });
  }
  if (validSerials(entry, now).length >= SERIALS_PER_DEVICE) {
    throw new Failure('certificates-full', 'this device has been given too many certificates lately', {
      details: { limit: SERIALS_PER_DEVICE },
    });
  }
}

export const deviceUnknown = (user: string, device: string): Failure =>
  new Failure('device-unknown', `${user} has no device ${device}`, { details: { user, device } });

const otherKey = (): Failure => new Failure('renew-other-key');
