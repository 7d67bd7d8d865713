import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, hex, utf8 } from '../../src/base/bytes.js';
import { hasCode } from '../../src/base/errors.js';
import { systemRandom } from '../../src/base/random.js';
import { openAead, sealAead } from '../../src/crypto/aead.js';
import { createVault, openVault, sealer, wrapVault } from '../../src/crypto/vault.js';
import { seededRandom } from '../support/random.js';

const random = seededRandom('vault');

test('sealing follows the vectors of c2sp.org/XAES-256-GCM', () => {
  const nonce = { bytes: () => utf8('ABCDEFGHIJKLMNOPQRSTUVWX') };
  const seal = (keyByte: number, aad: string) =>
    hex(sealAead(new Uint8Array(32).fill(keyByte), utf8('XAES-256-GCM'), utf8(aad), nonce).subarray(24));
  assert.equal(seal(1, ''), 'ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271');
  assert.equal(seal(3, 'c2sp.org/XAES-256-GCM'), '986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d');
});

test('a vault opens with its password, and after a change with the new one only', async () => {
  const vault = await createVault('first password', random);
  assert.deepEqual((await openVault(vault.file, 'first password')).key, vault.key);
  const changed = await wrapVault(vault.key, 'second password', random);
  assert.deepEqual((await openVault(changed.file, 'second password')).key, vault.key);
  await assert.rejects(openVault(changed.file, 'first password'), (error: unknown) => hasCode(error, 'wrong-password'));
});

test('a damaged vault file is told from a wrong password, and never costs memory beyond bounds', async () => {
  const { file } = await createVault('password', random);
  for (const damaged of [file.subarray(1), file.subarray(0, -1), new Uint8Array(0), new Uint8Array(600)]) {
    await assert.rejects(openVault(damaged, 'password'), (error: unknown) => hasCode(error, 'vault-damaged'));
  }
});

test('a row opens under its own name only', () => {
  const { seal, open } = sealer(random.bytes(32), systemRandom);
  const sealed = seal('contact:alice', utf8('pinned'));
  assert.deepEqual(open('contact:alice', sealed), utf8('pinned'));
  for (const attempt of [
    () => open('contact:bob', sealed),
    () =>
      open(
        'contact:alice',
        sealed.map((byte, index) => (index === 40 ? byte ^ 1 : byte)),
      ),
    () =>
      open(
        'contact:alice',
        sealed.map((byte, index) => (index === 0 ? byte ^ 1 : byte)),
      ),
    () => open('contact:alice', sealed.subarray(0, 10)),
    () => open('contact:alice', new Uint8Array(0)),
    () => sealer(random.bytes(32), systemRandom).open('contact:alice', sealed),
  ]) {
    assert.throws(attempt, (error: unknown) => hasCode(error, 'row-damaged'));
  }
});

test('blinded keys are stable in a vault and unlike in another', () => {
  const key = random.bytes(32);
  const blinded = sealer(key, random).blind('alice');
  assert.match(blinded, /^[0-9a-f]{32}$/);
  assert.equal(sealer(key, random).blind('alice'), blinded);
  assert.notEqual(sealer(key, random).blind('alicf'), blinded);
  assert.notEqual(sealer(random.bytes(32), random).blind('alice'), blinded);
});

test('each bit of sealed bytes counts', () => {
  const key = random.bytes(32);
  const sealed = sealAead(key, fromHex('00ff'), utf8('aad'), random);
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const changed = Uint8Array.from(sealed);
    changed[bit >> 3]! ^= 1 << (bit & 7);
    assert.equal(openAead(key, changed, utf8('aad')), undefined);
  }
});
