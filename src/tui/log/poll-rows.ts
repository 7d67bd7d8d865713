import type { PollState } from '../../peer/api/polls.js';
import { fit, textWidth, toGlyphs } from '../text/glyphs.js';
import { bar } from '../text/measures.js';
import { bodyRows } from './body-rows.js';
import type { Part, RowStyle } from './row.js';

const WIDEST_BAR = 16;
const NARROWEST_BAR = 6;
const NUMBER = 3;

/** A row for each answer: its number, how many gave it, what it says and who they are. */
export function pollRows(poll: PollState, x: number, look: RowStyle): Part[][] {
  const cells = Math.max(2, look.width - x);
  const width = Math.max(NARROWEST_BAR, Math.min(WIDEST_BAR, Math.floor(cells / 5)));
  const rows = poll.options.map(({ text, by }, at): Part[] => {
    const { filled, rest } = bar(poll.voters === 0 ? 0 : by.length / poll.voters, width);
    const count = `${String(by.length).padStart(4)}  `;
    const from = x + NUMBER + width;
    const left = Math.max(2, cells - NUMBER - width - count.length);
    const label = fit(text, left);
    const who = by.length === 0 ? '' : ` · ${by.join(', ')}`;
    const [said, ...more] = bodyRows(label, from + count.length, 'text', { ...look, search: '' });
    const after = from + count.length + textWidth(label);
    return [
      { x, glyphs: toGlyphs(`${String(at + 1).padStart(2)} `), style: 'accent' },
      { x: x + NUMBER, glyphs: toGlyphs(filled), style: 'accent' },
      { x: x + NUMBER + textWidth(filled), glyphs: toGlyphs(rest), style: 'border' },
      { x: from, glyphs: toGlyphs(count), style: 'dim' },
      ...(said && more.length === 0 ? [said] : []),
      ...(said?.x === from + count.length
        ? [{ x: after, glyphs: toGlyphs(fit(who, Math.max(0, x + cells - after))), style: 'dim' as const }]
        : []),
    ];
  });
  const people = poll.voters === 1 ? '1 vote' : `${poll.voters} votes`;
  const several = poll.several ? 'several answers, ' : '';
  const next = poll.closedAt === undefined ? `/vote ${poll.several ? '1 2' : 'N'} answers` : 'closed';
  return [...rows, [{ x, glyphs: toGlyphs(fit(`${several}${people} · ${next}`, cells)), style: 'dim' }]];
}
