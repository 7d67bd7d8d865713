import { timestamp } from '../../base/clock.js';
import type { UserSummary } from '../api/peer.js';
import type { Network } from '../network/network.js';

const PAGE = 500;

/** Everybody the directory has, page by page. */
export async function allUsers(network: Network): Promise<readonly UserSummary[]> {
  const all: UserSummary[] = [];
  let after: string | undefined;
  for (let more = true; more; ) {
    const page = await network.client.request('users.list', { limit: PAGE, ...(after !== undefined && { after }) });
    for (const { lastSeen, ...user } of page.users) all.push({ ...user, lastSeen: timestamp(lastSeen) });
    after = page.users.at(-1)?.user;
    more = page.more && after !== undefined;
  }
  return all;
}
