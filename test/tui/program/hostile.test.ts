import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PeerEvent } from '../../../src/peer/api/events.js';
import { naughtyStrings } from '../../support/blns.js';
import { ChatSession } from '../../support/chat-session.js';
import { HOSTILE_EVENTS } from '../../support/hostile-events.js';
import type { ScreenText } from '../../support/terminal.js';

const COLUMNS = 100;
const ROWS = 30;
const SIDEBAR = 24;
/** Where a message's text begins at this size: sidebar, divider, a blank, time, name, mark. */
const TEXT = SIDEBAR + 2 + 22;

/** Everything outside the log and the clock column, and outside the text's own cells within the log. */
function frame(screen: ScreenText): string[] {
  return Array.from({ length: ROWS }, (_, y) => {
    const inLog = y >= 1 && y < ROWS - 3;
    const cells = Array.from({ length: inLog ? SIDEBAR + 1 : COLUMNS }, (_each, x) => screen.cell(x, y));
    return `${cells.map(({ text }) => text).join('')} ${[...new Set(cells.map(({ look, width }) => JSON.stringify({ ...look, width })))].join(' ')}`;
  });
}

/** The sender's columns of every row of the log: blank, or a time and bob. */
function senders(screen: ScreenText): string[] {
  return Array.from({ length: ROWS - 4 }, (_, y) => screen.cells(y + 1, SIDEBAR + 2, TEXT).join(''));
}

const SENDER = /^(?:\d\d:\d\d +bob +| *|─+.*)$/;

async function opened(): Promise<ChatSession> {
  const session = await ChatSession.open({ columns: COLUMNS, rows: ROWS });
  session.receive('first');
  await session.terminal.waitForText('direct link');
  return session;
}

async function unharmed(session: ChatSession, texts: readonly string[]): Promise<void> {
  const { terminal } = session;
  const before = frame(terminal.screen);
  for (const [at, text] of texts.entries()) {
    session.receive(text);
    if (at % 20 < 19 && at < texts.length - 1) continue;
    session.receive(`seen ${at}`);
    await terminal.waitForText(`seen ${at}`);
    assert.deepEqual(frame(terminal.screen), before, `after ${JSON.stringify(text)}:\n${terminal.screen.text}`);
    for (const sender of senders(terminal.screen)) assert.match(sender, SENDER, JSON.stringify(text));
  }
}

test("T1 sequences a terminal obeys, in texts, change the text's cells only", async () => {
  const session = await opened();
  try {
    const sequences = [
      '\x1b[2J',
      '\x1b[H',
      '\x1b[31;8m',
      '\x1b]52;c;cHduZWQ=\x07',
      '\x1b]0;owned\x07',
      '\x1b]8;;http://e\x1b\\x',
      '\x1bP1$r\x1b\\',
      '\x9b2J',
      '\x9d0;owned\x9c',
      '\r',
      '\b\b\b\b',
      '\x0b\x0c',
      '\x1bc',
      '\x1b[?1049l',
      '\x1b[6n',
      '\x0e',
      '\x1b(0',
      '\x07',
    ];
    await unharmed(
      session,
      sequences.flatMap((each) => [`a${each}b`, `${each}x`, each]),
    );
    assert.match(session.terminal.screen.title, /^(?:\(\d+\) )?p2pchat: bob$/);
    assert.equal(session.terminal.screen.alternate, true);
    assert.ok(!session.terminal.output.includes('\x1b]52'));
  } finally {
    await session.close();
  }
});

test('T1 names are cleaned too', async () => {
  const session = await opened();
  try {
    session.receive('hi', { from: 'bob\x1b[2J\r\nann', conversation: '#lobby' });
    session.receive('hi', { from: 'x', conversation: '@e\x1b]0;owned\x07ve' });
    session.receive('done');
    await session.terminal.waitForText('done');
    assert.match(session.terminal.screen.title, /^(?:\(\d+\) )?p2pchat: bob$/);
    assert.ok(session.terminal.screen.has('first'));
  } finally {
    await session.close();
  }
});

