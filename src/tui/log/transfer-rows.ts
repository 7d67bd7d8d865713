import type { TransferEvent } from '../../peer/api/events.js';
import { cleanLine } from '../../wire/text.js';
import { bar, rttText, sizeText, sparkline, timeText } from '../text/measures.js';
import { failureText } from '../text/sentence.js';
import type { TransferState } from './entry.js';
import { homely, type Span, shortId, span, todo, wrapSpans } from './spans.js';

const BAR = 20;
const SPARK = 10;
const NAMES = 3;

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
    const peer = cleanLine(event.peer);
    const by = event.pausedBy === 'there' ? ` by ${peer}` : event.pausedBy === 'both' ? ` by both` : '';
    const next = event.pausedBy === 'there' ? [] : todo([`/transfers resume ${shortId(event.id)}`, 'goes on']);
    return [[...first, span(`paused${by}  `, 'warn'), ...next]];
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
  const why = error === undefined ? '' : cleanLine(failureText(error), 500);
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

const waitingText = ({ waiting }: TransferEvent): string =>
  waiting === undefined ? 'accepted: it begins when both are there' : cleanLine(failureText(waiting), 300);

/** Of one's own offer: whether somebody is there for it, and where it lies otherwise. */
function offeredText({ peer, laid, size, waiting }: TransferEvent): string {
  const who = cleanLine(peer);
  switch (laid?.state) {
    case 'laying':
      return `laying it down for ${who} at the directory: ${Math.floor((100 * laid.bytes) / Math.max(1, size))} %`;
    case 'laid':
      return `laid down for ${who} at the directory${laid.expires === undefined ? '' : ` until ${laid.expires.slice(0, 10)}`}`;
    case 'refused':
      return `not laid down: ${cleanLine(failureText(laid.error!), 300)}`;
    default:
      return waiting === undefined ? `waiting for ${who}` : cleanLine(failureText(waiting), 400);
  }
}

function stateSpans(transfer: TransferState, home: string): Span[] {
  const { event } = transfer;
  const { state, direction, id } = event;
  const short = shortId(id);
  switch (state) {
    case 'offered':
      return direction === 'in'
        ? todo(['Alt+Y', 'takes it'], ['Alt+N', 'refuses'], [`/accept ${short} FOLDER`, ''])
        : [span(`… ${offeredText(event)} · `), ...todo([`/transfers cancel ${short}`, 'takes it back'])];
    case 'accepted':
      return [span(`… ${waitingText(event)}`)];
    case 'done':
      return doneSpans(transfer, home);
    default:
      return failedSpans(event);
  }
}
