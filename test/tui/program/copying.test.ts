import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChatSession } from '../../support/chat-session.js';
import { KEY, type TerminalInit, type TerminalSession } from '../../support/terminal.js';

async function chatting(
  body: (terminal: TerminalSession, session: ChatSession) => Promise<void>,
  init: TerminalInit = {},
): Promise<void> {
  const session = await ChatSession.open(init);
  try {
    await body(session.terminal, session);
  } finally {
    await session.close();
  }
}

const BEGINS = /\x1b\]8;id=[^;]*;([^\x1b]+)\x1b\\/g;
const ENDS = /\x1b\]8;;\x1b\\/g;

test('addresses can be clicked, over two rows as one, and every link ends', () =>
  chatting(async (terminal, session) => {
    const address = `https://example.org/${'part/'.repeat(20)}end`;
    session.receive(`look at ${address} and javascript:alert(1)`);
    await terminal.waitForText('alert(1)');
    const begun = Array.from(terminal.output.matchAll(BEGINS), ([, href]) => href);
    assert.ok(begun.length >= 2, 'the row and its continuation');
    assert.deepEqual(new Set(begun), new Set([address]));
    assert.equal(terminal.output.match(ENDS)?.length, begun.length);
    for (let number = 0; number < 40; number++) session.receive(`pushed out ${number}.`);
    await terminal.waitForText('pushed out 39.');
    assert.equal(terminal.output.match(ENDS)?.length, Array.from(terminal.output.matchAll(BEGINS)).length);
  }));

test('/copy and Alt+C put what was said into the clipboard of the terminal', () =>
  chatting(async (terminal, session) => {
    const copied = (text: string) => `\x1b]52;c;${Buffer.from(text).toString('base64')}\x07`;
    session.receive('the first, שלום');
    session.receive('the second');
    await terminal.waitForText('the second');
    assert.ok(!terminal.output.includes('\x1b]52'));
    terminal.write('/copy 2\r');
    await terminal.waitForText('are in the clipboard');
    assert.ok(terminal.output.includes(copied('the first, שלום')));
    terminal.write('\x1bc');
    await terminal.waitForText('Copy:');
    terminal.write('second\r');
    await terminal.waitFor(() => terminal.output.includes(copied('the second')), 'the second');
    terminal.write('/copy 99\r');
    await terminal.waitForText('no 99. thing');
  }));

test('the bare view has no frames, breaks nothing, and stands still until it is closed', () =>
  chatting(
    async (terminal, session) => {
      const line = `p2pchat login NAME --directory 'p2pchat://example.test:7700#${'k'.repeat(90)}'`;
      session.receive(line);
      await terminal.waitForText('p2pchat login');
      terminal.write('\x1b[18~');
      await terminal.waitForText('select with the mouse');
      const row = terminal.screen.find('p2pchat login');
      const shown = terminal.screen.lines.slice(row, row + 3).join('');
      assert.equal(shown, line);
      assert.ok(!terminal.screen.has('│'));
      const before = terminal.screen.text;
      session.receive('meanwhile');
      terminal.write('x');
      session.emit({ event: 'presence', user: 'bob', state: 'online' });
      terminal.write(KEY.escape);
      await terminal.waitFor((screen) => screen.has('meanwhile') && screen.has('│'), 'as before, and what came');
      assert.ok(!before.includes('meanwhile'));
    },
    { columns: 60, rows: 20 },
  ));

test('the window says what is open and how much is unread, and gets its name back', () =>
  chatting(async (terminal, session) => {
    await terminal.waitFor((screen) => screen.title === 'p2pchat: bob', 'the title');
    session.receive('one', { conversation: '#lobby', from: 'eve' });
    await terminal.waitFor((screen) => screen.title === '(1) p2pchat: bob', 'with a count');
    assert.ok(terminal.output.includes('\x1b[22;0t'));
    terminal.write('/quit\r');
    assert.equal(await terminal.exit, 0);
    assert.ok(terminal.output.includes('\x1b[23;0t'));
  }));
