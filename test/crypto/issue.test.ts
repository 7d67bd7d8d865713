import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asBuffer, concat, utf8 } from '../../src/base/bytes.js';
import { type Code, Failure, hasCode } from '../../src/base/errors.js';
import { systemRandom } from '../../src/base/random.js';
import { checkDeviceCertificate } from '../../src/crypto/certificate.js';
import { type CertificateRequest, createCsr, readCsr } from '../../src/crypto/csr.js';
import {
  bits,
  boolean,
  type Der,
  decodeDer,
  encodeDer,
  integer,
  items,
  oid,
  sequence,
  set,
  tagged,
  taggedBytes,
} from '../../src/crypto/der.js';
import { signDevice } from '../../src/crypto/identity.js';
import { SigningKey } from '../../src/crypto/keys.js';
import {
  commonName,
  ED25519,
  extension,
  identityExtension,
  publicKeyInfo,
  serialFrom,
} from '../../src/crypto/profile.js';
import { NOW, testAuthority } from '../support/pki.js';

const directory = testAuthority();
const { authority, trust, random } = directory;
const identity = SigningKey.generate(random);
const device = SigningKey.generate(random);
const account = { directoryId: trust.directoryId, folded: 'alice' };
const identityKey = identity.publicKey;
const statement = signDevice(identity, account, device.publicKey);
const csr = createCsr(device, { user: 'alice', identityKey, statement });
const check = { trust, now: NOW, crl: 'unchecked', expiry: 'judge' } as const;

const draft = (request: CertificateRequest, init: { user?: string; identityKey?: Uint8Array } = {}) =>
  authority.draftDevice({ request, user: 'alice', identityKey, now: NOW, random, ...init });
const fails =
  (...codes: Code[]) =>
  (error: unknown) =>
    codes.some((code) => hasCode(error, code));

/** The request, with attributes and other parts replaced, signed with the device's key unless another is given. */
function hostileCsr(
  parts: { version?: Der; subject?: Der; key?: Der; attributes?: Der; after?: Der[] },
  signer = device,
) {
  const [version, subject, key, attributes] = items(items(decodeDer(csr, 4096))[0]!, 4);
  const info = sequence(
    parts.version ?? version!,
    parts.subject ?? subject!,
    parts.key ?? key!,
    parts.attributes ?? attributes!,
    ...(parts.after ?? []),
  );
  return encodeDer(sequence(info, ED25519, bits(signer.sign(encodeDer(info)))));
}

const [, , , attributes] = items(items(decodeDer(csr, 4096))[0]!, 4);
const ours = items(items(items(items(attributes!)[0]!)[1]!)[0]!)[0]!;
const requesting = (...extensions: Der[]): { attributes: Der } => ({
  attributes: tagged(0, sequence(oid('1.2.840.113549.1.9.14'), set(sequence(...extensions)))),
});

test('a request says which key it is for, and proves that it is held', () => {
  const request = readCsr(csr);
  assert.deepEqual(request, { user: 'alice', publicKey: device.publicKey, identityKey, statement });
});

test('C6 what a request asks for beyond a key is refused', () => {
  const ca = extension(oid('2.5.29.19'), true, sequence(boolean(true)));
  const san = extension(oid('2.5.29.17'), false, sequence(taggedBytes(6, utf8('p2pchat://x/user/bob/device/0'))));
  for (const hostile of [
    hostileCsr(requesting(ours, ca)),
    hostileCsr(requesting(ca, ours)),
    hostileCsr(requesting(ours, san)),
    hostileCsr(requesting(ours, ours)),
    hostileCsr(requesting(ca)),
    hostileCsr(requesting()),
    hostileCsr(requesting(identityExtension(identityKey, statement.subarray(1)))),
    hostileCsr({ attributes: tagged(0) }),
    hostileCsr({ attributes: tagged(0, ...items(attributes!), ...items(attributes!)) }),
    hostileCsr({ version: integer(Uint8Array.of(1)) }),
    hostileCsr({ subject: sequence() }),
    hostileCsr({ subject: sequence(...items(commonName('alice')), ...items(commonName('bob'))) }),
    hostileCsr({ after: [commonName('more')] }),
    concat(csr, Uint8Array.of(0)),
    csr.subarray(0, -1),
    new Uint8Array(0),
    new Uint8Array(100_000),
  ]) {
    assert.throws(() => readCsr(hostile), fails('csr-malformed'));
  }
  assert.deepEqual(readCsr(hostileCsr({})), readCsr(csr));
});

test('C6 weak and foreign keys are refused', () => {
  assert.throws(() => readCsr(hostileCsr({ key: publicKeyInfo(new Uint8Array(32)) })), fails('csr-key'));
  assert.throws(() => readCsr(hostileCsr({ key: publicKeyInfo(new Uint8Array(31)) })), fails('csr-key'));
  const rsa = sequence(sequence(oid('1.2.840.113549.1.1.1')), bits(new Uint8Array(140)));
  assert.throws(() => readCsr(hostileCsr({ key: rsa })), fails('csr-malformed'));
});

test('C6 a request for a key the requester does not hold is refused', () => {
  const other = SigningKey.generate(random);
  assert.throws(() => readCsr(hostileCsr({ key: publicKeyInfo(other.publicKey) })), fails('csr-signature'));
  assert.throws(() => readCsr(hostileCsr({}, other)), fails('csr-signature'));
});

test('C6 the certificate equals the template: account by the records, whatever the request calls itself', () => {
  const request = readCsr(createCsr(device, { user: 'directory', identityKey, statement }));
  const certificate = checkDeviceCertificate(draft(request, { user: 'Alice' }).sign(), check);
  assert.equal(certificate.user, 'Alice');
  assert.equal(certificate.folded, 'alice');
});

test("a device without its account's consent gets no certificate", () => {
  const request = readCsr(csr);
  const mallory = SigningKey.generate(random);
  const own = readCsr(
    createCsr(device, {
      user: 'alice',
      identityKey: mallory.publicKey,
      statement: signDevice(mallory, account, device.publicKey),
    }),
  );
  assert.throws(() => draft(own), fails('identity-statement'));
  assert.throws(() => draft(request, { user: 'bob' }), fails('identity-statement'));
  const elsewhere = testAuthority('elsewhere').authority;
  assert.throws(
    () => elsewhere.draftDevice({ request, user: 'alice', identityKey, now: NOW, random }),
    fails('identity-statement'),
  );
});

test('each byte of a request counts, and no change of one is an untyped error', () => {
  for (let at = 0; at < csr.length; at++) {
    const changed = Uint8Array.from(csr);
    changed[at]! ^= 0x21;
    assert.throws(() => readCsr(changed), Failure);
  }
});

test('C8 a draft tells the serial before anything is signed', () => {
  const prepared = draft(readCsr(csr));
  const certificate = checkDeviceCertificate(prepared.sign(), check);
  const { serial, deviceId, notBefore, notAfter } = certificate;
  assert.deepEqual({ serial, deviceId, notBefore, notAfter, sign: prepared.sign }, prepared);
});

test('C8 serials are positive, of one length, and unique in 100,000', () => {
  const seen = new Set<string>();
  for (let i = 0; i < 100_000; i++) {
    const serial = asBuffer(serialFrom(systemRandom.bytes(16))).toString('hex');
    assert.match(serial, /^[4-7][0-9a-f]{31}$/);
    seen.add(serial);
  }
  assert.equal(seen.size, 100_000);
});
