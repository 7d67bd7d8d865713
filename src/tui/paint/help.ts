import { STATE_LEGEND } from '../log/rows.js';
import { fit, textWidth } from '../text/glyphs.js';
import { layout } from '../text/layout.js';
import type { Grid, Rect } from './grid.js';
import type { ChatScene } from './scene.js';
import type { Style } from './theme.js';

/** Every key of the chat, as the help lists them. */
const KEYS: readonly (readonly [string, string])[] = [
  ['Enter', 'send'],
  ['Alt+Enter, Ctrl+J', 'new line'],
  ['Pasting much', 'asks first: more than a message holds goes as a file, or stays in the line'],
  ['Tab, Shift+Tab', 'complete a command, a name or a path'],
  ['↑ ↓', 'line up or down, then what you sent before'],
  ['Ctrl+K', 'go to a conversation, a person or a command by some letters of it'],
  ['Alt+1 … Alt+9, Alt+0', 'conversation by its number, which it keeps; the program’s own page'],
  ['Alt+↑ ↓, Ctrl+P, Ctrl+N', 'conversation before, after'],
  ['Alt+A, Alt+U', 'next conversation with something unread; a list of them'],
  ['Alt+M', 'what names you, in all conversations'],
  ['PgUp, PgDn', 'read back, read on; End on an empty line returns'],
  ['Ctrl+F', 'search in this conversation'],
  ['Alt+R', 'reply to the newest message; again, to the one before; Esc: no reply'],
  ['Alt+T', 'what is answered in this conversation, with all answers'],
  ['```', 'on a line of its own, before and after: code'],
  ['Alt+Y, Alt+N', 'take, refuse the newest file offered here'],
  ['Ctrl+A, Ctrl+E', 'start, end of the line'],
  ['Ctrl+W, Ctrl+U, Alt+K', 'cut a word, to the start, to the end'],
  ['Ctrl+Y', 'put back what was cut'],
  ['Ctrl+Z, Ctrl+_', 'undo'],
  ['F1, ?', 'this help'],
  ['F2', 'mouse on or off (off: the terminal selects text)'],
  ['F3', 'next theme'],
  ['F4', 'close the list of the first minutes'],
  ['F5', 'who is in this group, beside the log'],
  ['F6', 'all transfers'],
  ['F7', 'this conversation without frames, for selecting with the mouse'],
  ['F8', 'the list of conversations, where there is room (76 columns)'],
  ['Alt+E', 'go on writing in your own editor (VISUAL or EDITOR)'],
  ['Alt+C', 'copy something said here into the terminal’s clipboard'],
  ['Ctrl+L', 'paint the screen anew'],
  ['Ctrl+C', 'empty the line; twice on an empty one: leave'],
];

const MARKS: readonly (readonly [string, string])[] = [
  ['✓3', 'in a group: three have read it'],
  ['● ◐ ○', 'here, away, not here'],
  ['◌', 'here, but does not answer at the moment'],
  ['✓ !', 'verified; identity changed, or a device was revoked'],
];

interface HelpLine {
  readonly left: string;
  readonly right: string;
  readonly style: Style;
}

const COMMANDS = 'Commands';

/** Wider than this, what stands at the left gets a row of its own. */
const COLUMN = 30;

type Entry = readonly [string, string];

/** A name and what it means, in as many rows as that takes. */
function entryLines([left, right]: Entry, width: number): HelpLine[] {
  const rows = wrapped(right, Math.max(10, width - COLUMN - 5));
  const own = textWidth(left) > COLUMN;
  const [first = '', ...more] = own ? ['', ...rows] : rows;
  return [
    { left, right: first, style: 'strong' },
    ...more.map((row): HelpLine => ({ left: '', right: row, style: 'text' })),
  ];
}

function wrapped(text: string, cells: number): string[] {
  return layout(text, cells, 'off').map(({ from, to }) => text.slice(from, to).trim());
}

function section(title: string, entries: readonly Entry[], width: number): HelpLine[] {
  return [
    { left: title, right: '', style: 'title' },
    ...entries.flatMap((entry) => entryLines(entry, width)),
    { left: '', right: '', style: 'text' },
  ];
}

function helpLines({ commands }: ChatScene, width: number): HelpLine[] {
  const states: readonly Entry[] = STATE_LEGEND.map(({ text, state }) => [text, `your message is ${state}`]);
  return [
    ...section('Keys', KEYS, width),
    ...section('Marks', [...states, ...MARKS], width),
    ...section(
      COMMANDS,
      commands.map(({ usage, about }) => [usage, about]),
      width,
    ),
  ];
}

/** The row at which the commands begin. */
export const commandsRow = (scene: ChatScene, width: number): number =>
  helpLines(scene, width).findIndex(({ left, style }) => left === COMMANDS && style === 'title');

/** How far the help can be scrolled on a screen of that size. */
export const helpEnd = (scene: ChatScene, width: number, height: number): number =>
  Math.max(0, helpLines(scene, width).length - (height - 3));

export function paintHelp(grid: Grid, scene: ChatScene): void {
  const lines = helpLines(scene, grid.width);
  const area: Rect = { x: 0, y: 0, width: grid.width, height: grid.height - 1 };
  grid.fill(area, 'text');
  grid.text(1, 0, fit('Help · ↑ ↓ PgUp PgDn to read, Esc to close', grid.width - 2), 'accent');
  const from = Math.min(scene.overlay?.at ?? 0, Math.max(0, lines.length - (grid.height - 3)));
  for (const [row, { left, right, style }] of lines.slice(from, from + grid.height - 3).entries()) {
    grid.text(2, row + 2, fit(left, grid.width - 3), style);
    grid.text(COLUMN + 4, row + 2, fit(right, Math.max(0, grid.width - COLUMN - 5)), 'text');
  }
  grid.cursor = undefined;
}
