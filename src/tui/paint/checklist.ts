import type { ChatModel } from '../model/model.js';
import { textWidth } from '../text/glyphs.js';
import type { Grid, Rect } from './grid.js';

/**
 * The box of the first minutes, in the log's upper right corner. It never hides what was said: where the log has come so
 * far up, one line of it remains.
 * @param used rows of the log that are written on, from its bottom
 */
export function paintChecklist(grid: Grid, { checklist }: ChatModel, log: Rect, used: number): void {
  if (!checklist.visible) return;
  const { lines } = checklist;
  const right = log.x + log.width;
  const texts = lines.map(({ text }) => textWidth(text));
  const hows = lines.map(({ how }) => textWidth(how));
  const column = Math.max(...texts) + 2;
  const inner = 2 + column + Math.max(...hows);
  const width = inner + 4;
  const height = lines.length + 2;
  const done = lines.filter((line) => line.done).length;
  const title = ` First minutes ${done}/${lines.length} `;
  const end = ' F4 closes ';
  if (width > log.width - 4 || height + used > log.height) {
    const short = `${title}·${end}`;
    if (used < log.height && textWidth(short) < log.width) grid.text(right - textWidth(short), log.y, short, 'accent');
    return;
  }
  const x = right - width - 1;
  const y = log.y + 1;
  grid.text(x, y, `╭─${title}${'─'.repeat(inner + 1 - title.length)}╮`, 'border');
  grid.text(x + 2, y, title, 'accent');
  for (const [at, line] of lines.entries()) {
    grid.text(x, y + 1 + at, '│', 'border');
    grid.text(x + 2, y + 1 + at, line.done ? '✓' : '·', line.done ? 'ok' : 'dim');
    grid.text(x + 4, y + 1 + at, line.text, line.done ? 'dim' : 'text');
    grid.text(x + 4 + column, y + 1 + at, line.how, 'dim');
    grid.text(x + width - 1, y + 1 + at, '│', 'border');
  }
  const rest = inner + 1 - end.length;
  grid.text(x, y + height - 1, `╰${'─'.repeat(rest)}${end}─╯`, 'border');
}
