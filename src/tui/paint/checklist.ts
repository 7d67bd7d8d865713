import type { ChatModel } from '../model/model.js';
import { textWidth } from '../text/glyphs.js';
import type { Grid, Rect } from './grid.js';

/** The box of the first minutes, in the log's upper right corner; not where it would hide the log. */
export function paintChecklist(grid: Grid, { checklist }: ChatModel, log: Rect): void {
  if (!checklist.visible) return;
  const lines = checklist.lines.map(({ text, done }) => ({ text: `${done ? '☑' : '☐'} ${text}`, done }));
  const inner = Math.max(...lines.map(({ text }) => textWidth(text)));
  const width = inner + 4;
  const height = lines.length + 2;
  if (width > log.width || height > log.height - 4) return;
  const x = log.x + log.width - width;
  const bar = '─'.repeat(inner + 2);
  const title = ' First minutes ';
  grid.text(x, log.y, `┌${title}${bar.slice(title.length)}┐`, 'border');
  for (const [row, { text, done }] of lines.entries()) {
    const y = log.y + 1 + row;
    grid.fill({ x, y, width, height: 1 }, 'text');
    grid.text(x, y, '│', 'border');
    grid.text(x + 2, y, text, done ? 'ok' : 'text');
    grid.text(x + width - 1, y, '│', 'border');
  }
  grid.text(x, log.y + height - 1, `└${bar}┘`, 'border');
}
