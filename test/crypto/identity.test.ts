import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { hasCode } from '../../src/base/errors.js';
import { isConsent, openIdentityBackup, sealIdentityBackup, signDevice } from '../../src/crypto/identity.js';
import { SigningKey } from '../../src/crypto/keys.js';
import { seededRandom } from '../support/random.js';

const random = seededRandom('identity');
const account = { directoryId: 'd'.repeat(43), folded: 'alice' };
const identity = SigningKey.generate(random);
const exportKey = random.bytes(64);

test('a device is consented to for one account on one directory', () => {
  const device = random.bytes(32);
  const statement = signDevice(identity, account, device);
  assert.equal(isConsent(identity.publicKey, account, device, statement), true);
  assert.equal(isConsent(identity.publicKey, account, random.bytes(32), statement), false);
  assert.equal(isConsent(identity.publicKey, { ...account, folded: 'alicia' }, device, statement), false);
  assert.equal(isConsent(identity.publicKey, { ...account, directoryId: 'e'.repeat(43) }, device, statement), false);
  assert.equal(isConsent(random.bytes(32), account, device, statement), false);
});

test('the identity comes back from its backup, and from nothing else', () => {
  const backup = sealIdentityBackup(identity, account, exportKey, random);
  const restored = openIdentityBackup(backup, account, exportKey, identity.publicKey);
  assert.deepEqual(restored.publicKey, identity.publicKey);
  const other = SigningKey.generate(random);
  for (const attempt of [
    () => openIdentityBackup(backup, account, random.bytes(64), identity.publicKey),
    () => openIdentityBackup(backup, { ...account, folded: 'bob' }, exportKey, identity.publicKey),
    () => openIdentityBackup(backup, account, exportKey, other.publicKey),
    () => openIdentityBackup(backup.subarray(0, -1), account, exportKey, identity.publicKey),
    () => openIdentityBackup(new Uint8Array(0), account, exportKey, identity.publicKey),
  ]) {
    assert.throws(attempt, (error: unknown) => hasCode(error, 'identity-backup') && error.reason === 'trust');
  }
});

test('X1 a key prints as nothing', () => {
  const seed = Buffer.from(identity.seed()).toString('hex');
  for (const shown of [
    JSON.stringify(identity),
    String(identity),
    JSON.stringify({ ...identity }),
    inspect(identity),
  ]) {
    assert.ok(!shown.includes(seed));
  }
});
