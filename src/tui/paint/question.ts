import type { Beside } from '../commands.js';
import { textWidth, toGlyphs } from '../text/glyphs.js';
import { layout } from '../text/layout.js';
import type { Grid, Rect } from './grid.js';
import type { ChatScene } from './scene.js';

type Asked = NonNullable<ChatScene['prompt']>;

/** With less beside the QR code, its text stands where the code would. */
const TEXT_WIDTH = 24;

/** A question in the editor's place. Of a secret its length is all that is seen. */
export function paintQuestion(grid: Grid, { label, editor, beside }: Asked, area: Rect): void {
  if (beside) paintBeside(grid, beside, { x: 0, y: 0, width: grid.width, height: area.y });
  const right = area.x + area.width;
  const x = grid.text(area.x, area.y, `${label}: `, 'accent', right);
  const typed = toGlyphs(editor.text);
  const end = beside
    ? grid.glyphs(x, area.y, typed, 'text', right - 1)
    : grid.text(x, area.y, '•'.repeat(typed.length), 'text', right - 1);
  grid.cursor = { x: end, y: area.y };
}

/** The code at the left, its text at the right; where the code has no room there is the text alone. */
function paintBeside(grid: Grid, { qr, lines }: Beside, area: Rect): void {
  grid.fill(area, 'text');
  const width = textWidth(qr[0] ?? '');
  const fits = qr.length <= area.height && width + 3 + TEXT_WIDTH <= area.width;
  if (fits) for (const [row, line] of qr.entries()) grid.text(area.x + 1, area.y + row, line, 'text');
  const x = area.x + (fits ? width + 3 : 1);
  const text = [...lines, 'Enter to go on, Esc to give up.'];
  const shown = fits ? text : ['This window is too small for the QR code: 80 by 24 will do.', ...text];
  let y = area.y + 1;
  for (const line of shown) {
    for (const { glyphs } of layout(line, area.width - x - 1, 'off'))
      grid.glyphs(x, y++, glyphs, 'text', area.width - 1);
    y++;
  }
}
