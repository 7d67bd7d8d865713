import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { concat, fromHex, hex, utf8 } from '../../src/base/bytes.js';
import { Failure, hasCode } from '../../src/base/errors.js';
import { Authority } from '../../src/crypto/ca.js';
import { checkDeviceCertificate, checkServerCertificate, readAuthority } from '../../src/crypto/certificate.js';
import {
  bits,
  boolean,
  type Der,
  decodeDer,
  encodeDer,
  integer,
  octets,
  oid,
  sequence,
  set,
  tagged,
  taggedBytes,
  text,
  time,
} from '../../src/crypto/der.js';
import { signDevice } from '../../src/crypto/identity.js';
import { deviceIdOf, SigningKey } from '../../src/crypto/keys.js';
import {
  commonName,
  deviceUri,
  extension,
  identityExtension,
  keyIdOf,
  publicKeyInfo,
} from '../../src/crypto/profile.js';
import { assembleCertificate, type CertificateParts, certificateParts, universal } from '../support/hostile.js';
import { NOW, testAuthority, testDevice } from '../support/pki.js';
import { seededRandom } from '../support/random.js';

const random = seededRandom('hostile');
const caKey = SigningKey.generate(random);
const authority = Authority.create(caKey, { now: NOW, random });
const directory = { ...testAuthority(), authority, trust: authority.trust, random };
const { trust } = directory;
const alice = testDevice(directory, 'alice');
const check = { trust, now: NOW, crl: 'unchecked', expiry: 'judge' } as const;

const good = certificateParts(alice.certificate);
const [basic, usage, extended, san, subjectKeyId, authorityKeyId, identity] = good.extensions as [
  Der,
  Der,
  Der,
  Der,
  Der,
  Der,
  Der,
];
const ID = {
  basicConstraints: oid('2.5.29.19'),
  keyUsage: oid('2.5.29.15'),
  extendedKeyUsage: oid('2.5.29.37'),
  subjectAltName: oid('2.5.29.17'),
  nameConstraints: oid('2.5.29.30'),
  unknown: oid('1.2.3.4.5'),
};
const uri = deviceUri(trust.directoryId, 'alice', alice.deviceId);
const uriName = (value: string): Der => taggedBytes(6, utf8(value));
const sanOf = (...names: Der[]): Der => extension(ID.subjectAltName, false, sequence(...names));
const usageOf = (bitsSet: number, critical = true): Der =>
  extension(ID.keyUsage, critical, bits(Uint8Array.of(bitsSet), 7));
const RSA_SHA256 = sequence(oid('1.2.840.113549.1.1.11'), universal('OID', ''));
const foreignKey = (kind: 'rsa' | 'ec' | 'x25519'): Der => {
  const { publicKey } =
    kind === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 1024 })
      : kind === 'ec'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('x25519');
  return decodeDer(new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })), 1024);
};
/** The extensions, with some replaced or, by undefined, left out. */
const only = (changed: Partial<Record<number, Der | undefined>>): Pick<CertificateParts, 'extensions'> => ({
  extensions: good.extensions!.flatMap((one, index) => (index in changed ? (changed[index] ?? []) : one)),
});
const more = (...added: Der[]): Pick<CertificateParts, 'extensions'> => ({
  extensions: [...good.extensions!, ...added],
});
const dates = (from: Der, to: Der): Pick<CertificateParts, 'validity'> => ({ validity: sequence(from, to) });

/** What names a device, consistent, for another key or user; consented to. */
const named = (user: string, publicKey: Uint8Array): Partial<CertificateParts> => {
  const account = { directoryId: trust.directoryId, folded: user.toLowerCase() };
  return {
    subject: commonName(user),
    key: publicKeyInfo(publicKey),
    ...only({
      3: sanOf(uriName(deviceUri(trust.directoryId, account.folded, deviceIdOf(publicKey)))),
      4: extension(oid('2.5.29.14'), false, octets(keyIdOf(publicKey))),
      6: identityExtension(alice.identity.publicKey, signDevice(alice.identity, account, publicKey)),
    }),
  };
};

