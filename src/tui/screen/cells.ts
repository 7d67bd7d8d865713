import type { ScreenCell, ScreenLine } from 'blessed';
import type { Cell, Grid } from '../paint/grid.js';
import type { Look, Style, Theme } from '../paint/theme.js';
import { isSimple } from '../text/glyphs.js';

const DEFAULT = 0x1ff;

/** blessed's attribute word: flags << 18 | foreground << 9 | background. */
function attribute(look: Look): number {
  const flags = (look.bold ? 1 : 0) | (look.underline ? 2 : 0) | (look.inverse ? 8 : 0);
  return (flags << 18) | ((look.fg < 0 ? DEFAULT : look.fg) << 9) | (look.bg < 0 ? DEFAULT : look.bg);
}

const known = new WeakMap<Theme, Readonly<Record<Style, number>>>();

function attributes(theme: Theme): Readonly<Record<Style, number>> {
  const found = known.get(theme);
  if (found !== undefined) return found;
  const made = Object.fromEntries(Object.entries(theme).map(([style, look]) => [style, attribute(look)]));
  known.set(theme, made as Record<Style, number>);
  return made as Record<Style, number>;
}

/** CSI n G: cursor to column `x`, counted from 0. */
const toColumn = (x: number): string => `\x1b[${x + 1}G`;

/**
 * What is sent for a cell. After a grapheme of two cells, and after one whose width terminals disagree about, the cursor
 * is set anew, so that one wrong width never moves the rest of the row. The cursor is left in the second cell, whose own
 * text sets it behind: blessed may skip either cell.
 */
function sent(row: readonly Cell[], x: number): string {
  const { text } = row[x]!;
  if (text === '') return toColumn(x + 1);
  const wide = row[x + 1]?.text === '';
  if (isSimple(text)) return wide ? text + toColumn(x + 1) : text;
  const blank = wide ? '  ' : ' ';
  return blank + toColumn(x) + text + toColumn(x + 1);
}

/** OSC 8: what follows leads there; parts of one address are one link, wherever they stand. */
const LINK_END = '\x1b]8;;\x1b\\';
const linkBegin = (href: string): string =>
  `\x1b]8;id=${href.length}-${href.slice(-8).replace(/[:;]/g, '')};${href}\x1b\\`;

/** What is sent before a cell where a link ends or begins. */
function linkBetween(before: string | undefined, link: string | undefined): string {
  if (before === link) return '';
  return `${before === undefined ? '' : LINK_END}${link === undefined ? '' : linkBegin(link)}`;
}

const hadLinks = (row: readonly ScreenCell[]): boolean => row.some(([, text]) => text.includes('\x1b]8;'));

const ASCII = /^[\x20-\x7e]$/;

/**
 * Puts a picture into blessed's cells and marks what changed. Where a row has a grapheme terminals disagree about, the
 * whole row is sent again with any change: it may have spilled over its neighbours. The same where it has a link, which
 * holds for all cells between its two ends.
 */
export function blit(
  grid: Grid,
  theme: Theme,
  lines: readonly ScreenLine[],
  shown: readonly ScreenCell[][],
  links = true,
): void {
  const looks = attributes(theme);
  for (const [y, row] of grid.rows.entries()) {
    const line = lines[y];
    if (line === undefined) return;
    let whole = false;
    let link: string | undefined;
    let changed = false;
    for (const [x, cell] of row.entries()) {
      const target = line[x];
      if (target === undefined) break;
      const look = typeof cell.style === 'string' ? looks[cell.style] : attribute(cell.style);
      const plain = ASCII.test(cell.text);
      let text = plain ? cell.text : sent(row, x);
      if (links && (cell.link !== undefined || link !== undefined)) {
        text = linkBetween(link, cell.link) + text + (x === row.length - 1 && cell.link !== undefined ? LINK_END : '');
        link = cell.link;
        whole = true;
      }
      whole ||= !plain && cell.text !== '' && !isSimple(cell.text);
      if (target[0] === look && target[1] === text) continue;
      target[0] = look;
      target[1] = text;
      changed = true;
    }
    if (!changed) continue;
    line.dirty = true;
    const before = shown[y] ?? [];
    if (whole || hadLinks(before)) for (const cell of before) cell[1] = '\0';
  }
}
