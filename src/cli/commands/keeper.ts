import { resolve } from 'node:path';
import { hasCode } from '../../base/errors.js';
import { field } from '../../commands/format-message.js';
import { readyEvent } from '../../control/peer-methods.js';
import type { DeviceSummary } from '../../peer/api/account.js';
import type { PeerEvent } from '../../peer/api/events.js';
import type { AcceptMode, PeerApi } from '../../peer/api/peer.js';
import { eventLines } from '../events.js';
import { assertTakes } from '../folder.js';
import { openInit, type PeerOptions } from '../options.js';
import { endedBy, inUse, openProfile, running } from '../session.js';
import type { Shell } from '../shell.js';

export interface KeeperOptions extends PeerOptions {
  readonly accept?: AcceptMode | undefined;
  readonly to?: string | undefined;
}

/** What a journal may have: what is said, and who talks to whom, stays out of it. */
const TOLD: readonly PeerEvent['event'][] = ['directory', 'account', 'transfer', 'seed', 'trust', 'error'];

interface Keeping {
  readonly event: 'keeping';
  readonly user: string;
  readonly device: string;
  /** Groups whose history newcomers get from here. */
  readonly rooms: readonly string[];
  /** Devices of the account that may take the history from here, and those that may not. */
  readonly allowed: readonly string[];
  readonly others: readonly Pick<DeviceSummary, 'device' | 'label'>[];
  /** What this one asks the others for. */
  readonly history: 'all' | 'none';
}

/** An always-on device of the account, without a person in front of it, until it is told to end. */
export async function keeper(shell: Shell, options: KeeperOptions): Promise<void> {
  const folder = options.to === undefined ? undefined : resolve(options.to);
  if (folder !== undefined) await assertTakes(folder);
  if (await running(shell)) throw inUse();
  shell.endsWell();
  const init = await openInit(shell, options);
  const { openPeer } = await shell.parts.peer();
  const opening = openProfile(shell, () => openPeer({ ...init, transfers: true }), { stays: true });
  const { peer } = await opening.catch((error) => {
    throw hasCode(error, 'store-in-use') ? inUse() : error;
  });
  const say = (event: PeerEvent): void => shell.output.say(event, eventLines(event, shell.clock.now()));
  say(readyEvent(peer));
  shell.scope.defer(
    peer.subscribe((event) => {
      if (TOLD.includes(event.event)) say(event);
    }),
  );
  const { accept } = options;
  peer.files.receive({
    seeds: true,
    ...(accept !== undefined && { accept }),
    ...(folder !== undefined && { folder }),
  });
  // Nobody sits in front of it.
  peer.handOver.heed();
  await peer.setPresence('away').catch(() => {});
  if ((await peer.handOver.wish()) === undefined) await peer.handOver.want({ history: 'all' });
  const keeping = await about(peer);
  shell.output.say(keeping, linesOf(keeping));
  await peer.replayUnseen();
  await peer.ended;
  endedBy(peer);
}

async function about(peer: PeerApi): Promise<Keeping> {
  const groups = await peer.groups.list();
  const allowed = await peer.handOver.consents();
  const devices = await peer.account.devices().catch(() => []);
  return {
    ...{ event: 'keeping', user: peer.user, device: peer.device, allowed },
    rooms: groups.filter(({ state, history }) => state === 'member' && history === 'shared').map(({ group }) => group),
    others: devices
      .filter(({ device, here }) => !here && !allowed.includes(device))
      .map(({ device, label }) => ({ device, label })),
    history: (await peer.handOver.wish())?.history ?? 'none',
  };
}

function linesOf({ user, rooms, allowed, others, history }: Keeping): string[] {
  const named = others.map(({ device, label }) => `${device} (${field(label)})`).join(', ');
  return [
    `-- a keeper of ${field(user)}: it HOLDS THE KEYS and the history of everything this account reads. Whoever controls this machine can read all of it.`,
    rooms.length === 0
      ? '-- in no group with shared history yet'
      : `-- hands the history to newcomers of ${rooms.map(field).join(', ')}`,
    ...(allowed.length > 0
      ? [`-- other devices of yours that may take the history from here, and say who else may: ${allowed.join(', ')}`]
      : ['-- no other device of yours may take the history from here yet: p2pchat device allow ID, typed here']),
    ...(named === '' ? [] : [`-- not allowed: ${named}`]),
    ...(history === 'none' ? ['-- it asks your other devices for nothing: p2pchat device history all'] : []),
  ];
}
