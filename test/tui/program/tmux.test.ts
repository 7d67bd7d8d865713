import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { ChatSession } from '../../support/chat-session.js';

const tmux = spawnSync('tmux', ['-V']).status === 0;

test('under tmux the chat looks and ends as it does elsewhere', {
  skip: tmux ? false : 'tmux is not installed',
}, async () => {
  const server = `p2pchat-${randomUUID()}`;
  const session = await ChatSession.open({}, ['tmux', '-L', server, '-f', '/dev/null', 'new-session']);
  const { terminal } = session;
  try {
    session.receive('hello 漢字 שלום');
    await terminal.waitForText('hello 漢字 םולש');
    terminal.write('an answer\r');
    await terminal.waitFor((screen) => /ann … +an answer/.test(screen.text), 'the answer');
    assert.ok(terminal.screen.has('│'));
    terminal.write('/quit\r');
    assert.equal(await terminal.exit, 0);
  } finally {
    spawnSync('tmux', ['-L', server, 'kill-server']);
    await session.close();
  }
});
