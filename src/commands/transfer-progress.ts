import { sizeText } from '../base/size.js';
import type { TransferEvent } from '../peer/api/events.js';
import type { Context, ProgressPart } from './command.js';
import { field } from './format-message.js';
import { percent, time } from './format-size.js';

/** What runs, on one line. */

const SHORT_ID = 8;

export const shortId = ({ id }: TransferEvent): string => id.slice(0, SHORT_ID);

/** How far, how fast, time left, round trip, loss, path; numbers keep their width, so that the line stands still. */
export function figures(event: TransferEvent, rates = ''): ProgressPart[] {
  const { bytes, size: all, rate, loss, rtt, timeLeft, path } = event;
  const done = `${String(percent(bytes, all)).padStart(3)} %`;
  return [
    { text: `${done} of ${sizeText(all)}`, short: done, rank: 7 },
    { text: `${sizeText(rate)}/s`.padStart(9), rank: 0 },
    ...(rates === '' ? [] : [{ text: rates, rank: 6 }]),
    ...(timeLeft === undefined ? [] : [{ text: `${time(timeLeft)} left`, rank: 1 }]),
    ...(rtt === undefined ? [] : [{ text: `RTT ${rtt.toFixed(1)} ms`, rank: 5 }]),
    ...(loss === undefined ? [] : [{ text: `loss ${(loss * 100).toFixed(1)} %`, rank: 4 }]),
    ...(path === undefined ? [] : [{ text: path === 'lan' ? 'local network' : path, rank: 2 }]),
  ];
}

const whose = (event: TransferEvent): ProgressPart[] => [
  { text: shortId(event), rank: 8 },
  { text: `${event.direction === 'in' ? 'from' : 'to'} ${field(event.peer)}`, rank: 3 },
];

const BARS = '▁▂▃▄▅▆▇█';
const RATES = 8;

function sparkline(rates: readonly number[]): string {
  const most = Math.max(1, ...rates);
  return rates.map((rate) => BARS[Math.round((rate / most) * (BARS.length - 1))]).join('');
}

interface Watched {
  readonly rates: number[];
  readonly running: Map<string, TransferEvent>;
}
const watched = new WeakMap<Context, Watched>();

/** Of what is on its way to the directory, for somebody who is away. */
function laying({ laid, peer, size: all }: TransferEvent): ProgressPart[] | undefined {
  if (laid?.state !== 'laying' || laid.expires === undefined) return undefined;
  const done = `${percent(laid.bytes, all)} %`;
  return [
    { text: `laying down for ${field(peer)}`, short: 'laying down', rank: 1 },
    { text: `${done} of ${sizeText(all)}`, short: done, rank: 0 },
  ];
}

/** The progress of what runs, with the rates so far as a sparkline; of several at once in sum. */
export function progressOf(event: TransferEvent, context: Context): ProgressPart[] | undefined {
  const { rates, running } = watched.get(context) ?? { rates: [], running: new Map<string, TransferEvent>() };
  watched.set(context, { rates, running });
  if (event.state !== 'running') {
    running.delete(event.id);
    return laying(event);
  }
  running.set(event.id, event);
  const all = [...running.values()];
  const sum = (of: (one: TransferEvent) => number): number => all.reduce((total, one) => total + of(one), 0);
  const rate = sum((one) => one.rate);
  rates.push(rate);
  if (rates.length > RATES) rates.shift();
  const line = sparkline(rates).padStart(RATES);
  if (all.length === 1) return [...whose(event), ...figures(event, line)];
  const [bytes, content] = [sum((one) => one.bytes), sum((one) => one.size)];
  const left = rate === 0 ? undefined : Math.ceil((content - bytes) / rate);
  return [
    { text: `${all.length} at once`, rank: 3 },
    { text: `${percent(bytes, content)} % of ${sizeText(content)}`, rank: 0 },
    { text: `${sizeText(rate)}/s`.padStart(9), rank: 0 },
    { text: line, rank: 6 },
    ...(left === undefined ? [] : [{ text: `${time(left)} left`, rank: 1 }]),
  ];
}
