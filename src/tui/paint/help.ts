import { STATE_LEGEND } from '../log/rows.js';
import { fit, textWidth } from '../text/glyphs.js';
import type { Grid, Rect } from './grid.js';
import { ROLE_LEGEND } from './members.js';
import type { ChatScene } from './scene.js';
import type { Style } from './theme.js';

/** Every key of the chat, as the help lists them. */
const KEYS: readonly (readonly [string, string])[] = [
  ['Enter', 'send'],
  ['Alt+Enter, Ctrl+J', 'new line'],
  ['Tab, Shift+Tab', 'complete a command, a name or a path'],
  ['↑ ↓', 'line up or down, then what you sent before'],
  ['Alt+1 … Alt+9, Alt+0', 'conversation by its place; the program’s own page'],
  ['Alt+↑ ↓, Ctrl+P, Ctrl+N', 'conversation before, after'],
  ['Alt+A', 'next conversation with something unread'],
  ['PgUp, PgDn', 'read back, read on; End on an empty line returns'],
  ['Ctrl+F', 'search in this conversation'],
  ['Alt+Y, Alt+N', 'take, refuse the newest file offered here'],
  ['Ctrl+A, Ctrl+E', 'start, end of the line'],
  ['Ctrl+W, Ctrl+U, Ctrl+K', 'cut a word, to the start, to the end'],
  ['Ctrl+Y', 'put back what was cut'],
  ['Ctrl+Z, Ctrl+_', 'undo'],
  ['F1, ?', 'this help'],
  ['F2', 'mouse on or off (off: the terminal selects text)'],
  ['F3', 'next theme'],
  ['F4', 'close the list of the first minutes'],
  ['F5', 'who is in this group, beside the log'],
  ['F6', 'all transfers'],
  ['Ctrl+L', 'paint the screen anew'],
  ['Ctrl+C', 'empty the line; twice on an empty one: leave'],
];

const PRESENCE_LEGEND: readonly (readonly [string, string])[] = [
  ['● ◐ ○', 'here, away, not here'],
  ['◌', 'here, but does not answer at the moment'],
  ['✓ !', 'verified; identity changed, or a device was revoked'],
];

interface HelpLine {
  readonly left: string;
  readonly right: string;
  readonly style: Style;
}

function helpLines({ commands }: ChatScene): HelpLine[] {
  const head = (left: string): HelpLine => ({ left, right: '', style: 'title' });
  const gap: HelpLine = { left: '', right: '', style: 'text' };
  return [
    head('Commands'),
    ...commands.map(({ usage, about }) => ({ left: usage, right: about, style: 'strong' as const })),
    gap,
    head('Keys'),
    ...KEYS.map(([left, right]) => ({ left, right, style: 'strong' as const })),
    gap,
    head('Marks'),
    ...STATE_LEGEND.map(({ text, state }) => ({
      left: text,
      right: `your message is ${state}`,
      style: 'strong' as const,
    })),
    ...PRESENCE_LEGEND.map(([left, right]) => ({ left, right, style: 'strong' as const })),
    ...ROLE_LEGEND.map(({ text, role }) => ({ left: text, right: `before a member: ${role}`, style: 'strong' as const })),
  ];
}

/** How far the help can be scrolled on a screen of that height. */
export const helpEnd = (scene: ChatScene, height: number): number =>
  Math.max(0, helpLines(scene).length - (height - 3));

export function paintHelp(grid: Grid, scene: ChatScene): void {
  const lines = helpLines(scene);
  const area: Rect = { x: 0, y: 0, width: grid.width, height: grid.height - 1 };
  grid.fill(area, 'text');
  const column = Math.min(Math.max(...lines.map(({ left }) => textWidth(left))), Math.floor(grid.width / 2));
  grid.text(1, 0, fit('Help · ↑ ↓ to read, Esc to close', grid.width - 2), 'accent');
  const from = Math.min(scene.overlay?.at ?? 0, helpEnd(scene, grid.height));
  for (const [row, { left, right, style }] of lines.slice(from, from + grid.height - 3).entries()) {
    grid.text(2, row + 2, fit(left, column), style);
    grid.text(column + 4, row + 2, fit(right, Math.max(0, grid.width - column - 5)), 'text');
  }
  grid.cursor = undefined;
}
