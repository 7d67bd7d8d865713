import { timestamp } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import type { Ban } from '../rows.js';

export type { Ban };

/** What a banned person is told: at once, and with every login. */
export const accountBanned = ({ reason, until }: Ban): Failure =>
  new Failure(
    'account-banned',
    `this account is banned${until === undefined ? '' : ` until ${timestamp(until)}`}${reason ? `: ${reason}` : ''}`,
    { details: { ...(reason && { reason }), ...(until !== undefined && { until: timestamp(until) }) } },
  );

/** Undefined where there is no ban, or it is over. */
export const banNow = (ban: Ban | undefined, now: number): Failure | undefined =>
  ban !== undefined && (ban.until === undefined || ban.until > now) ? accountBanned(ban) : undefined;

/** @throws Failure blocked 'account-banned' */
export function assertNotBanned({ ban }: { readonly ban?: Ban | undefined }, now: number): void {
  const why = banNow(ban, now);
  if (why !== undefined) throw why;
}
