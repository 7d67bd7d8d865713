import { hex } from '../../base/bytes.js';
import type { Failure } from '../../base/errors.js';
import type { TransferEvent } from '../api/events.js';
import type { TransferRow } from '../storage/tables.js';
import type { Outlook } from './transfer-endpoint.js';

/** Why a transfer does not run though both sides want it, for people and for scripts. */

type Waiting = NonNullable<TransferEvent['waiting']>;

export const queuedUp = (atOnce: number): Waiting => ({
  code: 'transfer-queued',
  message: `${atOnce} others are under way`,
  hint: 'It begins when one of them is over.',
});

export const takenUp = (): Waiting => ({
  code: 'transfer-resuming',
  message: 'it goes on where it stopped, as soon as the other side is there',
  hint: '',
});

export const reconnecting = (user: string): Waiting => ({
  code: 'transfer-reconnecting',
  message: `the connection to ${user} is lost, and looked for`,
  hint: 'It goes on where it stopped.',
});

export const away = (user: string): Waiting => ({
  code: 'peer-away',
  message: `${user} is not there`,
  hint: 'It goes on by itself when both of you are.',
});

/** No path leads to them, and the relays that would don't help. */
export function relayTrouble({ user }: TransferRow, why: Failure | undefined): Waiting | undefined {
  if (why === undefined) return undefined;
  return {
    code: why.code,
    message: `nothing gets through to ${user} directly, and ${firstLower(why.message)}`,
    hint: why.hint,
  };
}

const firstLower = (text: string): string => `${text.slice(0, 1).toLowerCase()}${text.slice(1).replace(/\.$/, '')}`;

/** @param lifetime how long the directory would keep it, in milliseconds; undefined where it would not take it */
export function awayForNow({ id, user }: TransferRow, lifetime: number | undefined): Waiting {
  const goesOn = 'It goes when both of you are.';
  if (lifetime === undefined) return { ...away(user), hint: goesOn };
  const days = Math.max(1, Math.round(lifetime / 86_400_000));
  const lay = `/transfers leave ${hex(id).slice(0, 8)}`;
  return {
    ...away(user),
    hint: `${goesOn} To lay it down at the directory, sealed, for at most ${days} days, so that you need not be there: ${lay} (in the shell, offer with --leave)`,
  };
}

/** Whether they are there is not known: the directory can't be asked, for a reason that is ours. */
export const shutOut = ({ user }: TransferRow, { code, message, hint }: Failure): Waiting => ({
  code,
  message: `${user} is not reached: ${firstLower(message)}`,
  hint,
});

/** Of the sender. */
export const fetching = (user: string): Waiting => ({
  code: 'deposit-fetching',
  message: `${user} fetches it from the directory, where you laid it down`,
  hint: '',
});

/** Of the receiver. */
export const directoryAway = (): Waiting => ({
  code: 'directory-offline',
  message: 'the directory, where it was laid down, cannot be reached',
  hint: 'It goes on by itself when that is back.',
});

const REACHABLE =
  'One of you has to be reachable: forward a port (UDP and TCP) in the router and start p2pchat there with --listen 0.0.0.0:PORT, or be in the same network. It is tried again by itself.';

/**
 * Neither datagrams nor a TCP connection got through. A NAT that gives every connection another port cannot be punched: where
 * the port that the directory saw is not the port in use, that is why.
 */
export function stallReason(row: TransferRow, { answered, keepsPort }: Outlook): Waiting {
  const { user } = row;
  const neither = `neither UDP nor TCP gets through to ${user}`;
  if (!answered) {
    return {
      code: 'udp-blocked',
      message: `${neither}: not even the directory answers by UDP`,
      hint: `A firewall here seems to block UDP: allow it. Otherwise: ${REACHABLE}`,
    };
  }
  if (!keepsPort) {
    return {
      code: 'nat-changes-ports',
      message: `${neither}: the router here gives every connection another port, so that none can be opened from outside`,
      hint: REACHABLE,
    };
  }
  if (new Set(row.candidates.map(({ port }) => port)).size > 1) {
    return {
      code: 'nat-changes-ports',
      message: `${neither}: the router at ${user}'s side gives every connection another port, so that none can be opened from outside`,
      hint: REACHABLE,
    };
  }
  return { code: 'not-reachable', message: neither, hint: REACHABLE };
}
