import { Buffer } from 'node:buffer';
import asn1 from 'node-forge/lib/asn1.js';
import { bits, type Der, decodeDer, encodeDer, items, sequence, tagged } from '../../src/crypto/der.js';
import type { SigningKey } from '../../src/crypto/keys.js';
import { ED25519 } from '../../src/crypto/profile.js';

/** Certificates a sound CA would never make, signed by a real one, so that only the profile stands against them. */

export interface CertificateParts {
  readonly version: Der | undefined;
  readonly serial: Der;
  readonly algorithm: Der;
  readonly issuer: Der;
  readonly validity: Der;
  readonly subject: Der;
  readonly key: Der;
  /** Between the key and the extensions: unique identifiers. */
  readonly extra: readonly Der[];
  /** Undefined leaves the field out. */
  readonly extensions: readonly Der[] | undefined;
  readonly outerAlgorithm: Der;
}

export function certificateParts(der: Uint8Array): CertificateParts {
  const [version, serial, algorithm, issuer, validity, subject, key, extensions] = items(
    items(decodeDer(der, 8192))[0]!,
    8,
  );
  return {
    version: version!,
    serial: serial!,
    algorithm: algorithm!,
    issuer: issuer!,
    validity: validity!,
    subject: subject!,
    key: key!,
    extra: [],
    extensions: items(items(extensions!)[0]!),
    outerAlgorithm: ED25519,
  };
}

export function assembleCertificate(parts: CertificateParts, signer: SigningKey): Uint8Array {
  const tbs = sequence(
    ...(parts.version === undefined ? [] : [parts.version]),
    parts.serial,
    parts.algorithm,
    parts.issuer,
    parts.validity,
    parts.subject,
    parts.key,
    ...parts.extra,
    ...(parts.extensions === undefined ? [] : [tagged(3, sequence(...parts.extensions))]),
  );
  return encodeDer(sequence(tbs, parts.outerAlgorithm, bits(signer.sign(encodeDer(tbs)))));
}

/** A node of any universal type. */
export const universal = (type: keyof typeof asn1.Type, value: Uint8Array | string): Der =>
  asn1.create(
    asn1.Class.UNIVERSAL,
    asn1.Type[type],
    false,
    typeof value === 'string' ? value : Buffer.from(value).toString('latin1'),
  );
