import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearest } from '../../src/base/closest-match.js';

const COMMANDS = ['msgto', 'groupmsg', 'joingroup', 'who', 'invite', 'remove', 'help', 'p2pvideo', 'p2pfile'];

test('a word with a slip in it finds the one that was meant', () => {
  assert.equal(nearest('mgsto', COMMANDS), 'msgto');
  assert.equal(nearest('joingrup', COMMANDS), 'joingroup');
  assert.equal(nearest('P2PVIDOE', COMMANDS), 'p2pvideo');
  assert.equal(nearest('hepl', COMMANDS), 'help');
  assert.equal(nearest('wh', COMMANDS), 'who');
});

test('a word like none of them finds nothing', () => {
  assert.equal(nearest('xyzzy', COMMANDS), undefined);
  assert.equal(nearest('', COMMANDS), undefined);
  assert.equal(nearest('a'.repeat(100_000), COMMANDS), undefined);
});
