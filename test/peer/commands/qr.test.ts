import assert from 'node:assert/strict';
import { test } from 'node:test';
import { qrLines } from '../../../src/commands/qr.js';
import { readQr } from '../../support/qr.js';

test('what a terminal shows of a safety number is a QR code that a camera reads', () => {
  const number = '0123456789'.repeat(6);
  assert.equal(readQr(qrLines(number)), number);
});

test('the code for an app fits a terminal of 80 by 24 with a text beside it, for the longest of names, too', () => {
  const uri = `otpauth://totp/p2pchat:${'n'.repeat(32)}?secret=${'A'.repeat(32)}`;
  const rows = qrLines(uri, 'low');
  assert.ok(rows.length <= 22 && rows[0]!.length <= 50, `${rows[0]!.length} by ${rows.length}`);
  assert.equal(readQr(rows), uri);
});
