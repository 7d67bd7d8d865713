import { cleanLine } from '../../wire/text.js';
import type { TransferState } from '../log/entry.js';
import { shortId } from '../log/spans.js';
import { isOver } from '../model/transfers.js';
import { fit, textWidth } from '../text/glyphs.js';
import { bar, rttText, sizeText, sparkline, timeText } from '../text/measures.js';
import { failureText } from '../text/sentence.js';
import type { Grid, Rect } from './grid.js';
import type { ChatScene } from './scene.js';
import type { Style } from './theme.js';

const STATES: Readonly<Record<TransferState['event']['state'], readonly [string, Style]>> = {
  offered: ['offered', 'warn'],
  accepted: ['accepted', 'text'],
  running: ['running', 'accent'],
  paused: ['paused', 'warn'],
  done: ['done', 'ok'],
  failed: ['failed', 'error'],
  declined: ['declined', 'dim'],
};

const BAR = 16;
/** Of 80 columns the name gets what this leaves. */
const NARROW = { columns: 70, bar: 6 };

/** The second row of one: how far and how fast, why not faster, or what went wrong. */
function details({ event, rates }: TransferState): string {
  const { state, bytes, size, rate, rtt, loss, timeLeft, path, error, files } = event;
  if (state === 'running') {
    const parts = [
      `${sizeText(bytes)} of ${sizeText(size)}`,
      `${sizeText(rate)}/s ${sparkline(rates, 8)}`,
      ...(timeLeft === undefined ? [] : [`${timeText(timeLeft)} left`]),
      ...(rtt === undefined ? [] : [`RTT ${rttText(rtt)}`]),
      ...(loss === undefined ? [] : [`loss ${(loss * 100).toFixed(1)} %`]),
      ...(path === undefined ? [] : [path]),
    ];
    return parts.join(' · ');
  }
  const why = error ?? event.waiting;
  if (why !== undefined) return cleanLine(failureText(why), 300);
  if (state === 'done' && files[0]?.path !== undefined) return cleanLine(files[0].path, 500);
  return `${sizeText(size)}${files.length > 1 ? ` · ${files.length} files` : ''}`;
}

function paintTransfer(grid: Grid, transfer: TransferState, area: Rect, y: number, marked: boolean): void {
  const { event } = transfer;
  const right = area.x + area.width;
  const [says, style] = STATES[event.state];
  const arrow = event.direction === 'in' ? '⇣' : '⇡';
  const name =
    event.files.length === 1 ? event.files[0]!.name : `${event.files.length} files: ${event.files[0]?.name ?? ''}`;
  if (marked) grid.text(area.x, y, '›', 'accent');
  let x = grid.text(area.x + 2, y, `${shortId(event.id)} ${arrow} `, 'dim', right);
  x = grid.text(x, y, fit(cleanLine(event.peer), 14).padEnd(15), 'text', right);
  const { filled, rest } = bar(
    event.size === 0 ? 1 : event.bytes / event.size,
    area.width < NARROW.columns ? NARROW.bar : BAR,
  );
  const percent = `${event.size === 0 ? 100 : Math.floor((100 * event.bytes) / event.size)} %`.padStart(6);
  x = grid.text(x, y, filled, style, right);
  x = grid.text(x, y, rest, 'border', right);
  x = grid.text(x, y, `${percent}  `, 'dim', right);
  x = grid.text(x, y, says.padEnd(10), style, right);
  grid.text(x, y, fit(cleanLine(name), Math.max(1, right - x - 1)), marked ? 'strong' : 'text', right);
  grid.text(area.x + 9, y + 1, fit(details(transfer), area.width - 10), 'dim', right);
}

/** What the keys do to the one that is marked: those first which are of use now. */
function keysFor(marked: TransferState | undefined, several: boolean): string {
  const keys = [...(several ? ['↑ ↓ choose'] : []), 'Esc close'];
  if (marked === undefined) return keys.join(' · ');
  const { state, direction, files } = marked.event;
  const actions: string[] = [];
  if (state === 'offered' && direction === 'in') actions.push('y take', 'n refuse');
  else if (!isOver(marked.event)) actions.push(state === 'paused' ? 'p go on' : 'p pause', 'c cancel');
  const plays = files.some(({ type }) => /^(video|audio)\//.test(type ?? ''));
  if (plays && direction === 'in' && (state === 'running' || state === 'done')) actions.push('o play');
  return [...actions, 'Enter open', ...keys].join(' · ');
}

/** Everything that is or was on its way, newest first, and what can be done about it. */
export function paintTransfers(grid: Grid, { model, overlay }: ChatScene, area: Rect): void {
  grid.fill(area, 'text');
  const list = Array.from(model.transfers.list).reverse();
  const x = area.x + 1;
  grid.text(x, area.y, 'Transfers', 'accent');
  if (list.length === 0) {
    grid.text(
      x + 1,
      area.y + 2,
      fit('Nothing has been sent yet. /p2pfile USER PATH offers a file, /p2pvideo USER FILE a video.', area.width - 4),
      'dim',
    );
  }
  const room = Math.floor((area.height - 3) / 3);
  const at = Math.max(0, Math.min(overlay?.at ?? 0, list.length - 1));
  const from = Math.max(0, Math.min(at - Math.floor(room / 2), list.length - room));
  for (const [row, transfer] of list.slice(from, from + room).entries()) {
    paintTransfer(grid, transfer, { ...area, x, width: area.width - 2 }, area.y + 2 + row * 3, from + row === at);
  }
  grid.text(x, area.y + area.height - 1, fit(keysFor(list[at], list.length > 1), area.width - 2), 'dim');
  const count = `${list.length === 0 ? 0 : at + 1} of ${list.length}`;
  grid.text(area.x + area.width - textWidth(count) - 1, area.y, count, 'dim');
  grid.cursor = undefined;
}
