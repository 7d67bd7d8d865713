import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fingerprint, type Party, safetyNumber } from '../../src/crypto/safety.js';
import { seededRandom } from '../support/random.js';

const random = seededRandom('safety');
const party = (folded: string, directoryId = 'd'): Party => ({ directoryId, folded, identityKey: random.bytes(32) });
const alice = party('alice');
const bob = party('bob');

test('both parties see the same sixty digits', () => {
  const number = safetyNumber(alice, bob);
  assert.match(number, /^(\d{5} ){11}\d{5}$/);
  assert.equal(safetyNumber(bob, alice), number);
});

test('another key, name or directory gives another number', () => {
  const number = safetyNumber(alice, bob);
  for (const other of [party('bob'), { ...bob, folded: 'bobb' }, { ...bob, directoryId: 'e' }]) {
    assert.notEqual(safetyNumber(alice, other), number);
  }
});

test('the number stays what it is from version to version', () => {
  const fixed = (folded: string, byte: number): Party => ({
    directoryId: 'n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg',
    folded,
    identityKey: new Uint8Array(32).fill(byte),
  });
  assert.equal(
    safetyNumber(fixed('alice', 1), fixed('bob', 2)),
    '85739 41508 56706 11940 90252 30292 96396 68589 11754 91280 68294 30691',
  );
  assert.equal(fingerprint(new Uint8Array(32).fill(1)), '72cd 6e84 22c4 07fb');
});