/** By kind, as in the x509-limbo suite: what is changed in a good certificate before the CA signs it. */
const HOSTILE: Readonly<Record<string, Partial<CertificateParts>>> = {
  'no SAN': only({ 3: undefined }),
  'two SAN extensions': only({ 3: san, 4: san }),
  'the same SAN twice, beside the rest': more(san),
  'two URIs in the SAN': only({ 3: sanOf(uriName(uri), uriName(uri)) }),
  'another user after the right URI': only({ 3: sanOf(uriName(uri), uriName(uri.replace('alice', 'bob'))) }),
  'a DNS name in the SAN': only({ 3: sanOf(taggedBytes(2, utf8('alice'))) }),
  'a URI and a DNS name': only({ 3: sanOf(uriName(uri), taggedBytes(2, utf8('alice'))) }),
  'an empty SAN': only({ 3: sanOf() }),
  'a critical SAN': only({ 3: extension(ID.subjectAltName, true, sequence(uriName(uri))) }),
  'a SAN of another user than the subject': only({ 3: sanOf(uriName(uri.replace('alice', 'bob'))) }),
  'a SAN of another device than the key': only({ 3: sanOf(uriName(uri.replace(alice.deviceId, '0'.repeat(16)))) }),
  'a SAN with another scheme': only({ 3: sanOf(uriName(uri.replace('p2pchat:', 'https:'))) }),
  'a SAN with something after it': only({ 3: sanOf(uriName(`${uri}/more`)) }),
  'a SAN with NUL': only({ 3: sanOf(uriName(`${uri}\0`)) }),
  'a SAN in capitals': only({ 3: sanOf(uriName(uri.replace('alice', 'Alice'))) }),
  'a SAN that is not UTF-8': only({ 3: sanOf(taggedBytes(6, Uint8Array.of(0xff, 0xfe))) }),
  'version 1': { version: undefined, extensions: undefined },
  'version 1 with extensions': { version: undefined },
  'version 2': { version: tagged(0, integer(Uint8Array.of(1))) },
  'version 4': { version: tagged(0, integer(Uint8Array.of(3))) },
  'no extensions': { extensions: undefined },
  'an empty list of extensions': { extensions: [] },
  'a CA leaf': only({ 0: extension(ID.basicConstraints, true, sequence(boolean(true))) }),
  'a CA leaf with a path length': only({
    0: extension(ID.basicConstraints, true, sequence(boolean(true), integer(Uint8Array.of(0)))),
  }),
  'a leaf with CA:FALSE spelled out': only({ 0: extension(ID.basicConstraints, true, sequence(boolean(false))) }),
  'no basic constraints': only({ 0: undefined }),
  'basic constraints that are not critical': only({ 0: extension(ID.basicConstraints, false, sequence()) }),
  keyCertSign: only({ 1: extension(ID.keyUsage, true, bits(Uint8Array.of(0x84), 2)) }),
  'keyCertSign alone': only({ 1: extension(ID.keyUsage, true, bits(Uint8Array.of(0x04), 2)) }),
  'no key usage': only({ 1: undefined }),
  'an empty key usage': only({ 1: usageOf(0) }),
  'a key usage that is not critical': only({ 1: usageOf(0x80, false) }),
  'the key usage twice': only({ 1: usage, 2: usage }),
  'no EKU': only({ 2: undefined }),
  'any EKU': only({ 2: extension(ID.extendedKeyUsage, false, sequence(oid('2.5.29.37.0'))) }),
  'an EKU for code signing': only({
    2: extension(ID.extendedKeyUsage, false, sequence(oid('1.3.6.1.5.5.7.3.3'))),
  }),
  'the EKU of a server only': only({
    2: extension(ID.extendedKeyUsage, false, sequence(oid('1.3.6.1.5.5.7.3.1'))),
  }),
  'a critical EKU': only({
    2: extension(ID.extendedKeyUsage, true, sequence(oid('1.3.6.1.5.5.7.3.2'), oid('1.3.6.1.5.5.7.3.1'))),
  }),
  'an RSA key': { key: foreignKey('rsa') },
  'a P-256 key': { key: foreignKey('ec') },
  'an X25519 key': { key: foreignKey('x25519') },
  'a key of small order': named('alice', new Uint8Array(32)),
  'a key cut short': named('alice', alice.key.publicKey.subarray(1)),
  'key parameters': {
    key: sequence(sequence(oid('1.3.101.112'), universal('OID', '')), bits(alice.key.publicKey)),
  },
  'an unknown critical extension': more(extension(ID.unknown, true, sequence())),
  'an unknown extension': more(extension(ID.unknown, false, sequence())),
  'name constraints': more(extension(ID.nameConstraints, true, sequence())),
  'the first extension again at the end': more(basic),
  'other extensions in place of ours': only({ 2: extension(ID.unknown, false, sequence()) }),
  'another order of extensions': only({ 0: usage, 1: basic }),
  'a criticality spelled out as FALSE': only({
    4: sequence(...[oid('2.5.29.14'), boolean(false), octets(new Uint8Array(22))]),
  }),
  'an identifier of another key': only({ 4: authorityKeyId }),
  'no subject key identifier': only({ 4: undefined }),
  'an authority key identifier of another CA': only({
    5: extension(oid('2.5.29.35'), false, sequence(taggedBytes(0, new Uint8Array(20)))),
  }),
  'no authority key identifier': only({ 5: undefined }),
  'a critical identity extension': only({
    6: extension(
      // The object identifier as it stands in the good certificate.
      (identity.value as Der[])[0]!,
      true,
      octets(new Uint8Array(96)),
    ),
  }),
  'no identity extension': only({ 6: undefined }),
  'an identity extension cut short': only({ 6: identityExtension(alice.identity.publicKey, new Uint8Array(63)) }),
  'an identity that has not signed': only({ 6: identityExtension(alice.identity.publicKey, new Uint8Array(64)) }),
  'an identity of small order': only({
    6: identityExtension(new Uint8Array(32), concat(Uint8Array.of(1), new Uint8Array(63))),
  }),
  'bytes after the value of an extension': only({
    4: sequence(oid('2.5.29.14'), octets(concat(encodeDer(octets(new Uint8Array(20))), Uint8Array.of(0)))),
  }),
  'serial number 0': { serial: integer(Uint8Array.of(0)) },
  'a negative serial number': { serial: integer(Uint8Array.of(0x80, ...random.bytes(15))) },
  'a serial number of 21 octets': { serial: integer(Uint8Array.of(0x40, ...random.bytes(20))) },
  'a short serial number': { serial: integer(Uint8Array.of(1)) },
  'another algorithm inside': { algorithm: RSA_SHA256 },
  'another algorithm outside': { outerAlgorithm: RSA_SHA256 },
  'another algorithm inside and outside': { algorithm: RSA_SHA256, outerAlgorithm: RSA_SHA256 },
  'algorithm parameters': { algorithm: sequence(oid('1.3.101.112'), universal('OID', '')) },
  'an empty subject': { subject: sequence() },
  'two common names': {
    subject: sequence(set(sequence(oid('2.5.4.3'), text('alice'))), set(sequence(oid('2.5.4.3'), text('bob')))),
  },
  'a common name in another string type': {
    subject: sequence(set(sequence(oid('2.5.4.3'), universal('OCTETSTRING', 'alice')))),
  },
  'an organisation for a name': { subject: sequence(set(sequence(oid('2.5.4.10'), text('alice')))) },
  'a user name with a space': named('al ice', alice.key.publicKey),
  'a user name that begins with a dash': named('-alice', alice.key.publicKey),
  'a user name of 33 characters': named('a'.repeat(33), alice.key.publicKey),
  'another subject than the SAN': { subject: commonName('bob') },
  'an empty issuer': { issuer: sequence() },
  'another issuer': { issuer: commonName('p2pchat Directory') },
  'a unique identifier': { extra: [taggedBytes(1, Uint8Array.of(0, 1))] },
  'GeneralizedTime before 2050': dates(universal('GENERALIZEDTIME', '20260101000000Z'), time(NOW + 3_600_000)),
  'a time without seconds': dates(universal('UTCTIME', '2601011200Z'), time(NOW + 3_600_000)),
  'a time with an offset': dates(universal('UTCTIME', '260101120000+0100'), time(NOW + 3_600_000)),
  'a time that is no time': dates(universal('UTCTIME', '261301120000Z'), time(NOW + 3_600_000)),
  'the 31st of February': dates(universal('UTCTIME', '250231120000Z'), time(NOW + 3_600_000)),
  'an end before its beginning': dates(time(NOW), time(NOW - 1000)),
  'a life of a year': dates(time(NOW - 1000), time(NOW + 365 * 86_400_000)),
};

