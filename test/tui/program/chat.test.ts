import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChatSession } from '../../support/chat-session.js';
import { KEY, type TerminalInit, type TerminalSession } from '../../support/terminal.js';

type Body = (terminal: TerminalSession, session: ChatSession) => Promise<void>;

async function chatting(body: Body, init: TerminalInit = {}): Promise<void> {
  const session = await ChatSession.open(init);
  try {
    await body(session.terminal, session);
  } finally {
    await session.close();
  }
}

test('what is written stands in the log with its state, from queued to read', () =>
  chatting(async (terminal, session) => {
    terminal.write('hello bob\r');
    await terminal.waitFor((screen) => /ann … +hello bob/.test(screen.text), 'queued');
    session.emit({ event: 'sent', id: 'sent-1', conversation: '@bob', state: 'stored' });
    await terminal.waitFor((screen) => /ann ↑ +hello bob/.test(screen.text), 'stored');
    session.emit({ event: 'sent', id: 'sent-1', conversation: '@bob', state: 'delivered' });
    await terminal.waitFor((screen) => /ann ✓ +hello bob/.test(screen.text), 'delivered');
    session.emit({ event: 'sent', id: 'sent-1', conversation: '@bob', state: 'read' });
    await terminal.waitFor((screen) => /ann ✓✓ hello bob/.test(screen.text), 'read');
  }));

