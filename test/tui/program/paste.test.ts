import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ChatSession } from '../../support/chat-session.js';
import { KEY, type TerminalSession } from '../../support/terminal.js';

/** With a folder of its own for what is pasted. */
async function pasting(body: (terminal: TerminalSession, session: ChatSession, home: string) => Promise<void>) {
  const home = mkdtempSync(join(tmpdir(), 'p2pchat-paste-'));
  const session = await ChatSession.open({ env: { CHAT_HOME: home } });
  try {
    await body(session.terminal, session, home);
  } finally {
    await session.close();
    rmSync(home, { recursive: true, force: true });
  }
}

const LONG = `${Array.from({ length: 1_799 }, (_, at) => `word ${String(at).padStart(4, '0')}`).join(' ')} the end`;
const PASTED = `\x1b[200~${LONG}\x1b[201~`;

test('18,000 characters pasted go as a file by one key, every one of them, and the file goes when it has arrived', () =>
  pasting(async (terminal, session, home) => {
    assert.ok(LONG.length > 17_900);
    terminal.write(PASTED);
    await terminal.waitForText('Enter sends a');
    terminal.write('\r');
    await terminal.waitForText('waiting for bob');
    const [own] = readdirSync(join(home, 'pastes'));
    const path = join(home, 'pastes', own!, 'paste.txt');
    assert.equal(readFileSync(path, 'utf8'), `${LONG}\n`);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    session.transfer({ id: '0ffe40', direction: 'out', files: [{ name: 'paste.txt', size: 1 }], state: 'done' });
    await terminal.waitForText('bob has it');
    assert.deepEqual(readdirSync(join(home, 'pastes')), []);
  }));

test('what is too long is kept in the line by Escape, asked about again by Enter, and never cut', () =>
  pasting(async (terminal, _session, home) => {
    terminal.write(PASTED);
    await terminal.waitForText('Enter sends a');
    terminal.write(KEY.escape);
    await terminal.waitFor((screen) => screen.has('the end') && !screen.has('Enter sends'), 'in the line');
    terminal.write('\r');
    await terminal.waitForText('Enter sends a');
    terminal.write('\r');
    await terminal.waitForText('waiting for bob');
    const [own] = readdirSync(join(home, 'pastes'));
    assert.equal(readFileSync(join(home, 'pastes', own!, 'paste.txt'), 'utf8'), `${LONG}\n`);
    assert.ok(!terminal.screen.has('ann …'), 'nothing went as a message');
  }));

test('where no file can be written, the text goes back into the line', async () => {
  const session = await ChatSession.open({ env: { CHAT_HOME: '/dev/null' } });
  const { terminal } = session;
  try {
    terminal.write(PASTED);
    await terminal.waitForText('Enter sends a');
    terminal.write('\r');
    await terminal.waitFor((screen) => screen.has('!') && screen.has('the end'), 'the error and the text');
  } finally {
    await session.close();
  }
});
