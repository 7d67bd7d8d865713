import { fromUtf8, hex, sameBytes } from '../base/bytes.js';
import { CERTIFICATE_BYTES, CERTIFICATE_LIFETIME_MS, CLOCK_SKEW_MS } from '../wire/limits.js';
import { foldName, isName } from '../wire/names.js';
import type { RevocationList } from './crl.js';
import { bitContent, content, type Der, DerError, decodeDer, encodeDer, item, items, timeContent } from './der.js';
import { isConsent } from './identity.js';
import { deviceIdOf, directoryIdOf, isSoundKey, KEY_BYTES, SIGNATURE_BYTES, verifySignature } from './keys.js';
import {
  authorityTemplate,
  DEVICE_AUTHORITY,
  DEVICE_IDENTITY,
  DEVICE_URI,
  deviceTemplate,
  isSerial,
  SERVER_AUTHORITY,
  SERVER_URI,
  serverTemplate,
  signed,
  type TemplateFields,
} from './profile.js';
import { refused, type Trust } from './trust.js';

/**
 * Reading certificates. Node's TLS proves that the other side holds the key and nothing more; everything else is judged
 * here. A certificate is read by its template: fields are taken out, filled in again, and the bytes must be the same.
 */

/** What a device's certificate says. */
export interface DeviceCertificate {
  /** As registered; for showing. */
  readonly user: string;
  readonly folded: string;
  readonly deviceId: string;
  readonly directoryId: string;
  /** The device's Ed25519 key, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** The account's identity key, 32 bytes, and its signature over the device's key. */
  readonly identityKey: Uint8Array;
  readonly statement: Uint8Array;
  /** Hex. */
  readonly serial: string;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
}

export interface CertificateCheck {
  readonly trust: Trust;
  readonly now: number;
  /**
   * 'unchecked' only where something better than the list is asked: the directory's own records.
   */
  readonly crl: RevocationList | 'unchecked';
  /** 'ignore' for what was said while the certificate was valid: an old leaf of a group, an archived message. */
  readonly expiry: 'judge' | 'ignore';
}

/** Common fields, and the parts that the templates know how to compare. */
interface Parsed extends Omit<TemplateFields, 'authorityKeyId'> {
  readonly subject: string;
  readonly extensions: readonly Der[];
  readonly signature: Uint8Array;
}

/**
 * What the certificate says, unverified: nothing but its form has been judged.
 * @throws Failure trust `certificate-malformed`, `certificate-profile`
 */
export function readDeviceCertificate(der: Uint8Array): DeviceCertificate {
  return parseDevice(der).certificate;
}

/**
 * @throws Failure trust `certificate-malformed`, `certificate-profile`, `certificate-untrusted`, `identity-statement`,
 *   `certificate-expired`, `certificate-not-yet-valid`, `certificate-revoked`, `crl-stale`
 */
export function checkDeviceCertificate(der: Uint8Array, check: CertificateCheck): DeviceCertificate {
  const { certificate, tbs, signature } = parseDevice(der);
  const { trust, crl } = check;
  if (certificate.directoryId !== trust.directoryId) throw refused('certificate-untrusted');
  if (!verifySignature(trust.publicKey, tbs, signature)) throw refused('certificate-untrusted');
  if (!isConsent(certificate.identityKey, certificate, certificate.publicKey, certificate.statement)) {
    throw refused('identity-statement');
  }
  if (crl !== 'unchecked' && crl.isRevoked(certificate.serial)) throw refused('certificate-revoked');
  if (check.expiry === 'judge') {
    if (crl !== 'unchecked') crl.assertFresh(check.now);
    // What the directory has dated is past, whatever this machine's clock says.
    judgeTime(certificate, check.now, crl === 'unchecked' ? 0 : crl.thisUpdate);
  }
  return certificate;
}

/**
 * The directory's own end of a channel.
 * @throws Failure trust, as checkDeviceCertificate
 */
export function checkServerCertificate(der: Uint8Array, check: { readonly trust: Trust; readonly now: number }): void {
  const parsed = parse(der, 6);
  const directoryId = /^p2pchat:\/\/([\w-]{43})\/directory$/.exec(uriOf(parsed, SERVER_URI))?.[1];
  if (directoryId === undefined) throw refused('certificate-profile');
  const fields = { ...parsed, directoryId, authorityKeyId: authorityKeyIdOf(parsed, SERVER_AUTHORITY) };
  const tbs = assertTemplate(der, serverTemplate(fields), parsed.signature);
  const { trust, now } = check;
  if (directoryId !== trust.directoryId) throw refused('certificate-untrusted');
  if (!verifySignature(trust.publicKey, tbs, parsed.signature)) throw refused('certificate-untrusted');
  judgeTime(parsed, now, 0);
}

/**
 * The CA's certificate, as the directory presents it beside its own: believed for its fingerprint alone.
 * @throws Failure trust `certificate-malformed`, `certificate-profile`, `certificate-untrusted`
 */
export function readAuthority(der: Uint8Array, directoryId: string): Trust {
  const parsed = parse(der, 4);
  const tbs = assertTemplate(
    der,
    authorityTemplate({ ...parsed, authorityKeyId: authorityKeyIdOf(parsed, 3) }),
    parsed.signature,
  );
  if (directoryIdOf(parsed.publicKey) !== directoryId) throw refused('certificate-untrusted');
  if (!verifySignature(parsed.publicKey, tbs, parsed.signature)) throw refused('certificate-untrusted');
  return { directoryId, publicKey: parsed.publicKey };
}

