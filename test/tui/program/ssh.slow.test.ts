import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { test } from 'node:test';
import { ChatSession } from '../../support/chat-session.js';
import { noSsh, sshLine } from '../../support/ssh-line.js';
import { KEY } from '../../support/terminal.js';

/** A mobile line: 200 ms there and back, 64 kbit/s. */
const DELAY = 100;
const RATE = 8_000;
/** The handshakes of ssh alone are some twenty ways there and back. */
const SIGN_IN_MS = 120_000;
/** Of a key, at 120 × 36. */
const MOST = 200;

test('over ssh on a slow line one writes, reads back, opens the list and leaves; the terminal is as it was', {
  skip: noSsh(),
}, async (t) => {
  const line = sshLine(DELAY, RATE);
  const env = { CHAT_HISTORY: '500', CHAT_USER: 'ann' };
  const session = await ChatSession.start({ columns: 120, rows: 36, env }, line.wrap);
  const { terminal } = session;
  try {
    const began = performance.now();
    await terminal.waitFor((screen) => screen.has('F1 help'), 'the first picture', SIGN_IN_MS);
    t.diagnostic(`the first picture after ${Math.round(performance.now() - began)} ms, the login included`);
    terminal.write('/open @bob\r');
    await terminal.waitForText('499.');
    let most = 0;
    const first = performance.now();
    const typed = 'written over a slow line';
    for (let length = 1; length <= typed.length; length++) {
      const before = terminal.output.length;
      terminal.write(typed[length - 1]!);
      await terminal.waitForText(`› ${typed.slice(0, length)}`.trimEnd());
      most = Math.max(most, Buffer.byteLength(terminal.output.slice(before)));
    }
    t.diagnostic(`${most} bytes for a key at most; ${Math.round((performance.now() - first) / typed.length)} ms a key`);
    assert.ok(most <= MOST, `${most} bytes for a key`);
    terminal.write('\r');
    await terminal.waitFor((screen) => /ann … +written over a slow line/.test(screen.text), 'the message');
    session.receive('an answer over the line');
    await terminal.waitForText('an answer over the line');
    terminal.write(KEY.pageUp);
    await terminal.waitFor((screen) => !screen.has('an answer over the line'), 'a page back');
    terminal.write(KEY.end);
    await terminal.waitForText('an answer over the line');
    terminal.write(`${KEY.ctrl('k')}zzq`);
    await terminal.waitForText('zzq');
    // What follows an Escape in one piece is Alt with it: a person's next key comes later.
    terminal.write(KEY.escape);
    await terminal.waitFor((screen) => !screen.has('zzq'), 'the list is closed');
    terminal.write('/quit\r');
    assert.equal(await terminal.exit, 0);
    assert.ok(!terminal.screen.alternate);
  } finally {
    await session.close();
    line.close();
  }
});
