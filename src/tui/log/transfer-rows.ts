import type { TransferEvent } from '../../peer/events.js';
import { cleanLine } from '../../wire/text.js';
import type { Style } from '../paint/theme.js';
import { fit, textWidth } from '../text/glyphs.js';
import { bar, rttText, sizeText, sparkline, timeText } from '../text/measures.js';
import type { TransferState } from './entry.js';

/** A stretch of a row in one style. */
export interface Span {
  readonly text: string;
  readonly style: Style;
}

const BAR = 20;
const SPARK = 10;
const NAMES = 3;

const span = (text: string, style: Style = 'dim'): Span => ({ text, style });

/** As many digits of an id as commands need. */
export const shortId = (id: string): string => id.slice(0, 4);

const PATHS: Readonly<Record<NonNullable<TransferEvent['path']>, string>> = {
  direct: 'direct',
  lan: 'in this network',
  tcp: 'over TCP: UDP does not get through',
  relay: 'relayed',
};

const nameOf = (name: string): string => cleanLine(name.split('/').pop() ?? name);

/** What it is: name, size, type; of several, how many and which. */
export function headSpans({ files, size, video }: TransferEvent): Span[] {
  const [first] = files;
  if (files.length === 1 && first !== undefined) {
    const type = first.type === undefined ? (video ? 'video' : '') : cleanLine(first.type);
    return [span(nameOf(first.name), 'strong'), span(`  ${sizeText(size)}${type === '' ? '' : ` · ${type}`}`)];
  }
  const names = files.slice(0, NAMES).map(({ name }) => nameOf(name));
  const more = files.length > NAMES ? ', …' : '';
  return [span(`${files.length} files`, 'strong'), span(`  ${sizeText(size)} · ${names.join(', ')}${more}`)];
}

/** A path as people write it. */
const homely = (path: string, home: string): string =>
  home !== '' && path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;

/** Two rows that keep their places while the figures change. */
function progressRows({ event, rates }: TransferState, cells: number): Span[][] {
  const { bytes, size, rate, loss, rtt, timeLeft, path, state } = event;
  const part = size === 0 ? 1 : bytes / size;
  const paused = state === 'paused';
  const { filled, rest } = bar(part, Math.max(6, Math.min(BAR, cells - 44)));
  const first = [
    span(filled, paused ? 'warn' : 'accent'),
    span(rest, 'border'),
    span(` ${String(Math.floor(part * 100)).padStart(3)} %  `, 'text'),
  ];
  if (paused) {
    return [[...first, span('paused · ', 'warn'), ...todo([`/transfers resume ${shortId(event.id)}`, 'goes on'])]];
  }
  const speed = `${`${sizeText(rate)}/s`.padStart(9)}${timeLeft === undefined ? '' : ` · ${timeText(timeLeft)} left`}`;
  const link = [
    `${sizeText(bytes)} of ${sizeText(size)}`,
    ...(rtt === undefined ? [] : [`RTT ${rttText(rtt)}`]),
    ...(loss === undefined ? [] : [`loss ${(loss * 100).toFixed(1)} %`]),
    ...(path === undefined ? [] : [PATHS[path]]),
  ];
  return [
    [...first, span(sparkline(rates, SPARK).padStart(SPARK), 'ok'), span(`  ${speed}`)],
    [span(link.join(' · '))],
  ];
}

/** What to do, as `words what it does`, each command in its own colour. */
function todo(...steps: readonly (readonly [string, string])[]): Span[] {
  return steps.flatMap(([command, does], at) => [
    ...(at > 0 ? [span(' · ')] : []),
    span(command, 'accent'),
    ...(does === '' ? [] : [span(` ${does}`)]),
  ]);
}

const took = ({ startedAt, endedAt }: TransferState): string =>
  startedAt === undefined || endedAt === undefined
    ? ''
    : ` in ${timeText(Math.max(0.1, (endedAt - startedAt) / 1_000))}`;

const PLAYABLE = /^(?:video|audio)\//;
const isPlayable = ({ video, files }: TransferEvent): boolean => video === true || PLAYABLE.test(files[0]?.type ?? '');

function doneSpans(transfer: TransferState, home: string): Span[] {
  const { event } = transfer;
  const by = event.path === undefined ? '' : ` · ${PATHS[event.path]}`;
  if (event.direction === 'out') {
    return [
      span('✓ ', 'ok'),
      span(`${cleanLine(event.peer)} has it, verified`, 'text'),
      span(`${took(transfer)}${by}`),
    ];
  }
  const place = event.files[0]?.path;
  const where = place === undefined ? 'here' : cleanLine(homely(place, home), 500);
  const more = event.files.length > 1 ? ` and ${event.files.length - 1} more` : '';
  return [
    span('✓ ', 'ok'),
    span(`${where}${more}`, 'text'),
    span(`${took(transfer)}${by}`),
    ...(isPlayable(event) ? [span(' · '), ...todo([`/play ${shortId(event.id)}`, ''])] : []),
  ];
}

function failedSpans({ error, state, direction, peer, id }: TransferEvent): Span[] {
  const declined = state === 'declined';
  const who = direction === 'in' ? 'You' : cleanLine(peer);
  const why = error === undefined ? '' : cleanLine(`${error.message} ${error.hint}`.trim(), 500);
  const says = declined ? `${who} declined it${why === '' ? '' : `: ${why}`}` : why || 'It failed';
  const next = !declined && (error?.hint ?? '') === '' ? ` /transfers show ${shortId(id)} says more` : '';
  return [span('✗ ', declined ? 'dim' : 'error'), span(`${says}${next}`, declined ? 'dim' : 'error')];
}

/** How it stands and what can be done about it. @param cells of a row @param home the person's folder, to write paths short */
export function stateRows(transfer: TransferState, cells: number, home: string): Span[][] {
  const { state } = transfer.event;
  const rows = state === 'running' || state === 'paused' ? progressRows(transfer, cells) : [stateSpans(transfer, home)];
  return rows.flatMap((row) => wrapSpans(row, cells));
}

function stateSpans(transfer: TransferState, home: string): Span[] {
  const { event } = transfer;
  const { state, direction, id } = event;
  const short = shortId(id);
  switch (state) {
    case 'offered':
      return direction === 'in'
        ? todo(['Alt+Y', 'takes it'], ['Alt+N', 'refuses'], [`/accept ${short} FOLDER`, ''])
        : [span(`… waiting for ${cleanLine(event.peer)} · `), ...todo([`/transfers cancel ${short}`, 'takes it back'])];
    case 'accepted':
      return [span(`… accepted: goes on when both are there`)];
    case 'done':
      return doneSpans(transfer, home);
    default:
      return failedSpans(event);
  }
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
      const shown = fit(used === 0 && rows.length > 1 ? word.trimStart() : word, cells);
      rows.at(-1)!.push({ text: shown, style });
      used += textWidth(shown);
    }
  }
  return rows;
}
