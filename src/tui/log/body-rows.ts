import type { Style } from '../paint/theme.js';
import { toGlyphs } from '../text/glyphs.js';
import { layout } from '../text/layout.js';
import { linksIn } from '../text/links.js';
import type { Mark, Part, RowStyle } from './row.js';

/** Every place where one of the words searched for stands. */
function marksIn(text: string, search: string): Mark[] {
  const folded = text.toLowerCase();
  if (search === '' || folded.length !== text.length) return [];
  const marks: Mark[] = [];
  for (const word of search.split(/\s+/).filter((each) => each !== '')) {
    for (let at = folded.indexOf(word); at !== -1; at = folded.indexOf(word, at + word.length)) {
      marks.push({ from: at, to: at + word.length, style: 'match' });
    }
  }
  return marks;
}

/** The body wrapped in its column; paragraphs from right to left stand at its right edge. */
export function bodyRows(text: string, x: number, style: Style, { width, bidi, search }: RowStyle): Part[] {
  const cells = Math.max(2, width - x);
  const links = linksIn(text).map((link): Mark => ({ ...link, style: 'link' }));
  const marks = [...marksIn(text, search), ...links];
  return layout(text, cells, bidi).map((line) => ({
    x: line.rtl ? x + cells - line.width : x,
    glyphs: line.glyphs,
    style,
    ...(marks.length > 0 && { marks }),
  }));
}

const FENCE = /^\s*```/;

/** A text as it was meant: what stands between fences (```) is code, behind a line of its own and never reordered. */
export function saidRows(text: string, x: number, style: Style, look: RowStyle): Part[][] {
  if (!text.includes('```')) return bodyRows(text, x, style, look).map((part) => [part]);
  const rows: Part[][] = [];
  let code = false;
  let block: string[] = [];
  const end = (): void => {
    if (block.length === 0) return;
    const joined = block.join('\n');
    if (code) {
      const bar: Part = { x, glyphs: toGlyphs('▏'), style: 'border' };
      for (const part of bodyRows(joined, x + 2, 'code', { ...look, bidi: 'off' })) rows.push([bar, part]);
    } else for (const part of bodyRows(joined, x, style, look)) rows.push([part]);
    block = [];
  };
  for (const line of text.split('\n')) {
    if (!FENCE.test(line)) block.push(line);
    else {
      // A fence on one line with its code (```x```) is code of one line.
      const inside = /^\s*```(.+?)```\s*$/.exec(line)?.[1];
      end();
      if (inside === undefined) code = !code;
      else {
        code = true;
        block = [inside];
        end();
        code = false;
      }
    }
  }
  end();
  return rows.length > 0 ? rows : bodyRows(text, x, style, look).map((part) => [part]);
}
