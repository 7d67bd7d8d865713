import { Failure } from '../base/errors.js';
import type { PeerApi } from '../peer/api/peer.js';
import { define } from './command.js';
import { historyWish, spanOf } from './duration.js';
import { clockTime, field } from './format-message.js';

export const devices = define({
  name: 'device list',
  slash: 'devices',
  parameters: {},
  about: 'List the devices of your account.',
  examples: { slash: '', shell: '' },

  async *run(peer) {
    for (const device of await peer.account.devices()) yield { event: 'device' as const, ...device };
  },

  lines({ device, label, addedAt, lastSeen, state, here, by }, { now }) {
    const when = here ? 'this device' : state === 'offline' ? `last here ${clockTime(lastSeen, now())}` : state;
    return [
      `${device}  ${field(label).padEnd(20)} ${when.padEnd(24)} added ${addedAt.slice(0, 10)}${by === undefined ? '' : ` by a code of ${by}`}`,
    ];
  },
});

/** As it is listed, or an unambiguous beginning of it. */
async function named(peer: PeerApi, word: string): Promise<string> {
  const listed = await peer.account.devices();
  const fitting = listed.filter(({ device }) => device.startsWith(word.toLowerCase()));
  if (word.length >= 4 && fitting.length === 1) return fitting[0]!.device;
  throw new Failure('device-unknown', 'You have no such device, or more than one that begins so.', {
    hint: "'p2pchat device list' and /devices list them; give an id, or at least its first four digits.",
  });
}

export const allowDevice = define({
  name: 'device allow',
  slash: 'allowdevice',
  parameters: { id: { type: 'word', about: 'its id, or the beginning of it' } },
  about: 'Let another device of your account have the history that is kept here.',
  examples: { slash: '3f9a', shell: '3f9a' },

  async *run(peer, { id }) {
    const device = await named(peer, id);
    if (device === peer.device) throw new Failure('device-here', 'That is this device.');
    await peer.handOver.allow(device);
    yield { event: 'device-allowed' as const, device };
  },

  lines: ({ device }) => [`The device ${device} may have the history from here: it comes whenever both are there.`],
});

export const deviceHistory = define({
  name: 'device history',
  slash: 'devicehistory',
  parameters: {
    wanted: { type: 'word', optional: true, about: 'all, none, or since when: 90d; without it, what holds now' },
  },
  slashTakes: { wanted: 'all|none|90d' },
  about: 'Set what of their history this device asks the other devices of your account for.',
  examples: { slash: '90d', shell: '90d' },

  async *run(peer, { wanted }) {
    if (wanted !== undefined) await peer.handOver.want(historyWish(wanted));
    yield { event: 'device-history' as const, ...((await peer.handOver.wish()) ?? { history: 'none' as const }) };
  },

  lines: ({ history, seconds }) => [
    history === 'none'
      ? 'This device asks your other devices for nothing that they keep.'
      : `This device asks your other devices for their history${seconds === undefined ? '' : ` of the last ${spanOf(seconds)}`}.`,
  ],
});

export const revokeDevice = define({
  name: 'device revoke',
  slash: 'revokedevice',
  parameters: {
    id: { type: 'word', about: 'its id, or the beginning of it' },
    password: { type: 'secret', about: 'Password' },
  },
  about: 'Remove a lost or old device from your account, at once.',
  examples: { slash: '3f9a', shell: '3f9a' },

  async *run(peer, { id, password }) {
    const device = await named(peer, id);
    await peer.account.revokeDevice(device, password);
    yield { event: 'device-revoked' as const, device };
  },

  lines: ({ device }) => [`The device ${device} is shut out. If it was stolen, change your password, too: passwd.`],
});
