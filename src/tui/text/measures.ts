/** Sizes, rates and times for people, and pictures of them one row high. */

export { sizeText } from '../../base/size.js';

/** `12 s`, `3 min 20 s`, `2 h 5 min`. @param seconds not negative */
export function timeText(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`;
}

/** `0.4 ms`, `12 ms` */
export const rttText = (ms: number): string => `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;

const BARS = '▁▂▃▄▅▆▇█';

/** The last `cells` values, the highest as high as a row. */
export function sparkline(values: readonly number[], cells: number): string {
  const shown = values.slice(-cells);
  const most = Math.max(1, ...shown);
  return shown.map((value) => BARS[Math.round((Math.max(0, value) / most) * (BARS.length - 1))]).join('');
}

/** How much of `cells` is filled, and the rest. */
export function bar(part: number, cells: number): { readonly filled: string; readonly rest: string } {
  const filled = Math.round(Math.max(0, Math.min(1, part)) * cells);
  return { filled: '━'.repeat(filled), rest: '─'.repeat(cells - filled) };
}
