import { base64url, concat, hex } from '../../base/bytes.js';
import { timestamp } from '../../base/clock.js';
import { sha256 } from '../../crypto/hash.js';
import type { GuestLinkView } from '../../wire/guests.js';
import { cleanLine } from '../../wire/text.js';
import type { GuestEvent, GuestState } from '../api/guests.js';
import type { GuestRow } from '../storage/guest-row.js';

/** Links for guests as they are told to whoever watches. */

/** What to give out; undefined while there is nothing behind it. */
export function linkOf({ url, id, secret, keys }: GuestRow): string | undefined {
  // The key is pinned by its hash: the directory can give out no other.
  const behind = keys === undefined ? secret : concat(secret, sha256(keys.publicKey));
  return url === undefined ? undefined : `${url}g/${base64url(id)}#${base64url(behind)}`;
}

export const viewOf = (row: GuestRow, state: GuestState, more: Partial<GuestEvent> = {}): GuestEvent => ({
  event: 'guest',
  id: hex(row.id),
  kind: row.kind,
  state,
  name: cleanLine(row.name),
  size: row.size,
  bytes: state === 'laying' ? 0 : row.size,
  ...(row.expires !== undefined && { expires: timestamp(row.expires) }),
  count: row.count,
  used: row.told.used,
  done: row.told.done,
  ...(row.source !== undefined && { path: row.source.path }),
  ...more,
});

/** One that another device of the account has made: only that has its key and its name. */
export const strangeView = ({ link, kind, state, expires, count, used, done }: GuestLinkView): GuestEvent => ({
  ...{ event: 'guest', id: hex(link), kind, state, name: '', size: 0, bytes: 0 },
  ...{ expires: timestamp(expires), count, used, done },
});