const refusedAs = (der: Uint8Array, ...codes: string[]): void =>
  assert.throws(
    () => checkDeviceCertificate(der, check),
    (error: unknown) => error instanceof Failure && error.reason === 'trust' && codes.includes(error.code),
  );

test('the certificate which the hostile ones are made from is good', () => {
  assert.equal(checkDeviceCertificate(assembleCertificate(good, caKey), check).user, 'alice');
  assert.deepEqual([extended, subjectKeyId], [good.extensions![2], good.extensions![4]]);
});

for (const [kind, changes] of Object.entries(HOSTILE)) {
  test(`C7 ${kind}: refused, though the CA has signed it`, () => {
    const der = assembleCertificate({ ...good, ...changes }, caKey);
    refusedAs(der, 'certificate-profile', 'certificate-untrusted', 'identity-statement');
    assert.throws(() => checkDeviceCertificate(der, { ...check, expiry: 'ignore' }), Failure);
  });
}

test('C7 an identity extension of another length is refused for its form', () => {
  for (const length of [95, 97]) {
    const cut = identityExtension(alice.identity.publicKey, new Uint8Array(length - 32));
    refusedAs(assembleCertificate({ ...good, ...only({ 6: cut }) }, caKey), 'certificate-profile');
  }
});

test('C7 bytes that are not DER', () => {
  const der = alice.certificate;
  const body = der.subarray(4);
  const indefinite = concat(Uint8Array.of(0x30, 0x80), body, Uint8Array.of(0, 0));
  const longLength = concat(Uint8Array.of(0x30, 0x83, 0), der.subarray(2));
  for (const bytes of [
    concat(der, Uint8Array.of(0)),
    concat(der, der),
    der.subarray(0, -1),
    new Uint8Array(0),
    indefinite,
    longLength,
    new Uint8Array(5000),
    encodeDer(octets(new Uint8Array(5000))),
    fromHex('30'.repeat(2000)),
    fromHex('3080'.repeat(100)),
    concat(der, new Uint8Array(5000)),
    utf8('-----BEGIN CERTIFICATE-----'),
  ]) {
    refusedAs(bytes, 'certificate-malformed');
  }
});

