import { createPrivateKey, type KeyObject } from 'node:crypto';
import { sameBytes } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import { readAuthority, readDeviceCertificate } from '../../crypto/certificate.js';
import { readCrl } from '../../crypto/crl.js';
import { createCsr } from '../../crypto/csr.js';
import { type AccountName, signDevice } from '../../crypto/identity.js';
import { deviceIdOf, SigningKey } from '../../crypto/keys.js';
import type { TlsIdentity } from '../../crypto/tls.js';
import type { LocalStore } from '../../store/local.js';
import type { Role } from '../../wire/directory.js';
import { CERTIFICATE_LIFETIME_MS, RUNS_TOLD } from '../../wire/limits.js';
import { type DirectoryLink, parseLink } from '../../wire/link.js';
import { foldName } from '../../wire/names.js';
import type { Profile } from '../storage/profile.js';
import { RUNS_ANSWERED } from '../storage/runs-row.js';
import type { DeviceRow, Tables } from '../storage/tables.js';
import { TrustAnchor } from './trust-anchor.js';

/** Renewed when this much of a certificate's life is left: half of it, so that a directory may be away for a day. */
const RENEW_BEFORE_MS = CERTIFICATE_LIFETIME_MS / 2;

/** Who this device is: its keys, its certificate as it is now, and whom it believes. Changes are on disk first. */
export class LocalDevice {
  readonly user: string;
  readonly device: string;
  readonly link: DirectoryLink;
  readonly key: SigningKey;
  readonly identity: SigningKey;
  readonly anchor: TrustAnchor;
  /** For MLS. */
  readonly signatureKey: KeyObject;
  readonly #store: LocalStore;
  readonly #tables: Tables;
  #row: DeviceRow;

  private constructor(profile: Profile, row: DeviceRow, store: LocalStore, tables: Tables, clock: Clock) {
    this.#store = store;
    this.#tables = tables;
    this.#row = row;
    this.user = profile.user;
    this.link = parseLink(profile.directory);
    this.key = SigningKey.fromSeed(row.deviceSeed);
    // The profile's file may be of the device that this was: it is written last.
    this.device = deviceIdOf(this.key.publicKey);
    this.identity = SigningKey.fromSeed(row.identitySeed);
    this.signatureKey = createPrivateKey(this.key.pem());
    const trust = readAuthority(row.caCertificate, this.link.fingerprint);
    this.anchor = new TrustAnchor(trust, readCrl(row.crl, trust), clock);
  }

  /** Counts the start: a copy of an older state shows itself by a number that was used before. */
  static async load(profile: Profile, store: LocalStore, tables: Tables, clock: Clock): Promise<LocalDevice> {
    const row = await tables.device.get('self');
    if (row === undefined) {
      throw new Failure('profile-damaged', 'this profile has lost its keys', {
        hint: `Log in again: p2pchat login ${profile.user} --directory ${profile.directory}`,
      });
    }
    const self = new LocalDevice(profile, row, store, tables, clock);
    await self.countStart();
    return self;
  }

  get starts(): number {
    return this.#row.starts;
  }

  get role(): Role {
    return this.#row.role;
  }

  get certificate(): Uint8Array {
    return this.#row.certificate;
  }

  /** What this device presents on every channel. */
  tls(): TlsIdentity {
    return { key: this.key, chain: [this.#row.certificate] };
  }

  certificateExpires(): number {
    return readDeviceCertificate(this.#row.certificate).notAfter;
  }

  wantsRenewal(now: number): boolean {
    return this.certificateExpires() - now < RENEW_BEFORE_MS;
  }

  /** The account's name as signatures have it. */
  get account(): AccountName {
    return { directoryId: this.anchor.trust.directoryId, folded: foldName(this.user) };
  }

  /** The identity's consent to this device. */
  statement(): Uint8Array {
    return signDevice(this.identity, this.account, this.key.publicKey);
  }

  /** A request for the same key. */
  csr(): Uint8Array {
    const { user, identity } = this;
    return createCsr(this.key, { user, identityKey: identity.publicKey, statement: this.statement() });
  }

  /** @throws Failure trust where the directory issued something else than was asked for */
  async renewed(certificate: Uint8Array): Promise<void> {
    const issued = this.anchor.judgeDevice(certificate);
    if (issued.deviceId !== this.device) throw new Failure('certificate-profile');
    await this.#update({ certificate });
  }

  /** @returns whether the list was newer than ours */
  async learnCrl(der: Uint8Array): Promise<boolean> {
    if (!this.anchor.update(der)) return false;
    await this.#update({ crl: der });
    return true;
  }

  get recovery(): 'unseen' | 'shown' | 'checked' {
    return this.#row.recovery ?? 'unseen';
  }

  async learnRecovery(recovery: 'shown' | 'checked'): Promise<void> {
    await this.#update({ recovery });
  }

  async learnRole(role: Role): Promise<void> {
    if (role !== this.#row.role) await this.#update({ role });
  }

  /** A number that nobody has been shown; on disk first. */
  async countStart(): Promise<void> {
    await this.#update({ starts: this.#row.starts + 1 });
  }

  /** Those before this one that the directory can have heard of. */
  runsBefore(): Uint8Array[] {
    const { answered, said } = this.#runs;
    return [...answered, ...said];
  }

  /** The directory is about to hear of the run; on disk first. */
  async saysRun(run: Uint8Array): Promise<void> {
    const { answered, said } = this.#runs;
    if (this.runsBefore().some((one) => sameBytes(one, run))) return;
    await this.#update({ runs: { answered, said: [...said, run].slice(RUNS_ANSWERED - RUNS_TOLD) } });
  }

  /** The directory has the run, and none of another copy of this profile. */
  async runAnswered(run: Uint8Array): Promise<void> {
    const { answered, said } = this.#runs;
    if (said.length === 0 && answered.some((one) => sameBytes(one, run))) return;
    const others = answered.filter((one) => !sameBytes(one, run));
    await this.#update({ runs: { answered: [...others, run].slice(-RUNS_ANSWERED), said: [] } });
  }

  get #runs(): NonNullable<DeviceRow['runs']> {
    return this.#row.runs ?? { answered: [], said: [] };
  }

  /** Further than every number the directory has seen of us. */
  async skipStarts(seen: number): Promise<void> {
    await this.#update({ starts: seen + 1 });
  }

  async #update(change: Partial<DeviceRow>): Promise<void> {
    this.#row = { ...this.#row, ...change };
    await this.#store.write([this.#tables.device.put(['self'], this.#row)]);
  }
}
