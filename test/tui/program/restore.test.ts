import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChatSession } from '../../support/chat-session.js';
import type { ScreenText } from '../../support/terminal.js';

/** A shell that prints the terminal's settings before and after, and the status in between. */
const SHELL = ['sh', '-c', 'stty -g; "$@"; echo "status:$?"; stty -g; echo over', 'sh'];

/** Everything of the terminal that a program may leave behind. */
function left({ alternate, modes }: ScreenText, output: string): unknown {
  return {
    alternate,
    paste: modes.bracketedPasteMode,
    focus: modes.sendFocusMode,
    mouse: modes.mouseTrackingMode,
    wraps: modes.wraparoundMode,
    keypad: modes.applicationKeypadMode,
    cursorHidden: output.lastIndexOf('\x1b[?25l') > output.lastIndexOf('\x1b[?25h'),
    bidi: output.lastIndexOf('\x1b[8h') > output.lastIndexOf('\x1b[8l'),
    sgrMouse: output.lastIndexOf('\x1b[?1006h') > output.lastIndexOf('\x1b[?1006l'),
  };
}

const UNTOUCHED = {
  alternate: false,
  paste: false,
  focus: false,
  mouse: 'none',
  wraps: true,
  keypad: false,
  cursorHidden: false,
  bidi: true,
  sgrMouse: false,
};

async function ends(
  how: (session: ChatSession) => void,
): Promise<{ readonly status: string; readonly screen: ScreenText }> {
  const session = await ChatSession.open({}, SHELL);
  const { terminal } = session;
  try {
    assert.equal(terminal.screen.alternate, true);
    assert.equal(terminal.screen.modes.bracketedPasteMode, true);
    how(session);
    await terminal.waitForText('over');
    const settings = terminal.screen.lines.filter((line) => /^[0-9a-f:]{20,}$/.test(line));
    assert.equal(settings.length, 2, terminal.screen.text);
    assert.equal(settings[0], settings[1], 'stty');
    assert.deepEqual(left(terminal.screen, terminal.output), UNTOUCHED);
    assert.deepEqual(terminal.screen.cell(0, terminal.screen.find('over')).look, terminal.screen.cell(0, 0).look);
    return { status: /status:(\d+)/.exec(terminal.screen.text)?.[1] ?? '', screen: terminal.screen };
  } finally {
    await session.close();
  }
}

for (const [signal, status] of [
  ['SIGTERM', '143'],
  ['SIGHUP', '129'],
  ['SIGINT', '130'],
] as const) {
  test(`X2 ${signal} leaves the terminal as it was, with status ${status}`, async () => {
    assert.equal((await ends((session) => session.signal(signal))).status, status);
  });
}

test('X2 an error nobody caught leaves the terminal as it was, with a message and status 1', async () => {
  const { status, screen } = await ends((session) => session.breakIt());
  assert.equal(status, '1');
  assert.ok(screen.has('broken on purpose'));
});

test('X2 where the peer ends by itself, why is said when the terminal is back', async () => {
  const { status, screen } = await ends((session) => {
    session.emit({ event: 'error', code: 'revoked', message: 'This device was revoked.', hint: 'Log in again.' });
    session.end();
  });
  assert.equal(status, '0');
  assert.ok(screen.has('This device was revoked. Log in again.'));
});

test('X2 leaving by /quit leaves the terminal as it was', async () => {
  assert.equal((await ends((session) => session.terminal.write('/quit\r'))).status, '0');
});

test('X2 Ctrl+C twice on an empty line leaves', async () => {
  assert.equal((await ends((session) => session.terminal.write('text\x03\x03\x03'))).status, '0');
});
