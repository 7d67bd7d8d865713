import { quoteOf } from '../log/rows.js';
import type { Conversation } from '../model/conversation.js';
import { fit } from '../text/glyphs.js';
import type { BidiMode } from '../text/layout.js';
import type { Grid, Rect } from './grid.js';

/** The message that was pinned last, and how many there are besides. */
export function paintPins(grid: Grid, { pins }: Conversation, area: Rect, bidi: BidiMode): void {
  const newest = pins.at(-1);
  if (newest === undefined || area.height === 0) return;
  const more = pins.length > 1 ? `  +${pins.length - 1}: /pins` : '';
  const { from, text } = quoteOf(newest);
  const right = area.x + area.width;
  grid.text(area.x, area.y, '⚑ ', 'accent', right);
  const said = fit(`${from}: ${text}`, Math.max(2, area.width - 2 - more.length));
  const end = grid.foreign(area.x + 2, area.y, said, 'dim', right, bidi);
  grid.text(end, area.y, more, 'dim', right);
}
