import { base64url, hex } from '../../base/bytes.js';
import { timestamp } from '../../base/clock.js';
import { digestOf } from '../../crypto/acts.js';
import { OPERATOR } from '../../wire/operator-acts.js';
import type { Directory } from '../directory.js';
import type { LedgerEntry } from '../groups/ledger.js';
import {
  operatorHandsOver,
  operatorRemoves,
  operatorResets,
  operatorResetsFactor,
  operatorUnblocks,
} from '../operator/deeds.js';
import { argumentInvalid, type ConsoleItem, item, wholeNumber } from './item.js';

/** Commands that do something to somebody: each stands in the ledger. */

type Words = readonly string[];

/** Acts at a time: their lines fit into one answer of the control socket. */
export const AUDIT_PAGE = 500;

export async function unblock(directory: Directory, [name = '']: Words): Promise<ConsoleItem[]> {
  const user = await operatorUnblocks(directory.site.core, name);
  return [item({ event: 'unblocked', user }, `${user} may log in again.`)];
}

export async function resetSecondFactor(directory: Directory, [name = '']: Words): Promise<ConsoleItem[]> {
  const user = await operatorResetsFactor(directory.site.core, name);
  return [item({ event: 'second-factor-reset', user }, `${user} logs in by the password alone now.`)];
}

export async function owner(directory: Directory, [name = '']: Words): Promise<ConsoleItem[]> {
  const { user, before } = await operatorHandsOver(directory.site.core, name);
  const said =
    before === undefined || before === user
      ? `${user} owns the directory.`
      : `${user} owns the directory now; ${before} is beginner and owns nothing any more.`;
  return [item({ event: 'owner', user, ...(before !== undefined && { before }) }, said)];
}

export async function account(directory: Directory, [deed, name = '']: Words): Promise<ConsoleItem[]> {
  const { core } = directory.site;
  if (deed === 'remove') {
    const user = await operatorRemoves(core, name);
    return [item({ event: 'account-removed', user }, `The account ${user} is gone; its name stays taken.`)];
  }
  if (deed !== 'reset') throw argumentInvalid("Say 'account remove NAME' or 'account reset NAME'.");
  const { user, token, until } = await operatorResets(core, name);
  const json = { event: 'account-reset', user, invite: token, expiresAt: timestamp(until), link: directory.link };
  return [
    item(
      json,
      `Nothing opens the account ${user} any more. Until ${json.expiresAt} its person, and nobody else, types:`,
      `p2pchat register ${user} --directory '${directory.link}' --invite ${token}`,
      `Others are told that the identity has changed, and accept it: p2pchat verify ${user} accept. In groups somebody`,
      'removes and invites the person again. What only the old devices held is lost.',
    ),
  ];
}

export async function audit(directory: Directory, [from = '1']: Words): Promise<ConsoleItem[]> {
  const { ledger } = directory.site.core;
  const items: ConsoleItem[] = [];
  const start = wholeNumber(from, 'FROM', 999_999);
  for await (const entry of ledger.entries(start, AUDIT_PAGE)) items.push(auditItem(entry));
  return items.length > 0 || start > 1 ? items : [item({ event: 'audit', acts: 0 }, 'Nothing has been done yet.')];
}

function auditItem({ number, encoded, act, operator }: LedgerEntry): ConsoleItem {
  const statement = act?.statement ?? operator!;
  const { action, ...fields } = statement as typeof statement & Readonly<Record<string, unknown>>;
  const { user, role, mode, reason, until } = fields as Readonly<Record<string, string | undefined>>;
  const json = {
    ...{ event: 'audit', number, action, by: act?.by.user ?? OPERATOR },
    at: timestamp(act?.seal.at ?? statement.at),
    ...(user !== undefined && { user }),
    ...(role !== undefined && { role }),
    ...(mode !== undefined && { mode }),
    ...(reason !== undefined && { reason }),
    ...(until !== undefined && { until: timestamp(Number(until)) }),
    digest: hex(digestOf(encoded)),
    act: base64url(encoded),
  };
  const rest = [user, role ?? mode, json.until && `until ${json.until}`, reason && JSON.stringify(reason)];
  return item(json, [number, json.at, `${json.by}:`, action, ...rest.filter(Boolean)].join(' '));
}