test('C7 each byte of a certificate counts, and no change of one is an untyped error', () => {
  for (let at = 0; at < alice.certificate.length; at++) {
    for (const flip of [0x01, 0x20, 0x80]) {
      const changed = Uint8Array.from(alice.certificate);
      changed[at]! ^= flip;
      refusedAs(changed, 'certificate-malformed', 'certificate-profile', 'certificate-untrusted');
    }
  }
});

test('C7 what another signs is nothing: a stranger, a namesake of the CA, the device itself', () => {
  const stranger = SigningKey.generate(random);
  refusedAs(assembleCertificate(good, stranger), 'certificate-untrusted');
  refusedAs(assembleCertificate(good, alice.key), 'certificate-untrusted');
  const namesake = testAuthority('namesake');
  refusedAs(testDevice(namesake, 'alice').certificate, 'certificate-untrusted');
});

test("C9 a user's certificate is no CA's: what its key issues is refused", () => {
  const device = SigningKey.generate(random);
  const parts = { ...good, ...named('bob', device.publicKey) };
  assert.equal(checkDeviceCertificate(assembleCertificate(parts, caKey), check).user, 'bob');
  refusedAs(assembleCertificate(parts, alice.key), 'certificate-untrusted');
  assert.throws(() => readAuthority(alice.certificate, trust.directoryId), Failure);
});

test("C9 a user's certificate is no server's, and a server's no user's", () => {
  const server = authority.issueServer({ publicKey: alice.key.publicKey, now: NOW, random });
  checkServerCertificate(server, check);
  assert.throws(() => checkServerCertificate(alice.certificate, check), Failure);
  assert.throws(() => checkServerCertificate(authority.certificate, check), Failure);
  assert.throws(() => checkDeviceCertificate(server, check), Failure);
  assert.throws(() => checkDeviceCertificate(authority.certificate, check), Failure);
  const old = { validity: sequence(time(NOW - 1000), time(NOW + 365 * 86_400_000)) };
  const longLived = assembleCertificate({ ...certificateParts(server), ...old }, caKey);
  assert.throws(() => checkServerCertificate(longLived, check), Failure);
  const disguised = assembleCertificate({ ...certificateParts(server), extensions: good.extensions }, caKey);
  assert.throws(() => checkServerCertificate(disguised, check), Failure);
});

test('a CA certificate counts for its fingerprint and its form', () => {
  const parts = certificateParts(authority.certificate);
  const changes: Partial<CertificateParts>[] = [
    { subject: commonName('alice') },
    { extensions: parts.extensions!.slice(1) },
    { extensions: [basic, ...parts.extensions!.slice(1)] },
    { version: undefined },
  ];
  for (const change of changes) {
    const der = assembleCertificate({ ...parts, ...change }, caKey);
    assert.throws(
      () => readAuthority(der, trust.directoryId),
      (error: unknown) => hasCode(error, 'certificate-profile'),
    );
  }
  const forged = assembleCertificate(parts, alice.key);
  assert.throws(
    () => readAuthority(forged, trust.directoryId),
    (error: unknown) => hasCode(error, 'certificate-untrusted'),
  );
  assert.equal(
    hex(readAuthority(assembleCertificate(parts, caKey), trust.directoryId).publicKey),
    hex(caKey.publicKey),
  );
});
