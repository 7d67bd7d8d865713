import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { hasCode } from '../../src/base/errors.js';
import {
  checkDeviceCertificate,
  checkServerCertificate,
  readAuthority,
  readDeviceCertificate,
} from '../../src/crypto/certificate.js';
import { SigningKey } from '../../src/crypto/keys.js';
import { NOW, testAuthority, testDevice } from '../support/pki.js';

const directory = testAuthority();
const { authority, trust, random } = directory;
const alice = testDevice(directory, 'Alice');
const check = { trust, now: NOW, crl: directory.crl(), expiry: 'judge' } as const;

test('a certificate says whose device it is, and stands by itself', () => {
  const certificate = checkDeviceCertificate(alice.certificate, check);
  assert.equal(certificate.user, 'Alice');
  assert.equal(certificate.folded, 'alice');
  assert.equal(certificate.deviceId, alice.deviceId);
  assert.equal(certificate.serial, alice.serial);
  assert.deepEqual(certificate.publicKey, alice.key.publicKey);
  assert.deepEqual(certificate.identityKey, alice.identity.publicKey);
  assert.deepEqual(readDeviceCertificate(alice.certificate), certificate);
});

test('another X.509 implementation reads the same out of it, and verifies it', () => {
  const theirs = new X509Certificate(alice.certificate);
  assert.equal(theirs.subject, 'CN=Alice');
  assert.equal(theirs.serialNumber.toLowerCase(), alice.serial);
  assert.equal(theirs.subjectAltName, `URI:p2pchat://${trust.directoryId}/user/alice/device/${alice.deviceId}`);
  const ca = new X509Certificate(authority.certificate);
  assert.equal(ca.ca, true);
  assert.equal(theirs.ca, false);
  assert.ok(theirs.checkIssued(ca));
  assert.ok(theirs.verify(ca.publicKey));
});

test("the directory's own certificate is found by the link's fingerprint", () => {
  const key = SigningKey.generate(random);
  const server = authority.issueServer({ publicKey: key.publicKey, now: NOW, random });
  const found = readAuthority(authority.certificate, trust.directoryId);
  assert.deepEqual(found, trust);
  checkServerCertificate(server, { trust: found, now: NOW });
  assert.throws(
    () => readAuthority(authority.certificate, testAuthority('other').trust.directoryId),
    (error: unknown) => hasCode(error, 'certificate-untrusted'),
  );
});
