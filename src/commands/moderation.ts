import { Failure } from '../base/errors.js';
import type { LedgerLine } from '../peer/api/groups.js';
import type { PeerApi } from '../peer/api/peer.js';
import { OPERATOR } from '../wire/operator-acts.js';
import { type Command, type Context, define } from './command.js';
import { clockTime, field } from './format-message.js';
import { settingsLine } from './group-settings.js';
import { groupHere } from './groups.js';
import type { Parameter } from './parameter.js';

const USER = { type: 'user', about: 'whom' } as const satisfies Parameter;
const REASON = { type: 'words', optional: true, about: 'why; the person is told' } as const satisfies Parameter;
const GROUP = { type: 'group', flag: true, optional: true, about: 'the group' } as const satisfies Parameter;
const EVERYWHERE = {
  type: 'switch',
  flag: true,
  optional: true,
  about: 'the whole directory, not one group',
} as const satisfies Parameter;

interface Said {
  readonly event: 'moderation';
  readonly action: string;
  readonly user: string;
  readonly by: string;
  readonly group?: string;
  readonly reason?: string;
  readonly until?: string;
  readonly role?: string;
}

const lines = ({ action, user, group, until, role }: Said): string[] => {
  const where = group === undefined ? 'the whole directory' : field(group);
  if (action === 'role') return [`${field(user)} is ${role} now.`];
  const what =
    {
      kick: `was kicked from ${where}`,
      ban: `is banned from ${where}`,
      unban: `is no longer banned from ${where}`,
      silence: `cannot write to ${where}`,
      unsilence: `writes to ${where} again`,
      'reset-second-factor': 'logs in by the password alone now',
    }[action] ?? action;
  const said = `${field(user)} ${what}${until === undefined ? '' : ` until ${until}`}.`;
  return [said, ...(group === undefined ? (BEYOND[action] ?? []) : [])];
};

/** What a deed towards the whole directory does to groups. */
const BEYOND: Readonly<Record<string, readonly string[]>> = {
  ban: [
    'They are logged out, and out of every group. Those by invitation have to invite them again when the ban is lifted.',
  ],
  unban: ['They log in again and enter open groups; groups by invitation have to invite them again.'],
};

/**
 * In the chat what one does concerns the group one is in, unless said otherwise; elsewhere it has to be said.
 * @throws Failure usage `scope-needed`
 */
function scope(group: string | undefined, everywhere: boolean | undefined, { current }: Context): string | undefined {
  if (group !== undefined && everywhere)
    throw new Failure('scope-needed', 'That is both: one group, or the whole directory?');
  if (everywhere) return undefined;
  const here = group ?? (current?.startsWith('#') ? current : undefined);
  if (here === undefined) throw new Failure('scope-needed');
  return here;
}

const role = define({
  name: 'role',
  slash: 'role',
  parameters: {
    user: USER,
    role: { type: 'choice', choices: ['admin', 'advanced', 'beginner', 'super-admin'], about: 'the new one' },
  },
  least: 'admin',
  about: "Change somebody's role on this directory.",
  examples: { slash: 'bob advanced', shell: 'bob advanced' },
  async *run(peer, { user, role: wanted }): AsyncIterable<Said> {
    await peer.groups.setRole(user, wanted);
    yield { event: 'moderation', action: 'role', user, by: peer.user, role: wanted };
  },
  lines,
});

const kick = define({
  name: 'kick',
  slash: 'kick',
  parameters: { user: USER, reason: REASON, group: GROUP },
  least: 'advanced',
  about: 'Remove somebody from a group; a reason is optional.',
  examples: { slash: 'bob off topic', shell: 'bob off topic --group lobby' },
  async *run(peer, { user, reason, group: named }, context): AsyncIterable<Said> {
    const group = await peer.groups.kick(groupHere(named, context), user, reason);
    yield { event: 'moderation', action: 'kick', user, by: peer.user, group, ...(reason && { reason }) };
  },
  lines,
});

const ban = define({
  name: 'ban',
  slash: 'ban',
  parameters: {
    user: USER,
    reason: REASON,
    group: GROUP,
    everywhere: EVERYWHERE,
    for: { type: 'seconds', flag: true, optional: true, about: 'how long: 30m, 1d, 7d; for good if not given' },
  },
  least: 'advanced',
  about:
    'Keep somebody out of one group (--group) or of the whole directory (--everywhere: logged out, and out of every group).',
  examples: { slash: 'bob spam --for 1d', shell: 'bob spam --group lobby --for 1d' },
  async *run(peer, { user, reason, group: named, everywhere, for: seconds }, context): AsyncIterable<Said> {
    const group = scope(named, everywhere, context);
    const until = seconds === undefined ? undefined : Math.round(context.now() + seconds * 1000);
    await peer.groups.ban(user, { ...(reason && { reason }), ...(until !== undefined && { until }) }, group);
    yield {
      ...{ event: 'moderation', action: 'ban', user, by: peer.user },
      ...(group !== undefined && { group }),
      ...(reason && { reason }),
      ...(until !== undefined && { until: new Date(until).toISOString() }),
    };
  },
  lines,
});

