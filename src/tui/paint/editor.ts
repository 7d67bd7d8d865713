import type { Editor } from '../editor/editor.js';
import { type BidiMode, caretCell, type Line, layout } from '../text/layout.js';
import type { Grid, Rect } from './grid.js';

const PROMPT = '› ';

/** The rows the editor wants at this width. */
export const editorRows = (editor: Editor, width: number, bidi: BidiMode): number =>
  editorLines(editor, width, bidi).length;

/** One cell is kept free for the caret behind a full row. */
const editorLines = (editor: Editor, width: number, bidi: BidiMode): Line[] =>
  layout(editor.text, Math.max(2, width - PROMPT.length - 1), bidi);

/** The row the caret stands in: the last that begins at or before it. */
function caretRow(lines: readonly Line[], cursor: number): number {
  let row = 0;
  for (const [at, line] of lines.entries()) if (line.from <= cursor) row = at;
  return row;
}

export function paintEditor(grid: Grid, editor: Editor, area: Rect, bidi: BidiMode): void {
  const lines = editorLines(editor, area.width, bidi);
  const caret = caretRow(lines, editor.cursor);
  const first = Math.max(0, Math.min(caret - area.height + 1, lines.length - area.height));
  const left = area.x + PROMPT.length;
  const right = area.x + area.width;
  grid.text(area.x, area.y, PROMPT, 'accent');
  for (const [row, line] of lines.slice(first, first + area.height).entries()) {
    const x = line.rtl ? right - 1 - line.width : left;
    grid.glyphs(x, area.y + row, line.glyphs, 'text', right);
    if (first + row !== caret) continue;
    const cell = x + caretCell(line, editor.cursor);
    grid.cursor = { x: Math.max(left, Math.min(cell, right - 1)), y: area.y + row };
  }
}
