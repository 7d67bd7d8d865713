import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChatSession } from '../../support/chat-session.js';
import { KEY, type TerminalSession } from '../../support/terminal.js';

async function welcomed(
  body: (terminal: TerminalSession) => Promise<void>,
  env: Record<string, string> = { CHAT_DIRECTORY: 'p2pchat://example.test:7700#abcdef' },
): Promise<void> {
  const session = await ChatSession.start({ env });
  try {
    await session.terminal.waitForText('Create an account');
    await body(session.terminal);
  } finally {
    await session.close();
  }
}

test('signing up: a weak password and a taken name are refused with another try, and no password is ever shown', () =>
  welcomed(async (terminal) => {
    terminal.write('\r');
    await terminal.waitForText('Password again');
    terminal.write('taken\rshort');
    await terminal.waitForText('•••••');
    await terminal.waitForText('weak');
    terminal.write('\rshort\r\r');
    await terminal.waitForText('too weak');
    terminal.write('long enough\rlong enough\r\r');
    await terminal.waitForText("The name 'taken' is taken. Choose another.");
    terminal.write(`${KEY.ctrl('u')}ann\rlong enough\rlong enough\r\r`);
    await terminal.waitForText('p2pchat · ann');
    await terminal.waitForText('Hand this to the next person');
    assert.ok(!terminal.output.includes('long enough'));
  }));

test('signing in: three tries, then it ends with status 3', () =>
  welcomed(async (terminal) => {
    terminal.write(`${KEY.down}\r`);
    await terminal.waitForText('Sign in');
    terminal.write('ann\rwrong one\r');
    await terminal.waitFor(({ text }) => /2\s+tries\s+left/.test(text), 'two tries left');
    terminal.write('wrong two\r');
    await terminal.waitFor(({ text }) => /1\s+try\s+left/.test(text), 'one try left');
    terminal.write('wrong three\r');
    assert.equal(await terminal.exit, 3);
    await terminal.waitFor((screen) => !screen.alternate, 'the terminal as it was');
    await terminal.waitForText('Wrong user name or password.');
  }));

test('a block counts down on the screen, and then the right password is let in', () =>
  welcomed(async (terminal) => {
    terminal.write(`${KEY.down}\r`);
    await terminal.waitForText('Password');
    terminal.write('blocked\rwrong\r');
    await terminal.waitFor(({ text }) => /2\s+tries\s+left/.test(text), 'two tries left');
    terminal.write('wrong\r');
    await terminal.waitForText('Try again in 2 s');
    await terminal.waitForText('Try again in 1 s');
    await terminal.waitFor((screen) => !screen.has('Try again in'), 'over');
    terminal.write('correct horse battery\r');
    await terminal.waitForText('p2pchat · blocked');
  }));

test('a banned user is told why, and it ends with status 4', () =>
  welcomed(async (terminal) => {
    terminal.write(`${KEY.down}\rbanned\rwhatever\r`);
    assert.equal(await terminal.exit, 4);
    await terminal.waitForText('This account is banned: spam, until Monday.');
  }));

test('without a directory its link is asked for', () =>
  welcomed(async (terminal) => {
    terminal.write('\r');
    await terminal.waitForText('Directory link');
  }, {}));

test('leaving the welcome is no error', () =>
  welcomed(async (terminal) => {
    terminal.write(KEY.escape);
    assert.equal(await terminal.exit, 0);
  }));
