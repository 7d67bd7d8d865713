import { concat, utf8 } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import { checkDeviceCertificate, type DeviceCertificate, readDeviceCertificate } from '../../crypto/certificate.js';
import { acceptCrl, type RevocationList } from '../../crypto/crl.js';
import { verifySignature } from '../../crypto/keys.js';
import type { Trust } from '../../crypto/trust.js';
import { ROSTER_CONTEXT, type Roster, rosterCodec } from '../../wire/directory.js';
import { foldName } from '../../wire/names.js';

/** The directory's CA as it was pinned, and the newest revocation list: what every certificate is judged by. */
export class TrustAnchor {
  readonly trust: Trust;
  readonly #clock: Clock;
  /** Members of groups are looked at again with every message. */
  readonly #read = new WeakMap<Uint8Array, DeviceCertificate>();
  #crl: RevocationList;

  constructor(trust: Trust, crl: RevocationList, clock: Clock) {
    this.trust = trust;
    this.#crl = crl;
    this.#clock = clock;
  }

  get crl(): RevocationList {
    return this.#crl;
  }

  /**
   * Takes a newer list.
   * @returns whether it was newer
   * @throws Failure trust, where it is older or not the directory's
   */
  update(der: Uint8Array): boolean {
    const before = this.#crl;
    this.#crl = acceptCrl(before, der, { trust: this.trust, now: this.#clock.now() });
    return this.#crl !== before;
  }

  /** For a new session: valid now, not revoked, and the list fresh enough to know. */
  judgeDevice(der: Uint8Array): DeviceCertificate {
    return checkDeviceCertificate(der, { trust: this.trust, now: this.#clock.now(), crl: this.#crl, expiry: 'judge' });
  }

  /** For a leaf of a group: what was signed while it was valid stays so. */
  judgeLeaf(der: Uint8Array): DeviceCertificate {
    return checkDeviceCertificate(der, {
      trust: this.trust,
      now: this.#clock.now(),
      crl: 'unchecked',
      expiry: 'ignore',
    });
  }

  /**
   * For a device that is written to, there or away: its certificate may have ended, for nobody renews one who is away; it
   * must not be revoked, by a list fresh enough to know.
   */
  judgeAddressee(der: Uint8Array): DeviceCertificate {
    return checkDeviceCertificate(der, {
      ...{ trust: this.trust, now: this.#clock.now(), crl: this.#crl },
      expiry: 'may-have-ended',
    });
  }

  /** Whether there is a revocation list to judge by. @throws Failure trust 'crl-stale' */
  assertFresh(): void {
    this.#crl.assertFresh(this.#clock.now());
  }

  /** Of a certificate that was judged before; nobody changes its bytes. */
  readDevice(der: Uint8Array): DeviceCertificate {
    const known = this.#read.get(der);
    if (known !== undefined) return known;
    const certificate = readDeviceCertificate(der);
    this.#read.set(der, certificate);
    return certificate;
  }

  /** @throws Failure trust 'roster-forged', where the directory did not say this of that user */
  readRoster(bytes: Uint8Array, signature: Uint8Array, folded: string): Roster {
    const signed = concat(utf8(ROSTER_CONTEXT), bytes);
    if (!verifySignature(this.trust.publicKey, signed, signature)) throw forged();
    const roster = rosterCodec.decode(bytes);
    if (roster.directory !== this.trust.directoryId || foldName(roster.user) !== folded) throw forged();
    return roster;
  }
}

const forged = (): Failure => new Failure('roster-forged');