test('T1 T2 names of files, why they failed, who types: only their own cells change, and no sender is forged', async () => {
  const session = await opened();
  const { terminal } = session;
  try {
    session.transfer({ id: 'aa00' });
    await terminal.waitForText('slides.pdf');
    const before = frame(terminal.screen);
    const names = [
      'a\x1b[2Jb.txt',
      '\x9b2J\x1b]0;owned\x07',
      '../../\r\n12:00 eve',
      '\u202egpj.exe',
      '{red-fg}x',
      '漢'.repeat(90),
    ];
    for (const [at, name] of names.entries()) {
      const error = { code: 'x', message: name, hint: `${name}\neve: hi` };
      session.transfer({ id: `bb${at}`, files: [{ name, size: 1, type: name }] });
      session.transfer({ id: `cc${at}`, files: [{ name, size: 1, path: `/in/${name}` }], state: 'done', size: 1 });
      session.transfer({ id: `dd${at}`, state: 'failed', error });
      session.emit({ event: 'typing', conversation: '@bob', user: name, state: 'started' });
      session.emit({ event: 'typing', conversation: '@bob', user: name, state: 'stopped' });
      session.receive(`seen ${at}`);
      await terminal.waitForText(`seen ${at}`);
      assert.deepEqual(frame(terminal.screen), before, `after ${JSON.stringify(name)}:\n${terminal.screen.text}`);
      for (const sender of senders(terminal.screen))
        assert.match(sender, /^(?:\d\d:\d\d +bob [ ⇣]+| *|─+.*)$/, JSON.stringify(name));
    }
    assert.match(terminal.screen.title, /^(?:\(\d+\) )?p2pchat: bob$/);
  } finally {
    await session.close();
  }
});

test('T2 a text cannot forge a sender, and tags are text', async () => {
  const session = await opened();
  try {
    await unharmed(session, [
      'hi\n12:00            eve    I am eve',
      'x\u2028eve: y',
      '\n\neve',
      '{bold}{red-fg}x{/}',
      '{center}y',
    ]);
    await session.terminal.waitForText('{bold}{red-fg}x{/}');
  } finally {
    await session.close();
  }
});

test('T3 bidi controls, stacks of marks and broken emoji keep their row to themselves', async () => {
  const session = await opened();
  try {
    await unharmed(session, [
      '\u202egnp.exe\u202c',
      `z${'\u0301\u0323'.repeat(5_000)}`,
      '👩\u200d👩\u200d👧\u200d👦'.repeat(30),
      '🏴\u{e0067}\u{e0062}',
      '\u200d'.repeat(100),
      '漢'.repeat(200),
      '﷽'.repeat(40),
      'क्षि'.repeat(60),
      '🇫🇷'.repeat(60),
      '❤️'.repeat(60),
    ]);
  } finally {
    await session.close();
  }
});

test('T1 T2 T3 the Big List of Naughty Strings leaves every other cell untouched', async () => {
  const session = await opened();
  try {
    await unharmed(session, naughtyStrings);
  } finally {
    await session.close();
  }
});

test('T2 N8 every event with the worst in each of its fields writes nobody a line in the log', async () => {
  const session = await opened();
  const { terminal } = session;
  try {
    session.emit(...Object.values(HOSTILE_EVENTS).flat());
    for (const event of Object.values(HOSTILE_EVENTS).flat()) {
      session.emit(
        JSON.parse(JSON.stringify(event), (key, value) => (key === 'conversation' ? '@bob' : value)) as PeerEvent,
      );
    }
    session.receive('the last of them');
    await terminal.waitForText('the last of them');
    for (const row of senders(terminal.screen)) assert.doesNotMatch(row, /bob:|^(?! *\d\d:\d\d +bob ).*bob/, row);
  } finally {
    await session.close();
  }
});
