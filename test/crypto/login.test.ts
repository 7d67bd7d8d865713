import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat } from '../../src/base/bytes.js';
import { Failure, hasCode } from '../../src/base/errors.js';
import {
  assertEnrolProof,
  enrolProof,
  finishLogin,
  finishRegistration,
  startLogin,
  startRegistration,
} from '../../src/crypto/login.js';
import { LoginServer } from '../../src/crypto/login-server.js';
import { OPAQUE_BYTES } from '../../src/crypto/opaque.js';
import { seededRandom } from '../support/random.js';

const account = { directoryId: 'd'.repeat(43), folded: 'alice' };
const server = await LoginServer.open(await LoginServer.createSetup(), account.directoryId);

async function register(password: string, folded = account.folded) {
  const pending = await startRegistration(password);
  const response = server.registrationResponse(folded, pending.request);
  return finishRegistration(pending, { account: { ...account, folded }, password, response });
}

async function login(password: string, record: Uint8Array | undefined, folded = account.folded) {
  const pending = await startLogin(password);
  const session = server.startLogin(folded, record, pending.request);
  const done = await finishLogin(pending, { account: { ...account, folded }, password, response: session.response });
  return { ...done, serverKey: session.finish(done.message) };
}

const alice = await register('correct horse');

test('both ends of a login have one session key, and the client its export key again', async () => {
  const { sessionKey, serverKey, exportKey } = await login('correct horse', alice.record);
  assert.deepEqual(sessionKey, serverKey);
  assert.deepEqual(exportKey, alice.exportKey);
});

test('a wrong password and an unknown name fail alike', async () => {
  for (const [password, record] of [
    ['wrong', alice.record],
    ['correct horse', undefined],
  ] as const) {
    await assert.rejects(login(password, record), (error: unknown) => hasCode(error, 'wrong-credentials'));
  }
});

test('messages have one size, for known and unknown names alike', async () => {
  const { request } = await startLogin('correct horse');
  assert.equal(request.length, OPAQUE_BYTES.loginRequest);
  for (const record of [alice.record, undefined]) {
    assert.equal(server.startLogin('alice', record, request).response.length, OPAQUE_BYTES.loginResponse);
  }
  assert.equal(alice.record.length, OPAQUE_BYTES.record);
  assert.equal(alice.exportKey.length, 64);
});

test('a login holds for its own name and directory only, though the record and the password are right', async () => {
  await assert.rejects(login('correct horse', alice.record, 'bob'), (error: unknown) =>
    hasCode(error, 'wrong-credentials'),
  );
  const pending = await startLogin('correct horse');
  const { response } = server.startLogin('alice', alice.record, pending.request);
  for (const other of [{ directoryId: 'e'.repeat(43) }, { folded: 'bob' }]) {
    await assert.rejects(
      finishLogin(pending, { account: { ...account, ...other }, password: 'correct horse', response }),
      (error: unknown) => hasCode(error, 'wrong-credentials'),
    );
  }
});

test('the last message of one login does not end another', async () => {
  const first = await startLogin('correct horse');
  const session = server.startLogin('alice', alice.record, first.request);
  const { message } = await finishLogin(first, { account, password: 'correct horse', response: session.response });
  const other = server.startLogin('alice', alice.record, first.request);
  assert.throws(
    () => other.finish(message),
    (error: unknown) => hasCode(error, 'wrong-credentials'),
  );
  assert.equal(session.finish(message).length, 64);
});

const random = seededRandom('login');
/** Lengths around the right one, points that are none, the identity, and chance. */
const malformed = (length: number): Uint8Array[] => [
  new Uint8Array(0),
  new Uint8Array(length - 1),
  new Uint8Array(length + 1),
  new Uint8Array(100_000),
  new Uint8Array(length),
  new Uint8Array(length).fill(0xff),
  ...Array.from({ length: 20 }, () => random.bytes(length)),
];
const typed = (error: unknown): boolean => error instanceof Failure && error.reason !== 'internal' && error.hint !== '';

