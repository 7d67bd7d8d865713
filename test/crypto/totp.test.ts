import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '../../src/base/bytes.js';
import { systemRandom } from '../../src/base/random.js';
import { codeDigits, newTotpSecret, totpSecretText, totpStep, totpUri } from '../../src/crypto/totp.js';
import { totpCode } from '../support/authenticator.js';

/** RFC 6238, appendix B, SHA-1: the last six of the eight digits it gives. */
const VECTORS: readonly (readonly [seconds: number, code: string])[] = [
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
  [20_000_000_000, '353130'],
];
const secret = utf8('12345678901234567890');

test('codes are those of RFC 6238', () => {
  for (const [seconds, code] of VECTORS) {
    assert.equal(totpCode(secret, seconds * 1000), code);
    assert.equal(totpStep(secret, code, seconds * 1000), Math.floor(seconds / 30));
  }
});

test('a code counts one step before and after its own, and no further; what is no code counts never', () => {
  const at = 1_111_111_100_000;
  const step = Math.floor(at / 30_000);
  for (const off of [-1, 0, 1]) assert.equal(totpStep(secret, totpCode(secret, at + off * 30_000), at), step + off);
  for (const off of [-2, 2]) assert.equal(totpStep(secret, totpCode(secret, at + off * 30_000), at), undefined);
  for (const code of ['', '12345', '0000000', 'abcdef', '١٢٣٤٥٦']) assert.equal(totpStep(secret, code, at), undefined);
});

test('the app gets the secret and the name, and no byte of anything else', () => {
  assert.equal(totpUri(secret, 'ada'), 'otpauth://totp/p2pchat:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
  // A view into more memory than its own.
  const wide = new Uint8Array(64).fill(7);
  wide.set(secret, 8);
  assert.equal(totpSecretText(wide.subarray(8, 28)), 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
  assert.equal(newTotpSecret(systemRandom).length, 20);
});

test('a code is read whatever digits it was typed in', () => {
  for (const typed of ['123456', ' 123 456', '١٢٣٤٥٦', '۱۲۳ ۴۵۶', '१२३४५६', '１２３４５６', '𝟏𝟐𝟑𝟜𝟝𝟞', '𞥑𞥒𞥓𞥔𞥕𞥖'])
    assert.equal(codeDigits(typed), '123456', typed);
  for (const other of ['abcdef', '①②③④⑤', 'f3k9q-0tz7m']) assert.notEqual(codeDigits(other), '123456');
  assert.equal(codeDigits('٠٩۰۹०९'), '090909');
});
