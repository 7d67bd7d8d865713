import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode } from '../../src/base/errors.js';
import { assertPassword, judgePassword, preparePassword } from '../../src/crypto/password.js';

test('weak passwords are refused with the reason and the next step', async () => {
  for (const [password, why] of [
    ['kX9#mQ2', /fewer than 8/],
    ['password', /most used/],
    ['12345678', /most used/],
    ['Passw0rd!', /common password/],
    ['aaaaaaaaaaaa', /repeats/],
    ['abcdefgh1', /sequence/],
    ['alice-smith', /your name|guessed/],
    ['p2pchatp2pchat', /this program/],
  ] as const) {
    await assert.rejects(
      assertPassword(password, ['alice-smith']),
      (error: unknown) =>
        hasCode(error, 'password-weak') && error.exit === 2 && why.test(error.message) && error.hint !== '',
      password,
    );
  }
});

test('good passwords pass, random or made of words', async () => {
  for (const password of ['kX9#mQ2v', 'orange teapot under moon', 'Str0ng!Pass', 'пароль из слов']) {
    await assertPassword(password, ['alice']);
  }
  assert.equal((await judgePassword('orange teapot under moon', [])).score, 4);
});

test('a password typed on another system is the same password', () => {
  assert.equal(preparePassword('cafe\u0301\u00a0au\u3000lait'), 'caf\u00e9 au lait');
});
