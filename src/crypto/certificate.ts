import { fromUtf8, hex, sameBytes } from '../base/bytes.js';
import { Failure } from '../base/errors.js';
import { CERTIFICATE_BYTES, CERTIFICATE_LIFETIME_MS, CLOCK_SKEW_MS } from '../wire/limits.js';
import { isName } from '../wire/names.js';
import type { RevocationList } from './crl.js';
import { bitContent, content, type Der, DerError, decodeDer, encodeDer, item, items, timeContent } from './der.js';
import { isConsent } from './identity.js';
import { isSoundKey, KEY_BYTES, SIGNATURE_BYTES, verifySignature } from './keys.js';
import {
  authorityTemplate,
  DEVICE_AUTHORITY,
  DEVICE_IDENTITY,
  DEVICE_URI,
  deviceTemplate,
  isSerial,
  keyIdOf,
  SERVER_AUTHORITY,
  SERVER_URI,
  serverTemplate,
  signed,
  type TemplateFields,
} from './profile.js';
import { refused, type Trust, trustIn } from './trust.js';

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
  /** 'unchecked' only where something better than the list is asked: the directory's own records. */
  readonly crl: RevocationList | 'unchecked';
  /**
   * 'ignore' for what was said while the certificate was valid: an old leaf of a group, an archived message.
   * 'may-have-ended' for a device that is away and is written to: all is judged but that its certificate has ended.
   */
  readonly expiry: 'judge' | 'may-have-ended' | 'ignore';
}

/** Common fields, and the parts that the templates know how to compare. */
interface Parsed extends Omit<TemplateFields, 'authorityKeyId'> {
  readonly subject: string;
  readonly extensions: Der;
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
  const { certificate, issued } = parseDevice(der);
  const { trust, crl } = check;
  assertIssuer(certificate.directoryId, issued, trust);
  if (!isConsent(certificate.identityKey, certificate, certificate.publicKey, certificate.statement)) {
    throw refused('identity-statement');
  }
  if (crl !== 'unchecked' && crl.isRevoked(certificate.serial)) throw refused('certificate-revoked');
  if (check.expiry === 'ignore') return certificate;
  if (crl !== 'unchecked') crl.assertFresh(check.now);
  judgeBeginning(certificate, check.now);
  // What the directory has dated is past, whatever this machine's clock says.
  if (check.expiry === 'judge') judgeEnd(certificate, check.now, crl === 'unchecked' ? 0 : crl.thisUpdate);
  return certificate;
}

/**
 * The directory's own end of a channel.
 * @throws Failure trust, as checkDeviceCertificate
 */
export function checkServerCertificate(der: Uint8Array, check: { readonly trust: Trust; readonly now: number }): void {
  const parsed = parse(der);
  const directoryId = /^p2pchat:\/\/([\w-]{43})\/directory$/.exec(uriOf(parsed, SERVER_URI))?.[1];
  if (directoryId === undefined) throw refused('certificate-profile');
  const authorityKeyId = authorityKeyIdOf(parsed, SERVER_AUTHORITY);
  assertLifetime(parsed);
  const tbs = assertTemplate(der, serverTemplate({ ...parsed, directoryId, authorityKeyId }), parsed.signature);
  assertIssuer(directoryId, { tbs, authorityKeyId, signature: parsed.signature }, check.trust);
  if (check.now + CLOCK_SKEW_MS < parsed.notBefore)
    throw outOfTime('certificate-not-yet-valid', check.now - parsed.notBefore);
  if (check.now - CLOCK_SKEW_MS > parsed.notAfter) throw outOfTime('certificate-expired', check.now - parsed.notAfter);
}

/** @param by ms after its end, or negative before its beginning */
const outOfTime = (code: 'certificate-expired' | 'certificate-not-yet-valid', by: number): Failure =>
  new Failure(code, undefined, { details: { by } });

/**
 * The CA's certificate, as the directory presents it beside its own: believed for its fingerprint alone.
 * @throws Failure trust `certificate-malformed`, `certificate-profile`, `certificate-untrusted`
 */
export const readAuthority = (der: Uint8Array, directoryId: string): Trust => authorityIn(der, directoryId);

