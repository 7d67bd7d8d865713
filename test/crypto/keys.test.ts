import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, hex, utf8 } from '../../src/base/bytes.js';
import { deviceIdOf, directoryIdOf, isSoundKey, SigningKey, verifySignature } from '../../src/crypto/keys.js';
import { seededRandom } from '../support/random.js';

const random = seededRandom('keys');

test('keys and signatures are those of RFC 8032 (§7.1, test 2)', () => {
  const key = SigningKey.fromSeed(fromHex('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb'));
  assert.equal(hex(key.publicKey), '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c');
  const signature = key.sign(Uint8Array.of(0x72));
  assert.equal(
    hex(signature),
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  );
  assert.equal(verifySignature(key.publicKey, Uint8Array.of(0x72), signature), true);
  assert.deepEqual(SigningKey.fromSeed(key.seed()).publicKey, key.publicKey);
  assert.throws(() => SigningKey.fromSeed(new Uint8Array(31)), RangeError);
});

test('a signature holds for its key, message and whole length only', () => {
  const key = SigningKey.generate(random);
  const signature = key.sign(utf8('yes'));
  assert.equal(verifySignature(key.publicKey, utf8('no'), signature), false);
  assert.equal(verifySignature(SigningKey.generate(random).publicKey, utf8('yes'), signature), false);
  assert.equal(verifySignature(key.publicKey, utf8('yes'), signature.subarray(1)), false);
  assert.equal(verifySignature(new Uint8Array(5), utf8('yes'), signature), false);
});

test('under a key of small order nothing is signed', () => {
  const identity = Uint8Array.from({ length: 32 }, (_, index) => (index === 0 ? 1 : 0));
  const forged = new Uint8Array(64);
  forged[0] = 1;
  assert.equal(verifySignature(identity, utf8('anything'), forged), false);
});

test('devices and directories are named after their keys', () => {
  const { publicKey } = SigningKey.generate(random);
  assert.match(deviceIdOf(publicKey), /^[0-9a-f]{16}$/);
  assert.match(directoryIdOf(publicKey), /^[\w-]{43}$/);
});

test('keys of small order are known in each of their spellings', () => {
  // Twisted Edwards over 2^255 - 19 (RFC 8032 §5.1): the y of points that a multiplication by 8 takes to the identity.
  const p = 2n ** 255n - 19n;
  const power = (base: bigint, exponent: bigint): bigint => {
    let result = 1n;
    for (let b = base % p, e = exponent; e > 0n; e >>= 1n, b = (b * b) % p) if (e & 1n) result = (result * b) % p;
    return result;
  };
  const inverse = (x: bigint): bigint => power(x, p - 2n);
  const d = (((p - 121_665n) * inverse(121_666n)) % p) as bigint;
  const root = (a: bigint): bigint | undefined => {
    const guess = power(a, (p + 3n) / 8n);
    for (const x of [guess, (guess * power(2n, (p - 1n) / 4n)) % p]) if ((x * x - a) % p === 0n) return x;
    return undefined;
  };
  // Order 8: doubling gives y = 0, that is y² = -x² on the curve, so d·y⁴ + 2y² - 1 = 0.
  const s = root((1n + d) % p)!;
  const eighths = [s, p - s].flatMap((r) => root((((((r - 1n + p) % p) * inverse(d)) % p) + p) % p) ?? []);
  const spellings = [0n, 1n, p - 1n, p, p + 1n, ...eighths.flatMap((y) => [y, p - y])];
  assert.equal(spellings.length, 7);
  for (const y of spellings) {
    for (const sign of [0n, 1n << 255n]) {
      const bytes = Buffer.from((y | sign).toString(16).padStart(64, '0'), 'hex').reverse();
      assert.equal(isSoundKey(bytes), false, y.toString(16));
    }
  }
  assert.equal(isSoundKey(SigningKey.generate(random).publicKey), true);
});
