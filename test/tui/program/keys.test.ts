import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChatSession } from '../../support/chat-session.js';
import { KEY_SEQUENCES } from '../../support/key-sequences.js';

/** Those by which a person ends it, or covers what the test looks for. */
const MEANT = /^\x1b\[(?:27;\d+;)?(?:99|100|113)/;

test('S16 the chat outlives every key, click and answer that a terminal can send', async () => {
  const session = await ChatSession.open({ columns: 100, rows: 30 });
  try {
    const harmless = KEY_SEQUENCES.filter((sequence) => !MEANT.test(sequence));
    for (let at = 0; at < harmless.length; at += 50) session.terminal.write(harmless.slice(at, at + 50).join(''));
    session.receive('still here');
    await session.terminal.waitFor(({ text }) => text.includes('bob') || text.includes('Help'), 'a screen');
    session.terminal.write('\x1b[27;1;27~');
    assert.ok(session.terminal.screen.text.trim() !== '');
  } finally {
    await session.close();
  }
});
