import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../../src/base/errors.js';
import { commands } from '../../../src/commands/commands.js';
import { parseSlash } from '../../../src/commands/slash.js';

const parsed = (line: string) => {
  const { command, args } = parseSlash(commands, line);
  return [command.name, args];
};

const failure = (line: string): Failure => {
  try {
    parseSlash(commands, line);
  } catch (error) {
    assert.ok(error instanceof Failure);
    return error;
  }
  assert.fail(`'${line}' was accepted`);
};

test('the text of a message is taken as it stands, quotes, dashes, spaces and line breaks included', () => {
  assert.deepEqual(parsed('/msgto bob  say "hi"  --to all\nbye'), [
    'send',
    { to: '@bob', text: 'say "hi"  --to all\nbye', wait: 'stored' },
  ]);
});

test('names are folded and may carry their sign', () => {
  assert.deepEqual(parsed('/msgto @Bob hi'), ['send', { to: '@bob', text: 'hi', wait: 'stored' }]);
  assert.deepEqual(parsed('/VERIFY Bob'), ['verify', { user: 'bob', qr: false }]);
});

test('words and options stand in any order, quoted or not', () => {
  assert.deepEqual(parsed('/search "new york" --from bob train --in=@carol -- --x'), [
    'search',
    { words: 'new york train --x', from: 'bob', in: '@carol' },
  ]);
});

test('a number alone after /history is the number of messages', () => {
  assert.deepEqual(parsed('/history 20'), ['history', { n: 20 }]);
  assert.deepEqual(parsed('/history @20'), ['history', { conversation: '@20' }]);
  assert.deepEqual(parsed('/history 20 5'), ['history', { conversation: '@20', n: 5 }]);
});

test("a wrong number of arguments gives the command's usage", () => {
  for (const line of ['/msgto', '/msgto bob', '/msgto bob   '])
    assert.equal(failure(line).message, 'Usage: /msgto USER TEXT');
  assert.equal(failure('/activeuser now').message, 'Usage: /activeuser');
  assert.equal(failure('/verify bob confirm please').message, 'Usage: /verify USER [confirm|accept] [--qr]');
  assert.equal(failure('/search').code, 'usage');
});

test('an unknown command or option names the nearest', () => {
  assert.match(failure('/msgot bob hi').hint, /msgto/);
  assert.equal(failure('/msgot bob hi').code, 'command-unknown');
  assert.match(failure('/xyzzyplugh').hint, /help/);
  assert.match(failure('/search x --form bob').hint, /--from/);
  assert.match(failure('/group invite bob --zzzzz').message, /^\/group invite has no such option/);
  assert.equal(failure('/').code, 'command-unknown');
});

test('every argument has its own check, and none of them says back what was typed', () => {
  for (const line of [
    '/msgto a/../b hi',
    '/msgto \x1b[2J hi',
    '/history @bob 0',
    '/history @bob 1e9',
    '/search x --since someday',
    '/search x --since 2026-13-45',
    '/verify bob maybe',
  ]) {
    const { code, message, hint } = failure(line);
    assert.equal(code, 'argument-invalid', line);
    assert.doesNotMatch(message + hint, /\x1b|\.\.|1e9|someday|maybe/);
  }
  assert.equal(failure('/msgto #no/where hi').code, 'argument-invalid');
});
