import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseTheme } from '../../../src/tui/paint/theme.js';
import { bidiMode } from '../../../src/tui/screen/bidi-mode.js';
import { desktopNotice } from '../../../src/tui/screen/notice.js';
import { canShowScreen } from '../../../src/tui/screen/terminal.js';

const TTY = { isTTY: true };

test('a full screen is shown only where both ends are terminals that can', () => {
  assert.equal(canShowScreen(TTY, TTY, { TERM: 'xterm-256color' }), true);
  assert.equal(canShowScreen(TTY, {}, { TERM: 'xterm' }), false);
  assert.equal(canShowScreen({}, TTY, { TERM: 'xterm' }), false);
  assert.equal(canShowScreen(TTY, TTY, { TERM: 'dumb' }), false);
});

test('terminals that always reorder are left to it, unless something else is asked for', () => {
  assert.equal(bidiMode('auto', { TERM: 'xterm' }), 'app');
  assert.equal(bidiMode('auto', { KONSOLE_VERSION: '230800' }), 'terminal');
  assert.equal(bidiMode('auto', { KONSOLE_VERSION: '230800', TMUX: '/tmp/x' }), 'app');
  assert.equal(bidiMode('app', { KONSOLE_VERSION: '230800' }), 'app');
  assert.equal(bidiMode('off', {}), 'off');
});

test('T1 a desktop notification is plain text, and sent only to terminals that show it', () => {
  assert.equal(desktopNotice('New message: @bob', { TERM: 'xterm' }), '');
  assert.equal(desktopNotice('a\x1b]0;x\x07b', { TERM: 'xterm-kitty' }), '\x1b]9;a]0;xb\x1b\\');
  assert.equal(desktopNotice('a;b', { VTE_VERSION: '7000' }), '\x1b]777;notify;p2pchat;a,b\x1b\\');
});

test('NO_COLOR wins over any theme, unless it is empty', () => {
  const plain = chooseTheme('plain', {});
  assert.equal(chooseTheme('dark', { NO_COLOR: '1' }), plain);
  assert.notEqual(chooseTheme('dark', { NO_COLOR: '' }), plain);
  assert.ok(Object.values(plain).every(({ fg, bg }) => fg === -1 && bg === -1));
});
