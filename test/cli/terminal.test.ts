import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { KEY, TerminalSession } from '../support/terminal.js';

const program = fileURLToPath(new URL('../support/scripted-cli.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'p2pchat-terminal-'));
const sessions: TerminalSession[] = [];
after(() => rmSync(folder, { recursive: true, force: true }));
afterEach(async () => {
  for (const session of sessions.splice(0)) await session.close();
});

let homes = 0;
function home(script: object): string {
  const path = join(folder, `home-${++homes}`);
  mkdirSync(path, { mode: 0o700 });
  writeFileSync(join(path, 'script.json'), JSON.stringify(script));
  return path;
}

/** In a shell, which notes the terminal's settings before and after, and says the status. */
function open(where: string, words: string, env: Readonly<Record<string, string>> = {}): TerminalSession {
  const line = `stty -g > before; '${process.execPath}' '${program}' ${words}; echo "status $?"; stty -g > after; echo finished`;
  const session = new TerminalSession('sh', ['-c', `cd '${where}'; ${line}`], { env: { P2PCHAT_HOME: where, ...env } });
  sessions.push(session);
  return session;
}

/** The program under the shell. */
const child = (session: TerminalSession): number =>
  Number(execFileSync('pgrep', ['-P', String(session.pid)], { encoding: 'utf8' }).trim());

async function assertRestored(session: TerminalSession, where: string): Promise<void> {
  await session.waitForText('finished');
  assert.equal(readFileSync(join(where, 'after'), 'utf8'), readFileSync(join(where, 'before'), 'utf8'));
}

test('X1 X2 a password is asked for without echo, and three wrong ones end the login with status 3', async () => {
  const where = home({ user: 'alice', password: 'right' });
  const session = open(where, 'login --plain');
  for (const answer of ['2 tries are left', 'One try is left', 'status 3']) {
    await session.waitFor((screen) => screen.line(screen.cursor.y).trimEnd() === 'Password of alice:', 'the prompt');
    session.write('wrong-secret\r');
    await session.waitForText(answer);
  }
  await assertRestored(session, where);
  assert.doesNotMatch(session.output, /wrong-secret/);
});

test('an unknown name is registered after an empty password, and what is refused is asked for again', async () => {
  const where = home({ password: 'right', taken: ['bob'] });
  const session = open(where, 'login bob --plain --directory p2pchat://127.0.0.1:1#ff');
  const asked = (prompt: string) =>
    session.waitFor((screen) => screen.line(screen.cursor.y).trimEnd() === prompt, prompt);
  await asked('Password of bob:');
  session.write('\r');
  await asked('New password:');
  session.write('first try\r');
  await asked('New password once more:');
  session.write('something else\r');
  await session.waitForText('not the same');
  await asked('New password:');
  session.write('short\r');
  await asked('New password once more:');
  session.write('short\r');
  await session.waitForText("The name 'bob' is taken");
  await asked('User name:');
  session.write('bobby\r');
  await session.waitForText('The password is too weak');
  await asked('New password:');
  session.write('long enough\r');
  await asked('New password once more:');
  session.write('long enough\r');
  await session.waitForText('signed in as');
  assert.doesNotMatch(session.output, /long enough|something else/);
  session.write('/logout\r');
  await session.waitForText('status 0');
  await assertRestored(session, where);
});

test('what comes in stands above the line that is being typed', async () => {
  const where = home({ user: 'alice', password: 'right' });
  const session = open(where, 'login --plain');
  await session.waitForText('Password of alice:');
  session.write('right\r');
  await session.waitForText('signed in as');
  session.write('/msgto bob hi\r');
  await session.waitFor((screen) => screen.line(screen.cursor.y).trimEnd() === '@bob>', 'the prompt');
  session.write('half a li');
  process.kill(child(session), 'SIGUSR2');
  await session.waitForText('@bob bob: knock');
  session.write('ne');
  await session.waitFor((screen) => screen.line(screen.cursor.y) === '@bob> half a line', 'the line again');
  session.write(KEY.ctrl('c'));
  await session.waitForText('status 130');
  await assertRestored(session, where);
});

for (const [signal, status] of [
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  test(`X2 after ${signal}, also while a password is typed, the terminal is as it was`, async () => {
    for (const prompt of ['Password of alice:', 'signed in as']) {
      const where = home({ user: 'alice', password: 'right' });
      const session = open(where, 'login --plain');
      await session.waitForText('Password of alice:');
      if (prompt !== 'Password of alice:') session.write('right\r');
      await session.waitForText(prompt);
      process.kill(child(session), signal);
      await session.waitForText(`status ${status}`);
      await assertRestored(session, where);
    }
  });
}

test('a login with a password file, or by the recovery phrase, opens the screen on a terminal, and lines where those are asked for', async () => {
  const where = home({ user: 'alice', password: 'right enough' });
  writeFileSync(join(where, 'secret'), 'right enough\n');
  writeFileSync(join(where, 'phrase'), 'some words\n');
  const recover = '--recover --phrase-file phrase --directory p2pchat://127.0.0.1:1#ff';
  for (const [words, shown] of [
    ['', 'the screen, which asks who it is'],
    ['--password-file secret', 'the screen, of alice'],
    [`alice ${recover} --password-file secret`, 'the screen, of alice'],
    ['--plain --password-file secret', 'signed in as'],
  ]) {
    const session = open(where, `login ${words}`, { SCRIPTED_SCREEN: 'yes' });
    await session.waitForText(shown!);
    assert.doesNotMatch(session.output, /right enough/);
  }
});
