import { hex } from '../base/bytes.js';
import type { Random } from '../base/random.js';
import { CERTIFICATE_LIFETIME_MS, CLOCK_SKEW_MS, CRL_MAX_AGE_MS, SERIAL_BYTES } from '../wire/limits.js';
import { foldName } from '../wire/names.js';
import { crlTemplate, type Revocation } from './crl.js';
import type { CertificateRequest } from './csr.js';
import { encodeDer } from './der.js';
import { isConsent } from './identity.js';
import { derive } from './kdf.js';
import { deviceIdOf, type SigningKey } from './keys.js';
import {
  authorityTemplate,
  deviceTemplate,
  keyIdOf,
  NO_EXPIRY,
  serialFrom,
  serverTemplate,
  signed,
} from './profile.js';
import { refused, type Trust, trustIn } from './trust.js';

/** A certificate with everything decided but the signature, so that its row can be stored before it exists. */
export interface CertificateDraft {
  /** Hex. */
  readonly serial: string;
  readonly deviceId: string;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly sign: () => Uint8Array;
}

/** Certificates and lists have no parts of a second. */
export const wholeSeconds = (ms: number): number => Math.floor(ms / 1000) * 1000;

/** The directory as an X.509 CA. Everything it signs is made from a template here, never from what was asked. */
export class Authority {
  readonly trust: Trust;
  /** The CA's own certificate, DER: presented beside the server's, so that a link's fingerprint finds its key. */
  readonly certificate: Uint8Array;
  readonly #key: SigningKey;
  readonly #keyId: Uint8Array;

  /** @param certificate as `create` made it; the same bytes at every start */
  constructor(key: SigningKey, certificate: Uint8Array) {
    this.#key = key;
    this.#keyId = keyIdOf(key.publicKey);
    this.trust = trustIn(key.publicKey);
    this.certificate = certificate;
  }

  static create(key: SigningKey, { now, random }: { readonly now: number; readonly random: Random }): Authority {
    const tbs = authorityTemplate({
      serial: serialFrom(random.bytes(SERIAL_BYTES)),
      publicKey: key.publicKey,
      authorityKeyId: keyIdOf(key.publicKey),
      notBefore: wholeSeconds(now - CLOCK_SKEW_MS),
      notAfter: NO_EXPIRY,
    });
    return new Authority(key, signed(tbs, key.sign(encodeDer(tbs))));
  }

  /**
   * A device's certificate: the account from the directory's records, the key from the request, the rest from the
   * template. Store the draft's row, then call `sign`.
   * @throws Failure trust `identity-statement` where the request isn't signed by the account's identity key
   */
  draftDevice(init: {
    readonly request: CertificateRequest;
    /** As registered. */
    readonly user: string;
    /** As registered. */
    readonly identityKey: Uint8Array;
    readonly now: number;
    readonly random: Random;
    readonly lifetime?: number;
  }): CertificateDraft {
    const { request, user, identityKey } = init;
    const { directoryId } = this.trust;
    const account = { directoryId, folded: foldName(user) };
    if (!isConsent(identityKey, account, request.publicKey, request.statement)) throw refused('identity-statement');
    const fields = {
      ...this.#common(init, request.publicKey),
      user,
      directoryId,
      identityKey,
      statement: request.statement,
    };
    const deviceId = deviceIdOf(request.publicKey);
    const { notBefore, notAfter } = fields;
    return {
      serial: hex(fields.serial),
      deviceId,
      notBefore,
      notAfter,
      sign: () => this.#sign(deviceTemplate(fields)),
    };
  }

  /** The certificate of the directory's own TLS end, DER. */
  issueServer(init: {
    readonly publicKey: Uint8Array;
    readonly now: number;
    readonly random: Random;
    readonly lifetime?: number;
  }): Uint8Array {
    const { directoryId } = this.trust;
    return this.#sign(serverTemplate({ ...this.#common(init, init.publicKey), directoryId }));
  }

  /**
   * @param number one more than that of the list before
   * @param revocations each may be left out once its certificate would have expired anyway
   */
  issueCrl(init: {
    readonly number: number;
    readonly now: number;
    readonly revocations: readonly Revocation[];
  }): Uint8Array {
    const thisUpdate = wholeSeconds(init.now);
    const revocations = init.revocations.map(({ serial, at }) => ({ serial, at: wholeSeconds(at) }));
    const nextUpdate = thisUpdate + CRL_MAX_AGE_MS;
    return this.#sign(crlTemplate(this.trust, { number: init.number, thisUpdate, nextUpdate, revocations }));
  }

  /** For what else the directory states under its key (rosters); `message` begins with a context no DER begins with. */
  signStatement(message: Uint8Array): Uint8Array {
    return this.#key.sign(message);
  }

  /** A secret for one other use of this directory, as `info` names it: gone with the CA key, and nobody else's. */
  derive(info: string): Uint8Array {
    return derive(this.#key.seed(), info);
  }

  #common(
    { now, random, lifetime = CERTIFICATE_LIFETIME_MS }: { now: number; random: Random; lifetime?: number },
    publicKey: Uint8Array,
  ) {
    return {
      serial: serialFrom(random.bytes(SERIAL_BYTES)),
      publicKey,
      authorityKeyId: this.#keyId,
      notBefore: wholeSeconds(now - CLOCK_SKEW_MS),
      notAfter: wholeSeconds(now + Math.min(lifetime, CERTIFICATE_LIFETIME_MS)),
    };
  }

  #sign(tbs: Parameters<typeof encodeDer>[0]): Uint8Array {
    return signed(tbs, this.#key.sign(encodeDer(tbs)));
  }
}
