import type { PathReport } from '../peer/api/peer.js';
import { define } from './command.js';
import { field } from './format-message.js';

const PATHS: Readonly<Record<PathReport['path'], string>> = {
  direct: 'direct',
  lan: 'direct, on the same network',
  relay: 'by the relay',
  mailbox: 'by the mailbox at the directory',
  none: 'no path: what you write is queued here',
};

export const path = define({
  name: 'path',
  slash: 'path',
  parameters: { user: { type: 'user', about: 'whom to reach' } },
  about: 'Show by which path a person is reached, how fast it is, and why no better one is used.',
  examples: { slash: 'bob', shell: 'bob' },

  async *run(peer, { user }) {
    for (const report of await peer.paths(user)) yield { event: 'path' as const, ...report };
  },

  lines({ user, device, path: way, rtt, address, tried, why, hint }) {
    const time = rtt === undefined ? '' : `, ${rtt < 10 ? rtt.toFixed(1) : Math.round(rtt)} ms there and back`;
    const where = address === undefined ? '' : ` (${field(address)})`;
    return [
      `${field(user)} ${device}: ${PATHS[way]}${where}${time}`,
      `  ${field(why)}`,
      ...tried.map(({ address: one, result }) => `    ${field(one)}: ${result}`),
      ...(hint === '' ? [] : [`  ${field(hint)}`]),
    ];
  },
});
