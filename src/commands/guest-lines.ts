import { sizeText } from '../base/size.js';
import type { GuestEvent } from '../peer/api/guests.js';
import type { ProgressPart } from './command.js';
import { clockTime, field } from './format-message.js';

/** Links for guests, for people. */

const SHORT_ID = 8;

const called = ({ name, size, id }: GuestEvent): string =>
  name === '' ? `link ${id.slice(0, SHORT_ID)}` : `${field(name)} (${sizeText(size)})`;

/** What a change of state is worth saying. */
export function guestNotice(event: GuestEvent, now: number): string[] {
  const says = notice(event, now);
  return says === undefined ? [] : [`-- ${says}`];
}

function notice(event: GuestEvent, now: number): string | undefined {
  const { state, kind, link, expires, count, used, done, path, error } = event;
  const what = event.name === '' ? '' : ` for ${field(event.name)}`;
  switch (state) {
    case 'laying':
      return event.bytes === 0 ? `${called(event)} is being sealed and laid down for guests` : undefined;
    case 'open':
      if (kind === 'collect')
        return `Guests may hand in ${count} ${count === 1 ? 'file' : 'files'} until ${clockTime(expires ?? '', now)} by this link: ${field(link ?? '')}`;
      return `${called(event)} may be fetched ${count} times until ${clockTime(expires ?? '', now)} by whoever has this link: ${field(link ?? '')}`;
    case 'visited':
      return kind === 'collect'
        ? `A guest hands in${what}: ${used} of ${count}`
        : `A guest fetches ${called(event)}: ${used} of ${count}`;
    case 'fetched':
      return `A guest has all of ${called(event)}: ${done} by now`;
    case 'received':
      return `A guest has handed in ${called(event)}${path === undefined ? '' : `, which is at ${field(path)}`}`;
    case 'ended':
      if (kind === 'collect') return `The link for handing in${what} has ended: used ${used} times`;
      return `The link to ${called(event)} has ended: fetched ${done} times`;
    case 'failed':
      return `${kind === 'collect' ? `What a guest handed in${what}` : called(event)}: ${field(error?.message ?? 'it failed')} ${field(error?.hint ?? '')}`.trimEnd();
  }
}

/** One line while it is laid down. */
export function guestProgress(event: GuestEvent): ProgressPart[] | undefined {
  if (event.state !== 'laying') return undefined;
  const percent = event.size === 0 ? 100 : Math.floor((100 * event.bytes) / event.size);
  return [
    { text: `sealing ${field(event.name)}`, short: 'sealing', rank: 1 },
    { text: `${percent} % of ${sizeText(event.size)}`, rank: 0 },
  ];
}

/** One of the list: two lines where there is a link to give out. */
export function guestLines(event: GuestEvent, now: number): string[] {
  const { id, state, expires, count, used, link } = event;
  const until = expires === undefined || state === 'ended' ? '' : `, until ${clockTime(expires, now)}`;
  const what = event.kind === 'collect' ? `to hand in ${field(event.name)}`.trimEnd() : called(event);
  const line = `${id.slice(0, SHORT_ID)} ${state.padEnd(7)} ${what}, used ${used} of ${count}${until}`;
  return link === undefined ? [line] : [line, `  ${field(link)}`];
}