test('A11 malformed elements get a typed error from the server, and it goes on', async () => {
  // A random string is a valid ristretto255 point now and then: then it is answered, as any guess is.
  const orTyped = (call: () => unknown): void => {
    try {
      call();
    } catch (error) {
      assert.ok(typed(error));
    }
  };
  for (const bytes of malformed(OPAQUE_BYTES.registrationRequest)) {
    orTyped(() => server.registrationResponse('alice', bytes));
  }
  const { request } = await startLogin('correct horse');
  for (const bytes of malformed(OPAQUE_BYTES.loginRequest)) {
    for (const record of [alice.record, undefined]) {
      orTyped(() => server.startLogin('alice', record, bytes));
    }
  }
  for (const bytes of malformed(OPAQUE_BYTES.record)) {
    orTyped(() => server.assertRecord('alice', bytes));
  }
  for (const bytes of malformed(OPAQUE_BYTES.loginFinish)) {
    const code = bytes.length === OPAQUE_BYTES.loginFinish ? 'wrong-credentials' : 'login-malformed';
    const pending = server.startLogin('alice', alice.record, request);
    assert.throws(
      () => pending.finish(bytes),
      (error: unknown) => hasCode(error, code),
    );
  }
  server.assertRecord('alice', alice.record);
  assert.deepEqual((await login('correct horse', alice.record)).exportKey, alice.exportKey);
});

test('A11 the identity element is refused wherever a point is read', async () => {
  const { request } = await startLogin('correct horse');
  const identity = new Uint8Array(32);
  assert.throws(() => server.registrationResponse('alice', identity), typed);
  const blinded = concat(identity, request.subarray(32));
  assert.throws(() => server.startLogin('alice', alice.record, blinded), typed);
  assert.throws(() => server.assertRecord('alice', concat(identity, alice.record.subarray(32))), typed);
  const ephemeral = concat(request.subarray(0, 64), identity);
  assert.throws(() => server.startLogin('alice', alice.record, ephemeral), typed);
});

test('A11 malformed answers get a typed error from the client', async () => {
  const registration = await startRegistration('correct horse');
  const pending = await startLogin('correct horse');
  const { response } = server.startLogin('alice', alice.record, pending.request);
  const touched = Uint8Array.from(response);
  touched[200]! ^= 1;
  const init = { account, password: 'correct horse' };
  for (const bytes of malformed(OPAQUE_BYTES.registrationResponse).slice(0, 7)) {
    await assert.rejects(finishRegistration(registration, { ...init, response: bytes }), typed);
  }
  for (const bytes of [...malformed(OPAQUE_BYTES.loginResponse).slice(0, 7), touched]) {
    await assert.rejects(finishLogin(pending, { ...init, response: bytes }), typed);
  }
});

test('a damaged secret of the server is named as such', async () => {
  await assert.rejects(LoginServer.open('damaged', account.directoryId), (error: unknown) =>
    hasCode(error, 'login-setup'),
  );
});

test('a proof holds for one session, one channel and one request', () => {
  const [session, exporter, csr, other] = [random.bytes(64), random.bytes(32), random.bytes(300), random.bytes(32)];
  const proof = enrolProof(session, exporter, csr);
  assert.equal(proof.length, 32);
  assertEnrolProof(proof, session, exporter, csr);
  for (const attempt of [
    () => assertEnrolProof(proof, other, exporter, csr),
    () => assertEnrolProof(proof, session, other, csr),
    () => assertEnrolProof(proof, session, exporter, other),
    () => assertEnrolProof(proof.subarray(1), session, exporter, csr),
    () => assertEnrolProof(new Uint8Array(32), session, exporter, csr),
  ]) {
    assert.throws(attempt, (error: unknown) => hasCode(error, 'enrol-proof') && error.exit === 3);
  }
});
