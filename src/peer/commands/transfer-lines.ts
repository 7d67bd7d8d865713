import type { TransferEvent } from '../events.js';
import type { Context } from './command.js';
import { field } from './lines.js';

/** Transfers for people. Names have passed the gate already, and pass it once more before they are shown. */

const SHORT_ID = 8;
const NAMES = 3;
const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Decimal units, three digits: `1.42 GB`. */
export function size(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1_000 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit++;
  }
  return `${unit === 0 ? value : value.toPrecision(3)} ${UNITS[unit]}`;
}

export const shortId = ({ id }: TransferEvent): string => id.slice(0, SHORT_ID);

/** `photo.jpg (image/jpeg, 1.2 MB)`, `3 files: a, b, c (4.5 MB)`. */
export function what({ files, size: all, video }: TransferEvent): string {
  const [first] = files;
  if (files.length === 1 && first !== undefined) {
    const type = first.type === undefined ? '' : `${field(first.type)}, `;
    return `${video === true ? 'the video ' : ''}${field(first.name)} (${type}${size(all)})`;
  }
  const names = files.slice(0, NAMES).map(({ name }) => field(name));
  return `${files.length} files: ${names.join(', ')}${files.length > NAMES ? ', …' : ''} (${size(all)})`;
}

const PATH = { direct: 'direct', lan: 'local network', tcp: 'TCP, because UDP does not get through', relay: 'relay' };

function time(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`;
}

/** One line while it runs: how far, how fast, loss, round trip, time left, path. */
export function progressLine(event: TransferEvent): string {
  const { bytes, size: all, rate, loss, rtt, timeLeft, path } = event;
  const percent = all === 0 ? 100 : Math.floor((100 * bytes) / all);
  const parts = [
    `${percent} % of ${size(all)}`,
    `${size(rate)}/s`,
    ...(loss === undefined ? [] : [`loss ${(loss * 100).toFixed(1)} %`]),
    ...(rtt === undefined ? [] : [`RTT ${rtt.toFixed(1)} ms`]),
    ...(timeLeft === undefined ? [] : [`${time(timeLeft)} left`]),
    ...(path === undefined ? [] : [path]),
  ];
  return `${shortId(event)} ${event.direction === 'in' ? 'from' : 'to'} ${field(event.peer)}: ${parts.join(', ')}`;
}

const becauseOf = ({ error }: TransferEvent): string =>
  error === undefined ? '' : `: ${field(error.message)}${error.hint === '' ? '' : ` ${field(error.hint)}`}`;

function incoming(event: TransferEvent): string | undefined {
  const { state, peer, files } = event;
  const who = field(peer);
  const where = files[0]?.path === undefined ? '' : ` in ${field(files[0].path)}`;
  switch (state) {
    case 'offered':
      return `${who} offers ${what(event)}. To take it: /accept ${shortId(event)} (p2pchat accept ${shortId(event)})`;
    case 'accepted':
      return `accepted from ${who}: ${what(event)}`;
    case 'paused':
      return `paused: ${what(event)} from ${who}`;
    case 'done':
      return `received from ${who}: ${what(event)}${where}`;
    case 'failed':
      return `not received from ${who}: ${what(event)}${becauseOf(event)}`;
    case 'declined':
      return `declined: ${what(event)} from ${who}`;
    default:
      return undefined;
  }
}

function outgoing(event: TransferEvent): string | undefined {
  const { state, peer } = event;
  const who = field(peer);
  switch (state) {
    case 'offered':
      return `offered to ${who}: ${what(event)}`;
    case 'accepted':
      return `${who} accepts ${what(event)}`;
    case 'paused':
      return `paused: ${what(event)} to ${who}`;
    case 'done':
      return `${who} has ${what(event)}${event.path === undefined ? '' : ` (${PATH[event.path]})`}`;
    case 'failed':
      return `not sent to ${who}: ${what(event)}${becauseOf(event)}`;
    case 'declined':
      return `${who} declined ${what(event)}${becauseOf(event)}`;
    default:
      return undefined;
  }
}

/** What a change of state is worth saying; nothing while it runs. */
export function transferNotice(event: TransferEvent): string[] {
  const says = event.direction === 'in' ? incoming(event) : outgoing(event);
  return says === undefined ? [] : [`-- ${says}`];
}

/** One line of the list. */
export function listLine(event: TransferEvent): string {
  const arrow = event.direction === 'in' ? 'from' : 'to';
  const far = event.state === 'running' ? ` ${progressLine(event).split(': ')[1]}` : '';
  return `${shortId(event)} ${event.state.padEnd(8)} ${arrow} ${field(event.peer)}: ${what(event)}${far}`;
}

const REASONS: Readonly<Record<string, string>> = {
  startup: 'it is still finding out what the network gives',
  bandwidth: 'the network gives no more',
  loss: 'packets are lost',
  delay: 'the queue on the way is growing',
  given: 'you set the rate',
  receiver: 'the receiver takes no more',
  source: 'the disk gives no more',
  paused: 'it rests',
};

/** Everything about one, and why it is as fast as it is. */
export function detailLines(event: TransferEvent): string[] {
  const { id, files, state, reason, error, path } = event;
  const shown = files.map((file) => {
    const place = file.path === undefined ? '' : `  ${field(file.path)}`;
    const sum = file.sha256 === undefined ? '' : `  sha256 ${file.sha256}`;
    return `  ${field(file.name)}  ${size(file.size)}${place}${sum}`;
  });
  return [
    `${id} ${state}`,
    ...(state === 'running' ? [progressLine(event)] : []),
    ...(reason === undefined ? [] : [`limit: ${REASONS[reason] ?? reason}`]),
    ...(path === undefined ? [] : [`path: ${PATH[path]}`]),
    ...(error === undefined ? [] : [`${error.message} ${error.hint}`.trimEnd()]),
    ...shown,
  ];
}

const BARS = '▁▂▃▄▅▆▇█';
const RATES = 16;
const rates = new WeakMap<Context, number[]>();

/** The progress of what runs, with the rates so far as a sparkline. */
export function progressOf(event: TransferEvent, context: Context): string | undefined {
  if (event.state !== 'running') return undefined;
  const seen = [...(rates.get(context) ?? []), event.rate].slice(-RATES);
  rates.set(context, seen);
  const most = Math.max(1, ...seen);
  const line = seen.map((rate) => BARS[Math.round((rate / most) * (BARS.length - 1))]).join('');
  return `${progressLine(event)} ${line}`;
}
