import { sizeText } from '../base/size.js';
import type { TransferEvent } from '../peer/api/events.js';
import type { Face } from './command.js';
import { field } from './format-message.js';
import { percent, time } from './format-size.js';
import { figures, shortId } from './transfer-progress.js';

/** Transfers for people. Names have passed the gate already, and pass it once more before they are shown. */

const NAMES = 3;

/** `photo.jpg (image/jpeg, 1.2 MB)`, `3 files: a, b, c (4.5 MB)`. */
export function what({ files, size: all, video }: TransferEvent): string {
  const [first] = files;
  if (files.length === 1 && first !== undefined) {
    const type = first.type === undefined ? '' : `${field(first.type)}, `;
    return `${video === true ? 'the video ' : ''}${field(first.name)} (${type}${sizeText(all)})`;
  }
  const names = files.slice(0, NAMES).map(({ name }) => field(name));
  return `${files.length} files: ${names.join(', ')}${files.length > NAMES ? ', …' : ''} (${sizeText(all)})`;
}

const PATH = { direct: 'direct', lan: 'local network', tcp: 'TCP, because UDP does not get through', relay: 'relay' };

const withHint = ({ message, hint }: { readonly message: string; readonly hint: string }): string =>
  `: ${field(message)}${hint === '' ? '' : `. ${field(hint)}`}`;

const becauseOf = ({ error }: TransferEvent): string => (error === undefined ? '' : withHint(error));

/** ` in 5.1 s at 52.6 MB/s`, as far as it is known: of what took no time it is not. */
const howFast = ({ rate, seconds }: TransferEvent): string =>
  rate === 0 ? '' : `${seconds === undefined ? '' : ` in ${time(seconds)}`} at ${sizeText(rate)}/s`;

const byPath = ({ path }: TransferEvent): string => (path === undefined ? '' : ` (${PATH[path]})`);

const progressLine = (event: TransferEvent): string =>
  figures(event)
    .map(({ text }) => text.trim())
    .join(', ');

/** Both sides want it, and it does not run. */
function waits(event: TransferEvent): string {
  const { waiting, direction, peer, bytes, size: all } = event;
  const far = bytes === 0 ? '' : ` at ${percent(bytes, all)} %`;
  const who = `${direction === 'in' ? 'from' : 'to'} ${field(peer)}`;
  return `${shortId(event)} ${who} waits${far}: ${what(event)}${waiting === undefined ? '' : withHint(waiting)}`;
}

function paused(event: TransferEvent): string {
  const { pausedBy, direction, peer } = event;
  const who = field(peer);
  const by = pausedBy === 'there' ? `${who} has paused` : pausedBy === 'both' ? `you and ${who} have paused` : 'paused';
  const again = pausedBy === 'there' ? '' : `. To go on: transfers resume ${shortId(event)}`;
  return `${by}: ${what(event)} ${direction === 'in' ? 'from' : 'to'} ${who}${again}`;
}

const lies = (event: TransferEvent): string =>
  event.laid?.state === 'laid' ? `; it lies at the directory${until(event)}` : '';

function incoming(event: TransferEvent, face: Face): string | undefined {
  const { state, peer, files, conversation } = event;
  const who = field(peer);
  const whom = conversation.startsWith('#') ? ` to ${field(conversation)}` : '';
  const where = files[0]?.path === undefined ? '' : ` in ${field(files[0].path)}`;
  switch (state) {
    case 'offered':
      return `${who} offers ${what(event)}${whom}${lies(event)}${without(event)}. To take it: ${face === 'slash' ? '/' : 'p2pchat '}accept ${shortId(event)}`;
    case 'accepted':
      return event.waiting === undefined ? `accepted from ${who}: ${what(event)}` : waits(event);
    case 'paused':
      return paused(event);
    case 'done':
      return `received from ${who}: ${what(event)}${howFast(event)}${byPath(event)}${where}${without(event)}`;
    case 'failed':
      return `not received from ${who}: ${what(event)}${becauseOf(event)}`;
    case 'declined':
      return `declined: ${what(event)} from ${who}`;
    default:
      return undefined;
  }
}

const LEFT_OUT = 5;

/** What of a folder does not go with it: said before anybody counts on it. */
function without({ leftOut = [] }: TransferEvent): string {
  if (leftOut.length === 0) return '';
  const names = leftOut.slice(0, LEFT_OUT).map(({ name, why }) => `${field(name)} (${why})`);
  const more = leftOut.length > LEFT_OUT ? ` and ${leftOut.length - LEFT_OUT} more` : '';
  return `. Not sent: ${names.join(', ')}${more}`;
}

