import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closestMatch } from '../../src/base/closest-match.js';

const COMMANDS = ['msgto', 'groupmsg', 'joingroup', 'who', 'invite', 'remove', 'help', 'p2pvideo', 'p2pfile'];

test('a word with a slip in it finds the one that was meant', () => {
  assert.equal(closestMatch('mgsto', COMMANDS), 'msgto');
  assert.equal(closestMatch('joingrup', COMMANDS), 'joingroup');
  assert.equal(closestMatch('P2PVIDOE', COMMANDS), 'p2pvideo');
  assert.equal(closestMatch('hepl', COMMANDS), 'help');
  assert.equal(closestMatch('wh', COMMANDS), 'who');
});

test('a word like none of them finds nothing', () => {
  assert.equal(closestMatch('xyzzy', COMMANDS), undefined);
  assert.equal(closestMatch('', COMMANDS), undefined);
  assert.equal(closestMatch('a'.repeat(100_000), COMMANDS), undefined);
});
