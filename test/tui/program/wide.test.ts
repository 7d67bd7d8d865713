import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChatSession } from '../../support/chat-session.js';
import { KEY, type ScreenText } from '../../support/terminal.js';

const COLUMNS = 100;
const TEXT = 48;
const EDITOR = 28;
/** The last column stays free. */
const END = COLUMNS - 1;

/** The cells of the text column in the row of the newest message. */
const newest = (screen: ScreenText): string[] => screen.cells(screen.rows - 4, TEXT, END);
const written = (screen: ScreenText): string[] => screen.cells(screen.rows - 2, EDITOR, END);

/** Cells as they should be: each grapheme in its own, '' behind a wide one, blanks up to the edge. */
function cells(graphemes: readonly string[], width: number, right = false): string[] {
  const filled = graphemes.flatMap((each) =>
    /^(?:\p{Extended_Pictographic}|\p{RI}|\p{Script=Han}|\p{Script=Hangul}|\p{Script=Hiragana})/u.test(each)
      ? [each, '']
      : [each],
  );
  const blank = Array.from({ length: width - filled.length }, () => ' ');
  return right ? [...blank, ...filled] : [...filled, ...blank];
}

async function shows(text: string, expected: readonly string[], right = false): Promise<void> {
  const session = await ChatSession.open({ columns: COLUMNS });
  try {
    session.receive(text);
    await session.terminal.waitForText('direct link');
    assert.deepEqual(newest(session.terminal.screen), cells(expected, END - TEXT, right));
  } finally {
    await session.close();
  }
}

test('Russian and Greek stand cell by cell', () => shows('Привет, Ωμέγα', [...'Привет, Ωμέγα']));

test('Chinese, Japanese and Korean take two cells each', () =>
  shows('a漢字b ひ한', ['a', '漢', '字', 'b', ' ', 'ひ', '한']));

test('after every emoji the row goes on where it should, however wide the terminal thinks it is', async () => {
  const session = await ChatSession.open({ columns: COLUMNS });
  try {
    session.receive('a👩\u200d💻b🇫🇷c👍🏽d❤\ufe0fe');
    await session.terminal.waitForText('direct link');
    const row = newest(session.terminal.screen);
    for (const [letter, cell] of [
      ['a', 0],
      ['b', 3],
      ['c', 6],
      ['d', 9],
      ['e', 12],
    ] as const)
      assert.equal(row[cell], letter);
    assert.deepEqual(row.slice(13), cells([], END - TEXT - 13));
  } finally {
    await session.close();
  }
});

test('an emoji that takes the place of other text leaves nothing of its parts behind', async () => {
  const session = await ChatSession.open({ columns: COLUMNS });
  const { terminal } = session;
  try {
    terminal.write('xy');
    await terminal.waitForText('› xy');
    terminal.write(`${KEY.home}👩\u200d👩\u200d👧`);
    await terminal.waitFor((screen) => written(screen)[2] === 'x', 'x behind the emoji');
    assert.deepEqual(written(terminal.screen).slice(2), cells(['x', 'y'], END - EDITOR - 2));
    assert.deepEqual(terminal.screen.cursor, { x: EDITOR + 2, y: terminal.screen.rows - 2 });
    terminal.write(KEY.backspace);
    await terminal.waitFor((screen) => written(screen)[0] === 'x', 'x alone');
    assert.deepEqual(written(terminal.screen), cells(['x', 'y'], END - EDITOR));
  } finally {
    await session.close();
  }
});

test('Hebrew stands at the right edge, reordered cell by cell', () =>
  shows('שלום (world) 12', [...'12 (world) םולש'], true));

test('Persian is joined and reordered, a ligature in one cell', () =>
  shows('سلام دنیا', ['ﺎ', 'ﯿ', 'ﻧ', 'ﺩ', ' ', 'ﻡ', 'ﻼ', 'ﺳ'], true));

test('vowel points stay in their letter’s cell', () =>
  shows(
    'שָׁלוֹם',
    ['ם', 'וֹ', 'ל', 'שָׁ'].map((each) => each.normalize('NFC')),
    true,
  ));

test('writing Hebrew moves the caret to the left, and the text at the right edge', async () => {
  const session = await ChatSession.open({ columns: COLUMNS });
  const { terminal } = session;
  try {
    terminal.write('שלום');
    await terminal.waitForText('םולש');
    assert.equal(written(terminal.screen).join('').trim(), 'םולש');
    assert.deepEqual(terminal.screen.cursor, { x: END - 6, y: terminal.screen.rows - 2 });
    terminal.write(KEY.left);
    await terminal.waitFor((screen) => screen.cursor.x === END - 5, 'the caret on the last letter');
    terminal.write(`${KEY.backspace}x`);
    await terminal.waitForText('םxלש');
  } finally {
    await session.close();
  }
});

test('where the terminal reorders, it is told so and gets the text as it was written', async () => {
  const session = await ChatSession.open({ columns: COLUMNS, env: { CHAT_BIDI: 'terminal' } });
  try {
    session.receive('שלום');
    await session.terminal.waitForText('שלום');
    assert.ok(session.terminal.output.includes('\x1b[8h'));
  } finally {
    await session.close();
  }
});
