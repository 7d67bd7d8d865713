import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode } from '../../src/base/errors.js';
import { finishLogin, finishRegistration, startLogin, startRegistration } from '../../src/crypto/login.js';
import { LoginServer } from '../../src/crypto/login-server.js';

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