/** Refuses a certificate that is right in itself and another's. */
export function assertPeer(
  certificate: DeviceCertificate,
  expected: { readonly folded: string; readonly identityKey?: Uint8Array; readonly deviceId?: string },
): void {
  const { folded, identityKey, deviceId } = expected;
  if (certificate.folded !== folded) throw refused('peer-mismatch');
  if (identityKey !== undefined && !sameBytes(certificate.identityKey, identityKey)) throw refused('peer-mismatch');
  if (deviceId !== undefined && certificate.deviceId !== deviceId) throw refused('peer-mismatch');
}

function judgeTime({ notBefore, notAfter }: TemplateTimes, now: number, earliest: number): void {
  if (now + CLOCK_SKEW_MS < notBefore) throw refused('certificate-not-yet-valid');
  if (Math.max(now, earliest) - CLOCK_SKEW_MS > notAfter) throw refused('certificate-expired');
}

type TemplateTimes = Pick<TemplateFields, 'notBefore' | 'notAfter'>;

function parseDevice(der: Uint8Array): { certificate: DeviceCertificate; tbs: Uint8Array; signature: Uint8Array } {
  const parsed = parse(der, 7);
  const uri = /^p2pchat:\/\/([\w-]{43})\/user\/([a-z0-9._-]+)\/device\/([0-9a-f]{16})$/.exec(uriOf(parsed, DEVICE_URI));
  const [, directoryId, folded, deviceId] = uri ?? [];
  const { subject: user, publicKey, notBefore, notAfter } = parsed;
  if (directoryId === undefined || folded === undefined || deviceId === undefined) throw refused('certificate-profile');
  if (!isName(user) || foldName(user) !== folded || deviceIdOf(publicKey) !== deviceId) {
    throw refused('certificate-profile');
  }
  const consent = extensionContent(parsed, DEVICE_IDENTITY);
  if (consent.length !== KEY_BYTES + SIGNATURE_BYTES) throw refused('certificate-profile');
  const identityKey = consent.slice(0, KEY_BYTES);
  const statement = consent.slice(KEY_BYTES);
  const authorityKeyId = authorityKeyIdOf(parsed, DEVICE_AUTHORITY);
  const template = deviceTemplate({ ...parsed, user, directoryId, identityKey, statement, authorityKeyId });
  const tbs = assertTemplate(der, template, parsed.signature);
  if (notAfter - notBefore > CERTIFICATE_LIFETIME_MS + CLOCK_SKEW_MS) throw refused('certificate-profile');
  const certificate = {
    user,
    folded,
    deviceId,
    directoryId,
    publicKey,
    identityKey,
    statement,
    serial: hex(parsed.serial),
    notBefore,
    notAfter,
  };
  return { certificate, tbs, signature: parsed.signature };
}

/** The to-be-signed bytes, if the certificate is what its template makes of its fields. */
function assertTemplate(der: Uint8Array, template: Der, signature: Uint8Array): Uint8Array {
  if (!sameBytes(signed(template, signature), der)) throw refused('certificate-profile');
  return encodeDer(template);
}

function parse(der: Uint8Array, extensionCount: number): Parsed {
  let root: Der;
  try {
    root = decodeDer(der, CERTIFICATE_BYTES);
  } catch (error) {
    throw refused('certificate-malformed', error);
  }
  return guard(() => {
    const [tbs, , signature] = items(root, 3);
    const [, serial, , , validity, subject, keyInfo, extensions] = items(tbs!, 8);
    const publicKey = bitContent(item(keyInfo!, 1));
    const parsed = {
      serial: content(serial!),
      notBefore: timeContent(item(validity!, 0)),
      notAfter: timeContent(item(validity!, 1)),
      subject: fromUtf8(content(item(item(item(subject!, 0), 0), 1))),
      publicKey,
      extensions: items(item(extensions!, 0)),
      signature: bitContent(signature!),
    };
    if (!isSoundKey(publicKey) || !isSerial(parsed.serial)) throw refused('certificate-profile');
    if (parsed.extensions.length !== extensionCount) throw refused('certificate-profile');
    return parsed;
  });
}

const extensionValue = (parsed: Parsed, index: number): Der => {
  const parts = items(parsed.extensions[index]!);
  return decodeDer(content(parts.at(-1)!), CERTIFICATE_BYTES);
};

const extensionContent = (parsed: Parsed, index: number): Uint8Array =>
  guard(() => content(extensionValue(parsed, index)));

const uriOf = (parsed: Parsed, index: number): string =>
  guard(() => fromUtf8(content(item(extensionValue(parsed, index), 0))));

const authorityKeyIdOf = (parsed: Parsed, index: number): Uint8Array =>
  guard(() => content(item(extensionValue(parsed, index), 0)));

/** Whatever can't be taken out of the certificate is not where the template has it. */
function guard<T>(take: () => T): T {
  try {
    return take();
  } catch (error) {
    if (error instanceof DerError || error instanceof TypeError || error instanceof RangeError) {
      throw refused('certificate-profile', error);
    }
    throw error;
  }
}
