import type { Sample, SeriesName } from './hour.js';
import { SAMPLE_EVERY_MS, SHOWN_MS } from './hour.js';

export interface Line {
  readonly series: SeriesName;
  /** In the legend, where there are several. */
  readonly label: string;
}

export interface PlotInit {
  readonly title: string;
  readonly lines: readonly Line[];
  /** A value as it is written beside the axis. */
  readonly write: (value: number) => string;
  readonly samples: readonly Sample[];
  /** Monotonic: the right edge. */
  readonly now: number;
}

const WIDTH = 320;
const HEIGHT = 96;
const TOP = 8;
const BOTTOM = 78;
/** Between two points further apart than this nothing is known. */
const GAP_MS = 3 * SAMPLE_EVERY_MS;

const place = (value: number): string => String(Math.round(value * 10) / 10);

export const highest = (samples: readonly Sample[], lines: readonly Line[]): number =>
  samples.reduce(
    (most, { values }) => lines.reduce((best, { series }) => Math.max(best, values[series] ?? 0), most),
    0,
  );

/** A round number not below it: the top of the axis. */
export function niceTop(most: number): number {
  if (most <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= most * 0.999_999)!;
}

function pathOf(samples: readonly Sample[], series: SeriesName, now: number, top: number): string {
  const parts: string[] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const { at, values } of samples) {
    const value = values[series];
    if (value === undefined) continue;
    const x = WIDTH * (1 - (now - at) / SHOWN_MS);
    const y = BOTTOM - (BOTTOM - TOP) * (value / top);
    // A point alone is a dot: a line to itself, with round ends.
    parts.push(at - last > GAP_MS ? `M${place(x)} ${place(y)}h0` : `L${place(x)} ${place(y)}`);
    last = at;
  }
  return parts.join('');
}

/** One plot over the last hour as SVG, without script and without a style of its own. */
export function plot({ title, lines, write, samples, now }: PlotInit): string {
  const top = niceTop(highest(samples, lines));
  const middle = (TOP + BOTTOM) / 2;
  const grid = [TOP, middle, BOTTOM]
    .map((y) => `<line class="grid" x1="0" x2="${WIDTH}" y1="${y}" y2="${y}"/>`)
    .join('');
  const drawn = lines
    .map(({ series }, index) => `<path class="line line${index}" d="${pathOf(samples, series, now, top)}"/>`)
    .join('');
  const labels = [
    `<text class="tick" x="2" y="${TOP + 10}">${write(top)}</text>`,
    `<text class="tick" x="2" y="${HEIGHT - 4}">60 min ago</text>`,
    `<text class="tick" x="${WIDTH / 2}" y="${HEIGHT - 4}" text-anchor="middle">30</text>`,
    `<text class="tick" x="${WIDTH - 2}" y="${HEIGHT - 4}" text-anchor="end">now</text>`,
  ].join('');
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}, last hour">${grid}${drawn}${labels}</svg>`;
}
