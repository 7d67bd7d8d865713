import { closestMatch } from '../base/closest-match.js';
import { Failure, toFailure } from '../base/errors.js';
import type { PeerApi } from '../peer/api/peer.js';

/** Whether there is somebody or something of a name, before anything is done by it. */

/** Names by which a conversation could be meant. */
interface Names {
  /** `@bob`, `#lobby`. */
  readonly all: readonly string[];
  /** False where the directory could not be asked. */
  readonly whole: boolean;
}

async function names(peer: PeerApi): Promise<Names> {
  const here = (await peer.conversations()).map(({ conversation }) => conversation);
  try {
    const users = (await peer.users()).map(({ user }) => `@${user}`);
    const groups = (await peer.groups.list()).map(({ group }) => group);
    return { all: [...here, ...users, ...groups], whole: true };
  } catch (error) {
    if (toFailure(error).reason !== 'unreachable') throw error;
    return { all: here, whole: false };
  }
}

/** The same name with the other sign, or one that is nearly the same. */
function nearest(name: string, { all }: Names): string | undefined {
  const other = name.startsWith('#') ? `@${name.slice(1)}` : `#${name.slice(1)}`;
  return all.includes(other) ? other : closestMatch(name, all);
}

function unknown(name: string, known: Names): Failure {
  const isGroup = name.startsWith('#');
  const near = nearest(name, known);
  const asked = known.whole ? undefined : 'Nothing of that name is on this device, and the directory cannot be asked.';
  const list = isGroup ? '/rooms lists the groups.' : '/activeuser lists the users.';
  return new Failure(
    isGroup ? 'group-unknown' : 'user-unknown',
    `There is no ${isGroup ? 'group' : 'user'} '${name.slice(1)}'.`,
    {
      hint: near === undefined ? (asked ?? list) : `Did you mean '${near}'?`,
      ...(near !== undefined && { details: { nearest: near } }),
    },
  );
}

/**
 * @param named `@user` or `#group`
 * @throws Failure unknown `user-unknown`, `group-unknown`, naming the nearest one
 */
export async function assertConversation(peer: PeerApi, named: string): Promise<void> {
  const here = await peer.conversations();
  if (named === `@${peer.user}` || here.some(({ conversation }) => conversation === named)) return;
  const known = await names(peer);
  if (!known.all.includes(named)) throw unknown(named, known);
}

/** @throws Failure as `assertConversation` does */
export async function assertUsers(peer: PeerApi, users: readonly string[]): Promise<void> {
  if (users.length === 0) return;
  const known = await names(peer);
  const missing = users.find((user) => !known.all.includes(`@${user}`));
  if (missing !== undefined) throw unknown(`@${missing}`, known);
}