test('messages elsewhere are counted, mentions marked, and opening them by keyboard or mouse reads them', () =>
  chatting(async (terminal, session) => {
    session.receive('one', { conversation: '#lobby', from: 'eve' });
    session.receive('@ann two', { conversation: '#lobby', from: 'eve' });
    session.receive('three', { conversation: '@carol', from: 'carol' });
    await terminal.waitFor((screen) => /# lobby +@2/.test(screen.text) && /carol +1/.test(screen.text), 'counts');
    await terminal.waitForText('3 unread');
    terminal.write(KEY.altUp);
    await terminal.waitFor((screen) => screen.has('─ new ─') && screen.has('@ann two'), 'the lobby');
    await terminal.waitForText('1 unread');
    const row = terminal.screen.find('carol');
    terminal.write(`\x1b[<0;5;${row + 1}M\x1b[<0;5;${row + 1}m`);
    await terminal.waitFor((screen) => screen.has('three') && !screen.has('unread'), 'carol by mouse');
  }));

test('a command opens the conversation it writes in, an unknown one names the nearest', () =>
  chatting(async (terminal) => {
    terminal.write('/msgto eve good morning\r');
    await terminal.waitFor((screen) => /○ eve/.test(screen.line(0)) && /ann … +good morning/.test(screen.text), 'eve');
    terminal.write('/mgsto bob x\r');
    await terminal.waitForText("Did you mean 'msgto'?");
    terminal.write('/theme pink\r');
    await terminal.waitForText('Usage: /theme dark|light|contrast|plain');
  }));

test('Tab completes commands and names, and shows what there is to choose from', () =>
  chatting(async (terminal, session) => {
    session.emit({ event: 'presence', user: 'carol', state: 'online' });
    session.emit({ event: 'presence', user: 'carla', state: 'online' });
    terminal.write('/ms\t');
    await terminal.waitForText('› /msgto');
    terminal.write('c\t');
    await terminal.waitForText('carla  carol');
    assert.ok(terminal.screen.has('› /msgto car'));
    terminal.write('\t\t');
    await terminal.waitForText('› /msgto carol');
  }));

test('several lines are written and sent as one; pasting many asks first', () =>
  chatting(async (terminal) => {
    terminal.write(`one${KEY.altEnter}two`);
    await terminal.waitFor((screen) => screen.has('› one') && screen.has('  two'), 'two lines');
    terminal.write('\r');
    await terminal.waitFor((screen) => /ann … +one/.test(screen.text), 'sent');
    terminal.write('\x1b[200~1\n2\n3\n4\n5\n6\x1b[201~');
    await terminal.waitForText('Paste 6 lines?');
    terminal.write(KEY.escape);
    await terminal.waitFor((screen) => !screen.has('Paste 6 lines?'), 'dropped');
    terminal.write('\x1b[200~a\nb\x1b[201~');
    await terminal.waitFor((screen) => screen.has('› a') && screen.has('  b'), 'pasted without sending');
  }));

test('a secret is asked for without showing it', () =>
  chatting(async (terminal) => {
    terminal.write('/passwd\r');
    await terminal.waitForText('Current password:');
    terminal.write('hunter2');
    await terminal.waitForText('Current password: •••••••');
    terminal.write('\r');
    await terminal.waitForText('New password:');
    terminal.write(KEY.escape);
    await terminal.waitForText('The password was not given.');
    assert.ok(!terminal.output.includes('hunter2'));
  }));

test('searching shows the places found and walks through them', () =>
  chatting(async (terminal, session) => {
    session.receive('the red train');
    for (let number = 0; number < 60; number++) session.receive(`filler ${number}`);
    session.receive('a green train');
    await terminal.waitForText('a green train');
    terminal.write(`${KEY.ctrl('f')}train\r`);
    await terminal.waitForText('2 of 2');
    terminal.write(KEY.up);
    await terminal.waitFor((screen) => screen.has('1 of 2') && screen.has('the red train'), 'the older place');
    const row = terminal.screen.find('the red train');
    const at = terminal.screen.line(row).indexOf('train');
    assert.notDeepEqual(terminal.screen.cell(at, row).look, terminal.screen.cell(at - 2, row).look);
    terminal.write(KEY.escape);
    await terminal.waitForText('a green train');
  }));

test('reading back stays where it is while messages arrive', () =>
  chatting(async (terminal, session) => {
    for (let number = 0; number < 100; number++) session.receive(`line ${number}.`);
    await terminal.waitForText('line 99.');
    terminal.write(KEY.pageUp);
    await terminal.waitForText('reading back');
    const before = terminal.screen.line(5);
    session.receive('newest');
    await terminal.waitForText('1 unread');
    assert.equal(terminal.screen.line(5), before);
    terminal.write(KEY.end);
    await terminal.waitForText('newest');
  }));

test('a lost directory is shown with the time of the next try', () =>
  chatting(async (terminal, session) => {
    session.emit({ event: 'directory', state: 'offline', retryIn: 3_000 });
    await terminal.waitForText('directory offline, next try in 3 s');
    await terminal.waitForText('next try in 1 s');
    session.emit({ event: 'directory', state: 'online' });
    await terminal.waitForText('● directory');
  }));

test('a changed identity is said where it matters', () =>
  chatting(async (terminal, session) => {
    session.emit({ event: 'trust', user: 'bob', change: 'changed', fingerprint: 'f' });
    await terminal.waitForText('identity changed: /verify');
    await terminal.waitForText('nothing is sent until you accept');
  }));

test('resizing paints anew, down to very small and back', () =>
  chatting(async (terminal, session) => {
    session.receive('stay with me');
    await terminal.waitForText('stay with me');
    terminal.resize(50, 12);
    await terminal.waitFor(
      (screen) => screen.has('stay with me') && !screen.has('p2pchat ·'),
      'narrow, without the sidebar',
    );
    terminal.resize(10, 3);
    await terminal.waitForText('Too small');
    terminal.resize(120, 40);
    await terminal.waitFor((screen) => screen.has('p2pchat · ann') && screen.line(39).includes('F1 help'), 'large');
  }));

test('the help lists commands and keys; ? opens it on an empty line only', () =>
  chatting(async (terminal) => {
    terminal.write('what');
    terminal.write('?');
    await terminal.waitForText('› what?');
    terminal.write(`${KEY.ctrl('c')}?`);
    await terminal.waitForText('/msgto USER TEXT');
    terminal.write(KEY.escape);
    await terminal.waitFor((screen) => !screen.has('/msgto USER TEXT'), 'closed');
  }));

test('the mouse can be given to the terminal and taken back', () =>
  chatting(async (terminal) => {
    assert.equal(terminal.screen.modes.mouseTrackingMode, 'vt200');
    terminal.write(KEY.f2);
    await terminal.waitForText('Mouse off');
    assert.equal(terminal.screen.modes.mouseTrackingMode, 'none');
    terminal.write(KEY.f2);
    await terminal.waitForText('Mouse on');
    assert.equal(terminal.screen.modes.mouseTrackingMode, 'vt200');
  }));

test('NO_COLOR leaves no colour anywhere, in whatever theme', () =>
  chatting(
    async (terminal, session) => {
      session.receive('hi');
      await terminal.waitForText('direct link');
      terminal.write(KEY.f3);
      await terminal.waitForText('Theme:');
      for (let y = 0; y < 30; y++)
        for (let x = 0; x < 100; x++) {
          const { fg, bg } = terminal.screen.cell(x, y).look;
          assert.deepEqual({ fg, bg }, { fg: -1, bg: -1 });
        }
    },
    { env: { NO_COLOR: '1' } },
  ));

test('the bell rings for what is not in sight, without its text', () =>
  chatting(async (terminal, session) => {
    session.receive('in sight');
    await terminal.waitForText('in sight');
    assert.ok(!terminal.output.includes('\x07'));
    session.receive('secret text', { conversation: '@eve', from: 'eve' });
    await terminal.waitForText('1 unread');
    assert.ok(terminal.output.includes('\x07'));
    assert.ok(!terminal.output.includes('secret text'));
  }));

test('the checklist of the first minutes ticks itself', () =>
  chatting(
    async (terminal, session) => {
      await terminal.waitForText('☐ Say hi');
      terminal.write('hi\r');
      await terminal.waitForText('☑ Say hi');
      session.emit({ event: 'sent', id: 'sent-1', conversation: '@bob', state: 'delivered' });
      await terminal.waitForText('☑ Reach someone');
      session.emit({ event: 'trust', user: 'bob', change: 'verified', fingerprint: 'f' });
      await terminal.waitFor((screen) => !screen.has('First minutes'), 'gone when done');
    },
    { env: { CHAT_CHECKLIST: 'yes' } },
  ));