/** Without a word about it the ban of the directory is lifted, unless the chat is in a group: that can do no harm. */
const unbanScope = (
  group: string | undefined,
  everywhere: boolean | undefined,
  context: Context,
): string | undefined =>
  group === undefined && !context.current?.startsWith('#') ? undefined : scope(group, everywhere, context);

const unban = define({
  name: 'unban',
  slash: 'unban',
  parameters: { user: USER, group: GROUP, everywhere: EVERYWHERE },
  least: 'advanced',
  about: 'Lift a ban.',
  examples: { slash: 'bob', shell: 'bob' },
  async *run(peer, { user, group: named, everywhere }, context): AsyncIterable<Said> {
    const group = unbanScope(named, everywhere, context);
    await peer.groups.unban(user, group);
    yield { event: 'moderation', action: 'unban', user, by: peer.user, ...(group !== undefined && { group }) };
  },
  lines,
});

const SILENCE_S = 3_600;

const silence = define({
  name: 'silence',
  aliases: ['timeout', 'quiet', 'gag'],
  slash: 'silence',
  parameters: {
    user: USER,
    reason: REASON,
    group: GROUP,
    for: { type: 'seconds', flag: true, optional: true, about: 'how long: 10m, 1h, 1d; an hour if not given' },
  },
  least: 'advanced',
  about: 'Keep a member from writing to a group for a while; they go on reading. (mute is for yourself alone.)',
  examples: { slash: 'bob cool down --for 10m', shell: 'bob cool down --group lobby --for 10m' },
  async *run(peer, { user, reason, group: named, for: seconds = SILENCE_S }, context): AsyncIterable<Said> {
    const until = Math.round(context.now() + seconds * 1000);
    const group = await peer.groups.silence(groupHere(named, context), user, { ...(reason && { reason }), until });
    yield {
      ...{ event: 'moderation', action: 'silence', user, by: peer.user, group, ...(reason && { reason }) },
      until: new Date(until).toISOString(),
    };
  },
  lines,
});

const unsilence = define({
  name: 'unsilence',
  aliases: ['untimeout', 'unquiet', 'ungag'],
  slash: 'unsilence',
  parameters: { user: USER, group: GROUP },
  least: 'advanced',
  about: 'Let a member write to a group again.',
  examples: { slash: 'bob', shell: 'bob --group lobby' },
  async *run(peer, { user, group: named }, context): AsyncIterable<Said> {
    const group = await peer.groups.silence(groupHere(named, context), user, {});
    yield { event: 'moderation', action: 'unsilence', user, by: peer.user, group };
  },
  lines,
});

const resetSecondFactor = define({
  name: 'reset-second-factor',
  slash: 'resetsecondfactor',
  parameters: { user: USER, reason: REASON },
  least: 'admin',
  about: 'Reset the second factor of somebody who has lost it; the password alone opens the account then.',
  examples: { slash: 'bob lost the telephone', shell: 'bob lost the telephone' },
  async *run(peer, { user, reason }): AsyncIterable<Said> {
    await peer.groups.resetSecondFactor(user, reason);
    yield { event: 'moderation', action: 'reset-second-factor', user, by: peer.user, ...(reason && { reason }) };
  },
  lines,
});

async function* ledgerOf(peer: PeerApi, group: string | undefined) {
  for (const line of await peer.groups.ledger(group)) yield { event: 'ledger' as const, ...line };
}

const ledger = define({
  name: 'ledger',
  empty: 'Nothing stands in the ledger yet.',
  slash: 'ledger',
  parameters: { group: { type: 'group', optional: true, about: 'of that group instead of the directory' } },
  about: 'Show who did what to whom, with every signature verified.',
  examples: { slash: '', shell: "'#lobby'" },
  run: (peer, { group }) => ledgerOf(peer, group),
  lines: (line, { now }) => [ledgerLine(line, now())],
});

function ledgerLine(
  { number, action, by = '', user, role: given, mode, reason, until, at, ...settings }: LedgerLine,
  now: number,
): string {
  if (action === undefined || at === undefined) return `${number}  (concerns others)`;
  const target = user === undefined ? '' : ` ${field(user)}`;
  const rest = [
    action === 'settings' && `: ${settingsLine(settings)}`,
    (given ?? mode) && ` to ${given ?? mode}`,
    until && ` until ${until}`,
    reason && `: ${field(reason)}`,
  ]
    .filter(Boolean)
    .join('');
  return `${number}  ${clockTime(at, now)} ${by === OPERATOR ? 'the operator' : field(by)}: ${action}${target}${rest}`;
}

export const moderationCommands: readonly Command[] = [
  ...[role, kick, ban, unban, silence, unsilence, resetSecondFactor, ledger],
];
