import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ChatSession } from '../../support/chat-session.js';
import { KEY, type ScreenText } from '../../support/terminal.js';

const openIs = (name: string) => (screen: ScreenText) => new RegExp(`^[^│]*│ [○●#]+ *${name}\\b`).test(screen.line(0));

test('Ctrl+K goes to a conversation, a person or a command by some letters of it', async () => {
  const session = await ChatSession.open();
  const { terminal } = session;
  try {
    session.receive('hi', { conversation: '#lobby', from: 'eve' });
    session.receive('@ann look', { conversation: '#build-logs', from: 'eve' });
    session.emit({ event: 'presence', user: 'theodora', state: 'online' });
    await terminal.waitForText('build-logs');
    terminal.write(KEY.ctrl('k'));
    await terminal.waitFor((screen) => /#build-logs .*@1/.test(screen.line(1)), 'what names one comes first');
    assert.match(terminal.screen.line(2), /#lobby .*1/);
    terminal.write('tdr');
    await terminal.waitFor((screen) => screen.has('@theodora') && !screen.has('#lobby'), 'by letters');
    terminal.write('\r');
    await terminal.waitFor(openIs('theodora'), 'a person without a conversation');
    terminal.write(`${KEY.ctrl('k')}lobby\r`);
    await terminal.waitFor(openIs('lobby'), 'a group');
    terminal.write(`${KEY.ctrl('k')}/actv\r`);
    await terminal.waitForText('› /activeuser');
    terminal.write(`${KEY.ctrl('c')}${KEY.ctrl('k')}zzz`);
    await terminal.waitForText('Nothing has these letters');
    terminal.write(KEY.escape);
    await terminal.waitFor((screen) => !screen.has('Nothing has'), 'closed');
  } finally {
    await session.close();
  }
});

test('a conversation keeps its number as others come, and over a restart; a draft stays where it was written', async () => {
  const home = mkdtempSync(join(tmpdir(), 'p2pchat-notes-'));
  let session = await ChatSession.open({ env: { CHAT_HOME: home } });
  try {
    let { terminal } = session;
    session.receive('hello', { conversation: '@zoe', from: 'zoe' });
    await terminal.waitFor((screen) => /2 ○ zoe/.test(screen.text), 'zoe is 2');
    session.receive('hello', { conversation: '@anton', from: 'anton' });
    session.receive('hello', { conversation: '#aa', from: 'zoe' });
    await terminal.waitFor((screen) => /4 # aa/.test(screen.text) && /3 ○ anton/.test(screen.text), 'the next ones');
    terminal.write('\x1b2');
    await terminal.waitFor(openIs('zoe'), 'Alt+2 is still zoe');
    terminal.write('/number 7\r');
    await terminal.waitFor((screen) => /7 ○ zoe/.test(screen.text), 'zoe is 7');
    terminal.write(`not sent yet${KEY.altEnter}second line`);
    await terminal.waitForText('second line');
    terminal.write('\x1b1');
    await terminal.waitFor((screen) => openIs('bob')(screen) && /zoe +draft/.test(screen.text), 'the draft is marked');
    terminal.write('for bob');
    await terminal.waitForText('› for bob');
    session.signal('SIGTERM');
    assert.equal(await terminal.exit, 143);
    await session.close();

    session = await ChatSession.start({ env: { CHAT_HOME: home, CHAT_USER: 'ann' } });
    terminal = session.terminal;
    await terminal.waitFor((screen) => /7 ○ zoe +draft/.test(screen.text) && /4 # aa/.test(screen.text), 'as before');
    terminal.write('\x1b7');
    await terminal.waitFor((screen) => screen.has('› not sent yet') && screen.has('second line'), 'the draft');
    terminal.write('\r\x1b1');
    await terminal.waitForText('› for bob');
    session.signal('SIGTERM');
    await terminal.exit;
    await session.close();

    session = await ChatSession.start({ env: { CHAT_HOME: home, CHAT_USER: 'ann' } });
    terminal = session.terminal;
    await terminal.waitFor((screen) => /1 ○ bob +draft/.test(screen.text), 'the other draft is still there');
    assert.doesNotMatch(terminal.screen.text, /zoe +draft/);
  } finally {
    await session.close();
    rmSync(home, { recursive: true, force: true });
  }
});

test('mentions and unread have lists; choosing one shows it', async () => {
  const session = await ChatSession.open();
  const { terminal } = session;
  try {
    session.receive('ask @ann about it', { conversation: '#lobby', from: 'eve' });
    for (let number = 0; number < 60; number++)
      session.receive(`filler ${number}`, { conversation: '#lobby', from: 'eve' });
    session.receive('ann is not named here', { conversation: '@carol', from: 'carol' });
    await terminal.waitForText('62 unread');
    terminal.write('\x1bu');
    await terminal.waitFor((screen) => screen.has('Unread:') && /@carol .*1/.test(screen.text), 'the unread');
    terminal.write(KEY.escape);
    await terminal.waitFor((screen) => !screen.has('Unread:'), 'closed');
    terminal.write('/mentions\r');
    await terminal.waitForText('ask @ann about it');
    assert.ok(!terminal.screen.has('is not named'));
    terminal.write('\r');
    await terminal.waitFor(
      (screen) => openIs('lobby')(screen) && screen.has('ask @ann about it') && screen.has('reading back'),
      'the message where it stands',
    );
  } finally {
    await session.close();
  }
});
