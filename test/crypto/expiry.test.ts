import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Code, hasCode } from '../../src/base/errors.js';
import { checkDeviceCertificate, checkServerCertificate, readDeviceCertificate } from '../../src/crypto/certificate.js';
import { acceptCrl, type RevocationList } from '../../src/crypto/crl.js';
import { SigningKey } from '../../src/crypto/keys.js';
import { CERTIFICATE_LIFETIME_MS, CLOCK_SKEW_MS, CRL_MAX_AGE_MS } from '../../src/wire/limits.js';
import { NOW, testAuthority, testDevice } from '../support/pki.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const directory = testAuthority();
const { authority, trust, random } = directory;
const alice = testDevice(directory, 'alice');
const { notBefore, notAfter } = readDeviceCertificate(alice.certificate);

const checkAt = (now: number, crl: RevocationList | 'unchecked' = 'unchecked', expiry: 'judge' | 'ignore' = 'judge') =>
  checkDeviceCertificate(alice.certificate, { trust, now, crl, expiry });
const fails = (code: Code) => (error: unknown) => hasCode(error, code) && error.exit === 6;

test('a certificate begins five minutes ago and lives 72 hours', () => {
  assert.equal(notBefore, NOW - 5 * MINUTE);
  assert.equal(notAfter, NOW + 72 * HOUR);
  const long = testDevice(directory, 'bob', { lifetime: 2 * CERTIFICATE_LIFETIME_MS });
  assert.equal(readDeviceCertificate(long.certificate).notAfter, notAfter);
});

test('C5 expired and not yet valid, with clocks five minutes off either way', () => {
  for (const now of [notBefore - CLOCK_SKEW_MS, NOW, notAfter, notAfter + CLOCK_SKEW_MS]) checkAt(now);
  assert.throws(() => checkAt(notBefore - CLOCK_SKEW_MS - 1), fails('certificate-not-yet-valid'));
  assert.throws(() => checkAt(notAfter + CLOCK_SKEW_MS + 1), fails('certificate-expired'));
});

test("C5 the directory's certificate likewise", () => {
  const server = authority.issueServer({ publicKey: SigningKey.generate(random).publicKey, now: NOW, random });
  for (const now of [notBefore - CLOCK_SKEW_MS, notAfter + CLOCK_SKEW_MS])
    checkServerCertificate(server, { trust, now });
  const checkServerAt = (now: number) => () => checkServerCertificate(server, { trust, now });
  assert.throws(checkServerAt(notBefore - CLOCK_SKEW_MS - 1), fails('certificate-not-yet-valid'));
  assert.throws(checkServerAt(notAfter + CLOCK_SKEW_MS + 1), fails('certificate-expired'));
});

test('what was said while the certificate was valid stays said', () => {
  assert.equal(checkAt(notAfter + 365 * 24 * HOUR, 'unchecked', 'ignore').user, 'alice');
  assert.throws(() => checkAt(NOW, directory.crl(2, [alice.serial]), 'ignore'), fails('certificate-revoked'));
});

test('X3 a clock set back brings no expired certificate to life', () => {
  const later = directory.crl(2, [], notAfter + CLOCK_SKEW_MS + 1000);
  assert.throws(() => checkAt(NOW, later), fails('certificate-expired'));
});

test('C3 a revoked certificate is refused, and no other', () => {
  const crl = directory.crl(2, [alice.serial]);
  assert.throws(() => checkAt(NOW, crl), fails('certificate-revoked'));
  const bob = testDevice(directory, 'bob');
  assert.equal(checkDeviceCertificate(bob.certificate, { trust, now: NOW, crl, expiry: 'judge' }).user, 'bob');
});

test('C4 a list past its maximum age opens no session', () => {
  const crl = directory.crl(1, [], NOW - 60 * HOUR);
  checkAt(NOW, crl);
  const last = crl.thisUpdate + CRL_MAX_AGE_MS + CLOCK_SKEW_MS;
  const bob = testDevice(directory, 'bob', { now: NOW + 60 * HOUR });
  const bobAt = (now: number) => checkDeviceCertificate(bob.certificate, { trust, now, crl, expiry: 'judge' });
  assert.throws(() => bobAt(NOW + 60 * HOUR), fails('crl-stale'));
  assert.throws(() => checkAt(last + 1, crl), fails('crl-stale'));
  checkAt(last, crl);
});

test('C4 a list rolled back, dated in the future, stale or another of the same number is refused', () => {
  const at = (number: number, now: number, revocations = [] as { serial: string; at: number }[]) =>
    authority.issueCrl({ number, now, revocations });
  const known = acceptCrl(undefined, at(7, NOW), { trust, now: NOW });
  const refuse = (der: Uint8Array, code: Code, now = NOW) =>
    assert.throws(() => acceptCrl(known, der, { trust, now }), fails(code));
  refuse(at(6, NOW), 'crl-rolled-back');
  refuse(at(7, NOW, [{ serial: alice.serial, at: NOW }]), 'crl-rolled-back');
  refuse(at(8, NOW - 1000), 'crl-rolled-back');
  refuse(at(8, NOW + CLOCK_SKEW_MS + 1000), 'crl-not-yet-valid');
  refuse(at(8, NOW), 'crl-stale', NOW + CRL_MAX_AGE_MS + CLOCK_SKEW_MS + 1);
  assert.equal(acceptCrl(known, known.der, { trust, now: NOW }), known);
  const next = acceptCrl(known, at(8, NOW, [{ serial: alice.serial, at: NOW }]), { trust, now: NOW });
  assert.equal(next.number, 8);
  assert.ok(next.isRevoked(alice.serial));
});