/** The same of whatever directory answers: which one that is has to be proved by other means. */
export const readUnprovedAuthority = (der: Uint8Array): Trust => authorityIn(der, undefined);

function authorityIn(der: Uint8Array, expected: string | undefined): Trust {
  const parsed = parse(der);
  const { publicKey, signature } = parsed;
  const authorityKeyId = keyIdOf(publicKey);
  const tbs = assertTemplate(der, authorityTemplate({ ...parsed, authorityKeyId }), signature);
  const trust = trustIn(publicKey);
  assertIssuer(expected ?? trust.directoryId, { tbs, authorityKeyId, signature }, trust);
  return trust;
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

/** What ties a certificate to the key it was signed by. */
interface Issued {
  readonly tbs: Uint8Array;
  readonly authorityKeyId: Uint8Array;
  readonly signature: Uint8Array;
}

function assertIssuer(directoryId: string, issued: Issued, trust: Trust): void {
  const named = directoryId === trust.directoryId && sameBytes(issued.authorityKeyId, keyIdOf(trust.publicKey));
  if (!named || !verifySignature(trust.publicKey, issued.tbs, issued.signature)) throw refused('certificate-untrusted');
}

/** Revocation need not be remembered longer than this. */
function assertLifetime({ notBefore, notAfter }: TemplateTimes): void {
  const lifetime = notAfter - notBefore;
  if (lifetime <= 0 || lifetime > CERTIFICATE_LIFETIME_MS + CLOCK_SKEW_MS) throw refused('certificate-profile');
}

function judgeBeginning({ notBefore }: TemplateTimes, now: number): void {
  if (now + CLOCK_SKEW_MS < notBefore) throw refused('certificate-not-yet-valid');
}

function judgeEnd({ notAfter }: TemplateTimes, now: number, earliest: number): void {
  if (Math.max(now, earliest) - CLOCK_SKEW_MS > notAfter) throw refused('certificate-expired');
}

type TemplateTimes = Pick<TemplateFields, 'notBefore' | 'notAfter'>;

function parseDevice(der: Uint8Array): { certificate: DeviceCertificate; issued: Issued } {
  const parsed = parse(der);
  const uri = /^p2pchat:\/\/([\w-]{43})\/user\/([a-z0-9._-]+)\/device\/([0-9a-f]{16})$/.exec(uriOf(parsed, DEVICE_URI));
  const [, directoryId, folded, deviceId] = uri ?? [];
  const { subject: user, publicKey, notBefore, notAfter } = parsed;
  if (directoryId === undefined || folded === undefined || deviceId === undefined) throw refused('certificate-profile');
  if (!isName(user)) throw refused('certificate-profile');
  const consent = extensionContent(parsed, DEVICE_IDENTITY);
  if (consent.length !== KEY_BYTES + SIGNATURE_BYTES) throw refused('certificate-profile');
  const identityKey = consent.slice(0, KEY_BYTES);
  const statement = consent.slice(KEY_BYTES);
  const authorityKeyId = authorityKeyIdOf(parsed, DEVICE_AUTHORITY);
  const template = deviceTemplate({ ...parsed, user, directoryId, identityKey, statement, authorityKeyId });
  const tbs = assertTemplate(der, template, parsed.signature);
  assertLifetime(parsed);
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
  return { certificate, issued: { tbs, authorityKeyId, signature: parsed.signature } };
}

/** The to-be-signed bytes, if the certificate is what its template makes of its fields. */
function assertTemplate(der: Uint8Array, template: Der, signature: Uint8Array): Uint8Array {
  if (!sameBytes(signed(template, signature), der)) throw refused('certificate-profile');
  return encodeDer(template);
}

function parse(der: Uint8Array): Parsed {
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
      extensions: item(extensions!, 0),
      signature: bitContent(signature!),
    };
    if (!isSoundKey(publicKey) || !isSerial(parsed.serial)) throw refused('certificate-profile');
    return parsed;
  });
}

const extensionValue = (parsed: Parsed, index: number): Der => {
  const parts = items(item(parsed.extensions, index), 2);
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
    if (error instanceof DerError || error instanceof TypeError) {
      throw refused('certificate-profile', error);
    }
    throw error;
  }
}
