import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChatSession } from '../../support/chat-session.js';

async function at(columns: number, rows: number, body: (session: ChatSession) => Promise<void>): Promise<void> {
  const session = await ChatSession.open({ columns, rows });
  try {
    await body(session);
  } finally {
    await session.close();
  }
}

const WORDS = 'word '.repeat(60).trim();

test('at 60 columns the list folds and a text has 36 columns and more', () =>
  at(60, 15, async (session) => {
    const { terminal } = session;
    session.receive(WORDS);
    session.receive('the last one.');
    await terminal.waitForText('the last one.');
    const widest = Math.max(
      ...terminal.screen.lines.map((line) => (line.match(/(?:word ?)+$/)?.[0] ?? '').trimEnd().length),
    );
    assert.ok(widest >= 34, `${widest}\n${terminal.screen.text}`);
    terminal.write('\x0b');
    await terminal.waitForText('Go to:');
    assert.ok(terminal.screen.has('@bob'));
  }));

test('at 250 columns no line is longer than an eye follows, and what runs from right to left is near', () =>
  at(250, 60, async (session) => {
    const { terminal } = session;
    session.receive('שלום לכולם');
    session.receive(WORDS);
    await terminal.waitForText('word word');
    const row = terminal.screen.lines.find((line) => /[\u05d0-\u05ea]/.test(line))!;
    assert.ok(row.trimEnd().length <= 150, String(row.trimEnd().length));
    assert.ok(
      Math.max(...terminal.screen.lines.filter((line) => line.includes('word')).map(({ length }) => length)) <= 150,
    );
    terminal.write('\x1b[19~');
    await terminal.waitFor((screen) => !screen.has('People'), 'folded by F8');
  }));

test('a file offered to 25 people is one line that says how it stands, and F6 has each of them', () =>
  at(120, 36, async (session) => {
    const { terminal } = session;
    terminal.write('/open #class\r');
    await terminal.waitFor((screen) => screen.line(0).includes('# class'), 'the group');
    const offeredAt = new Date().toISOString();
    const offer = { direction: 'out', conversation: '#class', offeredAt } as const;
    for (let number = 0; number < 25; number++)
      session.transfer({ ...offer, id: `b${number}00`, peer: `pupil${number}` });
    await terminal.waitForText('to 25: … 25 waiting');
    session.transfer({ ...offer, id: 'b300', peer: 'pupil3', state: 'done', bytes: 24_000_000 });
    session.transfer({ ...offer, id: 'b400', peer: 'pupil4', state: 'running', bytes: 12_000_000 });
    session.transfer({ ...offer, id: 'b500', peer: 'pupil5', state: 'declined' });
    await terminal.waitForText('to 25: ✓ 1 have it · 1 on the way, 50 % · … 22');
    await terminal.waitForText('waiting · declined: pupil5');
    assert.equal(terminal.screen.lines.filter((line) => line.includes('slides.pdf')).length, 1);
    terminal.write('\x1b[17~');
    await terminal.waitForText('of 25');
  }));

test('the same trouble is told once until somebody says something', () =>
  at(100, 30, async (session) => {
    const { terminal } = session;
    const trouble = { event: 'error', code: 'directory-offline', message: 'Messages to lisa wait.', hint: '' } as const;
    for (let times = 0; times < 5; times++) session.emit(trouble);
    session.receive('meanwhile');
    await terminal.waitForText('meanwhile');
    assert.equal(terminal.screen.lines.filter((line) => line.includes('to lisa wait')).length, 1);
    session.emit(trouble);
    await terminal.waitFor(({ lines }) => lines.filter((line) => line.includes('to lisa wait')).length === 2, 'again');
  }));

test('a key costs no more than 200 bytes at 120 × 36, whatever stands on the screen', () =>
  at(120, 36, async (session) => {
    const { terminal } = session;
    for (let number = 0; number < 40; number++)
      session.receive(`👍 שלום https://example.org/${number} ${WORDS.slice(0, 50)}`);
    session.receive('the last one.');
    await terminal.waitForText('the last one.');
    let typed = '';
    for (const key of ['h', 'i', 'ש', '漢', 'x']) {
      const before = terminal.output.length;
      typed += key;
      terminal.write(key);
      await terminal.waitFor((screen) => screen.has(key) && terminal.output.length > before, typed);
      const bytes = Buffer.byteLength(terminal.output.slice(before));
      assert.ok(bytes <= 200, `${bytes} bytes for ${key}`);
    }
  }));
