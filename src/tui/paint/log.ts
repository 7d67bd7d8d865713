import type { Part } from '../log/row.js';
import type { ViewStyle } from '../log/view.js';
import type { Conversation } from '../model/conversation.js';
import type { Glyph } from '../text/glyphs.js';
import type { Grid, Rect } from './grid.js';
import type { ChatScene } from './scene.js';
import type { Look, Style } from './theme.js';

const two = (value: number): string => String(value).padStart(2, '0');

function clockTime(at: number): string {
  const date = new Date(at);
  return `${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** Day and time, as short as they can be said. */
export function shortTime(at: number): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clockTime(at)}`;
}

const DAY = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
const days = new Map<number, string>();

/** A day's name. Formatting costs, and a log asks for the same few days again and again. */
function dayName(at: number): string {
  const date = new Date(at);
  const key = date.getFullYear() * 512 + date.getMonth() * 32 + date.getDate();
  let name = days.get(key);
  if (name === undefined) {
    name = DAY.format(date);
    if (days.size > 1_000) days.clear();
    days.set(key, name);
  }
  return name;
}

/** How the log of the open conversation is laid out in so many columns. */
export function viewStyle({ model, search, bidi, home, pictures }: ChatScene, width: number): ViewStyle {
  return {
    width,
    bidi,
    search: (search?.editor.text ?? '').toLowerCase(),
    firstUnread: model.current.firstUnread,
    clock: clockTime,
    day: dayName,
    home,
    pictures,
  };
}

function styleOf({ style, marks, looks }: Part): (glyph: Glyph) => Style | Look {
  if (looks !== undefined) return ({ from }) => looks[from] ?? style;
  if (marks === undefined) return () => style;
  return (glyph) => marks.find((mark) => glyph.from < mark.to && mark.from < glyph.to)?.style ?? style;
}

function linkOf({ marks }: Part): ((glyph: Glyph) => string | undefined) | undefined {
  const links = marks?.filter(({ href }) => href !== undefined) ?? [];
  if (links.length === 0) return undefined;
  return (glyph) => links.find((link) => glyph.from < link.to && link.from < glyph.to)?.href;
}

/** The visible part of a log, its newest row at the area's bottom. @returns how many loaded entries are above it, and how many rows were written on */
export function paintLog(
  grid: Grid,
  conversation: Conversation,
  area: Rect,
  style: ViewStyle,
): { readonly above: number; readonly rows: number } {
  const { rows, above } = conversation.view.visible(area.height, style);
  const top = area.y + area.height - rows.length;
  const right = area.x + area.width;
  for (const [row, { parts }] of rows.entries()) {
    for (const part of parts) {
      const [x, y] = [area.x + part.x, top + row];
      grid.glyphs(x, y, part.glyphs, part.style, right, styleOf(part), linkOf(part));
      if (part.strip && part.looks) grid.strips.push({ x, y, looks: part.looks, strip: part.strip });
    }
  }
  return { above, rows: rows.length };
}
