import { sizeText } from '../base/size.js';
import type { UploadEvent } from '../peer/api/events.js';
import type { ProgressPart } from './command.js';
import { clockTime, field } from './format-message.js';

/** Files of groups, for people. */

const SHORT_ID = 8;

const called = ({ name, size: bytes }: UploadEvent): string => `${field(name)} (${sizeText(bytes)})`;

/** What a change of state is worth saying; nothing while it runs. What somebody else uploaded has a line of its own. */
export function uploadNotice(event: UploadEvent): string[] {
  const says = notice(event);
  return says === undefined ? [] : [`-- ${says}`];
}

function notice(event: UploadEvent): string | undefined {
  const { state, group, path, error } = event;
  switch (state) {
    case 'stored':
      return path === undefined ? undefined : `${field(group)} has ${called(event)}`;
    case 'done':
      return `${called(event)} is at ${field(path ?? '')}`;
    case 'expired':
      return `${called(event)} is no longer at the directory`;
    case 'failed':
      return `${called(event)}: ${field(error?.message ?? 'it failed')} ${field(error?.hint ?? '')}`.trimEnd();
    default:
      return undefined;
  }
}

const percent = ({ bytes, size: all }: UploadEvent): string =>
  `${all === 0 ? 100 : Math.floor((100 * bytes) / all)} % of ${sizeText(all)}`;

/** One line while it runs. */
export function uploadProgress(event: UploadEvent): ProgressPart[] | undefined {
  if (event.state !== 'uploading' && event.state !== 'downloading') return undefined;
  return [
    { text: `${event.state} ${field(event.name)}`, short: event.state, rank: 1 },
    { text: percent(event), rank: 0 },
  ];
}

/** One line of the list. */
export function uploadLine(event: UploadEvent, now: number): string {
  const { id, state, from, expires, path } = event;
  const far = state === 'uploading' || state === 'downloading' ? ` ${percent(event)}` : '';
  const until = expires === undefined ? '' : `, until ${clockTime(expires, now)}`;
  const here = path === undefined ? '' : `  ${field(path)}`;
  return `${id.slice(0, SHORT_ID)} ${(state + far).padEnd(8)} ${called(event)} by ${field(from)}${until}${here}`;
}