/** Offered to somebody who is away. */
function stillOffered(event: TransferEvent): string {
  const { peer, waiting } = event;
  return `offered to ${field(peer)}: ${what(event)}${without(event)}${waiting === undefined ? '' : withHint(waiting)}`;
}

const until = ({ laid }: TransferEvent): string =>
  laid?.expires === undefined ? '' : `, until ${laid.expires.slice(0, 10)}`;

/** What stands at the directory for whoever is away, where there is something to say of it. */
function laidDown(event: TransferEvent): string | undefined {
  const { laid, peer } = event;
  const who = field(peer);
  switch (laid?.state) {
    case 'laying':
      return laid.expires === undefined ? `is being laid down for ${who}: ${what(event)}` : '';
    case 'laid':
      return `laid down for ${who} at the directory${until(event)}: ${what(event)}. To take it back: transfers cancel ${shortId(event)}`;
    case 'refused':
      return `not laid down for ${who}, and still offered: ${what(event)}${withHint(laid.error!)}`;
    default:
      return undefined;
  }
}

function outgoing(event: TransferEvent): string | undefined {
  const { state, peer } = event;
  const who = field(peer);
  switch (state) {
    case 'offered':
      return laidDown(event) ?? stillOffered(event);
    case 'accepted':
      return event.waiting === undefined ? `${who} accepts ${what(event)}` : waits(event);
    case 'paused':
      return paused(event);
    case 'done':
      return `${who} has ${what(event)}${howFast(event)}${byPath(event)}`;
    case 'failed':
      return `not sent to ${who}: ${what(event)}${becauseOf(event)}`;
    case 'declined':
      return `${who} declined ${what(event)}${becauseOf(event)}`;
    default:
      return undefined;
  }
}

/** What a change of state is worth saying; nothing while it runs. */
export function transferNotice(event: TransferEvent, face: Face): string[] {
  const says = event.direction === 'in' ? incoming(event, face) : outgoing(event);
  return says === undefined || says === '' ? [] : [`-- ${says}`];
}

/** One line of the list. */
export function listLine(event: TransferEvent): string {
  const arrow = event.direction === 'in' ? 'from' : 'to';
  const far = event.state === 'running' ? ` ${progressLine(event)}` : '';
  const why = event.waiting === undefined ? '' : withHint(event.waiting);
  const state = event.laid === undefined || event.state !== 'offered' ? event.state : event.laid.state;
  return `${shortId(event)} ${state.padEnd(8)} ${arrow} ${field(event.peer)}: ${what(event)}${far}${why}`;
}

/** What this machine does with datagrams, by the kind of its endpoint. */
export const ENDPOINTS: Readonly<Record<string, string>> = {
  'batch (koffi)': 'many at once, by koffi',
  dgram: 'one by one, by Node (where the package koffi works, on Linux, many go at once)',
};

const REASONS: Readonly<Record<string, string>> = {
  startup: 'it is still finding out what the network gives',
  bandwidth: 'the network gives no more',
  loss: 'packets are lost',
  delay: 'the queue on the way is growing',
  given: 'you set the rate',
  receiver: 'the receiver takes no more',
  sender: 'the sender decides; `transfers show` there says why',
  source: 'the disk gives no more',
  paused: 'it rests',
};

const STARTS: Readonly<Record<NonNullable<TransferEvent['start']>, string>> = {
  remembered: 'it began with half of what this path carried last time',
  retreated: 'it began with half of what this path carried last time, which was too much now',
};

/** Everything about one, and why it is as fast as it is. */
export function detailLines(event: TransferEvent): string[] {
  const { id, files, state, reason, error, waiting, path, datagram, endpoint, start } = event;
  const shown = files.map((file) => {
    const place = file.path === undefined ? '' : `  ${field(file.path)}`;
    const sum = file.sha256 === undefined ? '' : `  sha256 ${file.sha256}`;
    return `  ${field(file.name)}  ${sizeText(file.size)}${place}${sum}`;
  });
  return [
    `${id} ${state}`,
    ...(state === 'running' ? [progressLine(event)] : []),
    ...(reason === undefined ? [] : [`limit: ${REASONS[reason] ?? reason}`]),
    ...(waiting === undefined ? [] : [`${waiting.message}. ${waiting.hint}`]),
    ...(path === undefined ? [] : [`path: ${PATH[path]}`]),
    ...(datagram === undefined ? [] : [`datagrams of ${datagram} bytes`]),
    ...(start === undefined ? [] : [STARTS[start]]),
    ...(endpoint === undefined ? [] : [`endpoint: ${endpoint}: datagrams ${ENDPOINTS[endpoint] ?? ''}`]),
    ...(error === undefined ? [] : [`${error.message} ${error.hint}`.trimEnd()]),
    ...shown,
  ];
}
