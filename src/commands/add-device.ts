import type { PeerApi } from '../peer/api/peer.js';
import { hostAndPort, parseLink } from '../wire/link.js';
import { type Context, define } from './command.js';
import { field } from './format-message.js';
import type { Parameter } from './parameter.js';
import { qrLines } from './qr.js';

/** A code that was made here: how it is told, and for how long it is good. */
export interface CodeItem {
  readonly event: 'code';
  readonly code: string;
  readonly link: string;
  /** Where the other machine finds the directory. */
  readonly directory: string;
  readonly expiresAt: string;
  readonly qr: readonly string[];
}

/** In the chat what comes of a code is told by an event; elsewhere it is waited for. */
export const WAIT = {
  type: 'choice',
  choices: ['made', 'used'],
  flag: true,
  optional: true,
  about: 'made: end once the code is made, as the chat does; used: once it has been used',
} as const satisfies Parameter;

export const waitsFor = (wait: 'made' | 'used' | undefined, { face }: Context): boolean =>
  (wait ?? (face === 'slash' ? 'made' : 'used')) === 'used';

interface Made {
  readonly code: string;
  readonly link: string;
  readonly expiresAt: string;
}

export function codeItem(peer: PeerApi, { code, link, expiresAt }: Made): CodeItem {
  const directory = hostAndPort(parseLink(peer.whoami().directory));
  return { event: 'code', code, link, directory, expiresAt, qr: qrLines(link, 'low') };
}

export const codeLines = ({ code, link, directory, qr }: CodeItem, command: string): string[] => [
  `There, type: p2pchat ${command} --directory ${directory}`,
  `and when it asks, this code: ${code}`,
  'Or copy this whole line to where it asks; a telephone reads it from the picture:',
  ...qr,
  link,
  'It is good for one try, for ten minutes. Tell it to nobody else.',
];

type Item = CodeItem | { readonly event: 'device-added'; readonly device: string; readonly label: string };

export const addDevice = define({
  name: 'device add',
  slash: 'adddevice',
  parameters: { wait: WAIT, password: { type: 'secret', about: 'Password' } },
  slashTakes: {},
  about: 'Make a code by which another machine becomes a device of your account, and gets the history.',
  examples: { slash: '', shell: '' },

  async *run(peer, { wait, password }, context): AsyncGenerator<Item> {
    const made = await peer.account.pairings.addDevice(password);
    yield codeItem(peer, made);
    if (!waitsFor(wait, context)) return;
    const { device } = await made.outcome;
    yield { event: 'device-added', device: device.id, label: device.name };
  },

  lines(item, { face }) {
    if (item.event === 'code') {
      const rest = face === 'slash' ? [] : ['Waiting for the other machine …'];
      return ['Sit down at the other machine.', ...codeLines(item, 'login --code'), ...rest];
    }
    return [
      `${field(item.label)} (${item.device}) is a device of your account now; it gets the history whenever both are there.`,
    ];
  },
});
