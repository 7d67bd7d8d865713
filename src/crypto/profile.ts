import { createHash } from 'node:crypto';
import { concat, fromHex, utf8 } from '../base/bytes.js';
import { SERIAL_BYTES } from '../wire/limits.js';
import { foldName } from '../wire/names.js';
import {
  bits,
  boolean,
  type Der,
  encodeDer,
  integer,
  octets,
  oid,
  oidFromContent,
  sequence,
  set,
  tagged,
  taggedBytes,
  text,
  time,
} from './der.js';
import { deviceIdOf } from './keys.js';

/**
 * The certificate profile, as templates. The CA fills one in to issue; a verifier fills one in from what it read and
 * compares bytes. So there is one certificate for given fields, and nothing else passes: no other extension, order,
 * criticality, algorithm or encoding.
 */

export const ISSUER_NAME = 'p2pchat directory';
const SERVER_NAME = 'p2pchat directory server';

/** A CA certificate only carries the pinned key: RFC 5280 §4.1.2.5's "no well-defined expiration date". */
export const NO_EXPIRY = Date.UTC(9999, 11, 31, 23, 59, 59);

export const ED25519 = sequence(oid('1.3.101.112'));
const VERSION_3 = tagged(0, integer(Uint8Array.of(2)));

const OID = {
  commonName: oid('2.5.4.3'),
  basicConstraints: oid('2.5.29.19'),
  keyUsage: oid('2.5.29.15'),
  extendedKeyUsage: oid('2.5.29.37'),
  subjectAltName: oid('2.5.29.17'),
  subjectKeyId: oid('2.5.29.14'),
  authorityKeyId: oid('2.5.29.35'),
  /** 2.25.264442573119796753960618714385604040498, of UUID c6f1c979-c39c-4a23-a1f7-ee71e2fa5732 (X.667). */
  identity: oidFromContent(fromHex('69838df1e4deb8b9e2a8c7a1fbfbce9e97e9ae32')),
} as const;

const SERVER_AUTH = oid('1.3.6.1.5.5.7.3.1');
const CLIENT_AUTH = oid('1.3.6.1.5.5.7.3.2');

/** KeyUsage bits, first octet, with the number of bits that don't count. */
const DIGITAL_SIGNATURE = bits(Uint8Array.of(0x80), 7);
const CERT_AND_CRL_SIGN = bits(Uint8Array.of(0x06), 1);

// --- Parts ---

export const commonName = (name: string): Der => sequence(set(sequence(OID.commonName, text(name))));

export const publicKeyInfo = (publicKey: Uint8Array): Der => sequence(ED25519, bits(publicKey));

/** RFC 7093 §2 method 1: the first 20 octets of SHA-256 over the key. */
export const keyIdOf = (publicKey: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(publicKey).digest().subarray(0, 20));

/** Positive, and of the full length: the first octet begins with the bits 01. */
export function serialFrom(random: Uint8Array): Uint8Array {
  const serial = Uint8Array.from(random.subarray(0, SERIAL_BYTES));
  serial[0] = (serial[0]! & 0x3f) | 0x40;
  return serial;
}

export const isSerial = (serial: Uint8Array): boolean =>
  serial.length === SERIAL_BYTES && serial[0]! >= 0x40 && serial[0]! < 0x80;

export const extension = (id: Der, critical: boolean, value: Der): Der =>
  sequence(id, ...(critical ? [boolean(true)] : []), octets(encodeDer(value)));

export const authorityKeyExtension = (authorityKeyId: Uint8Array): Der =>
  extension(OID.authorityKeyId, false, sequence(taggedBytes(0, authorityKeyId)));

/** The account's identity key and its signature over the device's key; in certificates and in requests. */
export const identityExtension = (identityKey: Uint8Array, statement: Uint8Array): Der =>
  extension(OID.identity, false, octets(concat(identityKey, statement)));

const subjectKeyExtension = (publicKey: Uint8Array): Der =>
  extension(OID.subjectKeyId, false, octets(keyIdOf(publicKey)));
const uriExtension = (uri: string): Der => extension(OID.subjectAltName, false, sequence(taggedBytes(6, utf8(uri))));
const notACa = extension(OID.basicConstraints, true, sequence());
const aCa = extension(OID.basicConstraints, true, sequence(boolean(true), integer(Uint8Array.of(0))));

export const deviceUri = (directoryId: string, folded: string, deviceId: string): string =>
  `p2pchat://${directoryId}/user/${folded}/device/${deviceId}`;
const serverUri = (directoryId: string): string => `p2pchat://${directoryId}/directory`;

// --- Templates ---

export interface TemplateFields {
  readonly serial: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly authorityKeyId: Uint8Array;
  /** Milliseconds since 1970, whole seconds. */
  readonly notBefore: number;
  readonly notAfter: number;
}

export interface DeviceFields extends TemplateFields {
  /** As registered. */
  readonly user: string;
  readonly directoryId: string;
  readonly identityKey: Uint8Array;
  readonly statement: Uint8Array;
}

export interface ServerFields extends TemplateFields {
  readonly directoryId: string;
}

function tbsCertificate(fields: TemplateFields, subject: string, extensions: readonly Der[]): Der {
  return sequence(
    VERSION_3,
    integer(fields.serial),
    ED25519,
    commonName(ISSUER_NAME),
    sequence(time(fields.notBefore), time(fields.notAfter)),
    commonName(subject),
    publicKeyInfo(fields.publicKey),
    tagged(3, sequence(...extensions)),
  );
}

export function deviceTemplate(fields: DeviceFields): Der {
  const uri = deviceUri(fields.directoryId, foldName(fields.user), deviceIdOf(fields.publicKey));
  return tbsCertificate(fields, fields.user, [
    notACa,
    extension(OID.keyUsage, true, DIGITAL_SIGNATURE),
    extension(OID.extendedKeyUsage, false, sequence(CLIENT_AUTH, SERVER_AUTH)),
    uriExtension(uri),
    subjectKeyExtension(fields.publicKey),
    authorityKeyExtension(fields.authorityKeyId),
    identityExtension(fields.identityKey, fields.statement),
  ]);
}

export function serverTemplate(fields: ServerFields): Der {
  return tbsCertificate(fields, SERVER_NAME, [
    notACa,
    extension(OID.keyUsage, true, DIGITAL_SIGNATURE),
    extension(OID.extendedKeyUsage, false, sequence(SERVER_AUTH)),
    uriExtension(serverUri(fields.directoryId)),
    subjectKeyExtension(fields.publicKey),
    authorityKeyExtension(fields.authorityKeyId),
  ]);
}

export function authorityTemplate(fields: TemplateFields): Der {
  return tbsCertificate(fields, ISSUER_NAME, [
    aCa,
    extension(OID.keyUsage, true, CERT_AND_CRL_SIGN),
    subjectKeyExtension(fields.publicKey),
    authorityKeyExtension(fields.authorityKeyId),
  ]);
}

/** Index of an extension in its template. */
export const DEVICE_URI = 3;
export const DEVICE_AUTHORITY = 5;
export const DEVICE_IDENTITY = 6;
export const SERVER_URI = 3;
export const SERVER_AUTHORITY = 5;

/** A signed structure: what was signed, the algorithm, the signature. */
export const signed = (tbs: Der, signature: Uint8Array): Uint8Array =>
  encodeDer(sequence(tbs, ED25519, bits(signature)));
