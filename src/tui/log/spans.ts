import type { Style } from '../paint/theme.js';
import { fit, textWidth } from '../text/glyphs.js';

/** A stretch of a row in one style. */
export interface Span {
  readonly text: string;
  readonly style: Style;
}

export const span = (text: string, style: Style = 'dim'): Span => ({ text, style });

/** As many digits of an id as commands need. */
export const shortId = (id: string): string => id.slice(0, 4);

/** A path as people write it. */
export const homely = (path: string, home: string): string =>
  home !== '' && path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;

/** What can be done: each command in its own colour, and what it does. */
export function todo(...steps: readonly (readonly [string, string])[]): Span[] {
  return steps.flatMap(([command, does], at) => [
    ...(at > 0 ? [span(' · ')] : []),
    span(command, 'accent'),
    ...(does === '' ? [] : [span(` ${does}`)]),
  ]);
}

/** Spans in rows of so many cells, broken between words. */
export function wrapSpans(spans: readonly Span[], cells: number): Span[][] {
  const rows: Span[][] = [[]];
  let used = 0;
  for (const { text, style } of spans) {
    for (const word of text.match(/\s*\S*/g)?.filter((each) => each !== '') ?? []) {
      const width = textWidth(word);
      if (used > 0 && used + width > cells) {
        rows.push([]);
        used = 0;
      }
      // What separates two things has nothing to say at the beginning of a row.
      if (used === 0 && rows.length > 1 && word.trim() === '·') continue;
      const shown = fit(used === 0 && rows.length > 1 ? word.trimStart() : word, cells);
      rows.at(-1)!.push({ text: shown, style });
      used += textWidth(shown);
    }
  }
  return rows;
}
