import type { PeerApi } from '../peer/api/peer.js';

/** Where a newcomer is looked for first. */
export const LOBBY = '#lobby';

/**
 * Enters the room a newcomer begins in: the lobby, or the first open room there is. Nothing where this account is in a
 * group already, or the directory has no rooms.
 */
export async function enterFirstRoom(peer: PeerApi): Promise<string | undefined> {
  const groups = await peer.groups.list();
  if (groups.some(({ state }) => state === 'member')) return undefined;
  const open = groups.filter(({ kind, state }) => kind === 'open' && state === 'none').map(({ group }) => group);
  const room = open.find((name) => name === LOBBY) ?? open[0];
  return room === undefined ? undefined : peer.groups.join(room);
}
