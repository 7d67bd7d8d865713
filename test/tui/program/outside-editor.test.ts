import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ChatSession } from '../../support/chat-session.js';
import type { TerminalSession } from '../../support/terminal.js';

const ALT_E = '\x1be';

/** With an editor that is a shell script: it shows what it was given, and waits for a line as a person's answer. */
async function editing(
  script: string,
  body: (terminal: TerminalSession, session: ChatSession, home: string) => Promise<void>,
) {
  const home = mkdtempSync(join(tmpdir(), 'p2pchat-editor-'));
  const path = join(home, 'editor');
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const session = await ChatSession.open({ env: { CHAT_HOME: home, VISUAL: `${path} -x`, EDITOR: '/nowhere' } });
  try {
    await body(session.terminal, session, home);
    assert.ok(!readdirSync(home).some((name) => name.startsWith('edit-')), 'nothing of it is left');
  } finally {
    await session.close();
    rmSync(home, { recursive: true, force: true });
  }
}

const ASKS =
  'trap "" INT; stat -c %a "$2"; cat "$2"; echo "what now?"; read -r answer; echo "$answer" >> "$2"; echo second >> "$2"';

test('Alt+E goes on writing in the editor of VISUAL; what comes meanwhile is there afterwards, and nothing is sent', () =>
  editing(ASKS, async (terminal, session) => {
    terminal.write(`from the line${ALT_E}`);
    await terminal.waitFor(
      (screen) => screen.has('what now?') && screen.has('600'),
      'the editor, and a file of our own',
    );
    assert.ok(terminal.screen.has('from the line') && !terminal.screen.has('F1 help'), 'the terminal is the editor’s');
    session.receive('said meanwhile');
    terminal.write('\x03from the editor\r');
    await terminal.waitFor(
      (screen) => screen.has('said meanwhile') && screen.has('from the editor') && screen.has('second'),
      'the chat, with all of it',
    );
    assert.ok(!terminal.screen.has('ann from'), 'nothing was sent');
  }));

test('an editor that ends with an error leaves the line as it was', () =>
  editing('echo spoiled > "$2"; exit 3', async (terminal) => {
    terminal.write(`kept as it is${ALT_E}`);
    await terminal.waitFor((screen) => screen.has('ended with status 3') && screen.has('kept as it is'), 'the error');
    assert.ok(!terminal.screen.has('spoiled'));
  }));

test('what a program that was killed has left is gone with the next text; what is too long for a line stays in a file', () =>
  editing('head -c 5000000 /dev/zero | tr "\\\\0" x > "$2"', async (terminal, _session, home) => {
    mkdirSync(join(home, 'edit-left'));
    terminal.write(ALT_E);
    await terminal.waitForText('too long for the line');
    const [kept] = readdirSync(home).filter((name) => name.startsWith('too-long-'));
    assert.equal(statSync(join(home, kept!, 'message.txt')).size, 5_000_000);
  }));
