import type { PathReport, PathTry } from '../peer/api/paths.js';
import { define } from './command.js';
import { field } from './format-message.js';

const PATHS: Readonly<Record<PathReport['path'], string>> = {
  direct: 'direct',
  lan: 'direct, on the same network',
  relay: 'by the relay',
  mailbox: 'by the mailbox at the directory',
  none: 'no path: what you write is queued here',
};

const NAMED_BY: Readonly<Record<PathTry['by'], string>> = {
  directory: 'by the directory',
  lan: 'by the local network',
  given: 'given by hand',
};

const milliseconds = (ms: number): string => `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;

function fileLine({ path: way, rtt, loss }: NonNullable<PathReport['files']>): string {
  const parts = [way === 'tcp' ? 'over TCP' : `${way}, over UDP`];
  if (rtt !== undefined) parts.push(`${milliseconds(rtt)} there and back`);
  if (loss !== undefined) parts.push(`${(loss * 100).toFixed(1)} % lost`);
  return parts.join(', ');
}

export const path = define({
  name: 'path',
  slash: 'path',
  parameters: { user: { type: 'user', about: 'whom to reach' } },
  about: 'Show by which path a person is reached, how fast it is, and why no better one is used.',
  examples: { slash: 'bob', shell: 'bob' },

  async *run(peer, { user }) {
    for (const report of await peer.paths(user)) yield { event: 'path' as const, ...report };
  },

  lines({ user, device, path: way, rtt, address, tried, why, hint, files }) {
    const time = rtt === undefined ? '' : `, ${milliseconds(rtt)} there and back`;
    const where = address === undefined ? '' : ` (${field(address)})`;
    return [
      `${field(user)} ${device}: ${PATHS[way]}${where}${time}`,
      `  ${field(why)}`,
      ...tried.map(({ address: one, by, result }) => `    ${field(one)}, ${NAMED_BY[by]}: ${result}`),
      ...(files === undefined ? [] : [`  files: ${fileLine(files)}`]),
      ...(hint === '' ? [] : [`  ${field(hint)}`]),
    ];
  },
});
