import { resolve } from 'node:path';
import { timestamp } from '../../base/clock.js';
import { LOG_LEVELS } from '../../base/log.js';
import type { RegistrationMode } from '../../wire/directory.js';
import type { Directory } from '../directory.js';
import { operatorSetsRegistration } from '../operator/deeds.js';
import { argumentInvalid, type ConsoleItem, item, wholeNumber } from './item.js';
import { AUDIT_PAGE, account, audit, owner, resetSecondFactor, unblock } from './operator.js';
import { relay } from './relays.js';

export type { ConsoleItem };

export interface ConsoleCommand {
  readonly name: string;
  readonly usage: string;
  readonly about: string;
  /** Number of arguments, at least and at most. */
  readonly least: number;
  readonly most: number;
  run(directory: Directory, args: readonly string[]): Promise<readonly ConsoleItem[]> | readonly ConsoleItem[];
}

const DAY_MS = 24 * 3_600_000;
const INVITE_DAYS = 7;
const MODES: readonly RegistrationMode[] = ['open', 'invite', 'closed'];

export const COMMANDS: readonly ConsoleCommand[] = [
  {
    name: 'pause',
    usage: 'pause',
    about: 'Takes no new connections until resume; who is connected stays. Nothing ends.',
    ...{ least: 0, most: 0 },
    run: (directory) => accepting(directory, false),
  },
  {
    name: 'resume',
    usage: 'resume',
    about: 'Takes connections again.',
    ...{ least: 0, most: 0 },
    run: (directory) => accepting(directory, true),
  },
  {
    name: 'stop',
    usage: 'stop',
    about: 'The same as pause, on this console only: exit ends the directory.',
    ...{ least: 0, most: 0 },
    run: (directory) => accepting(directory, false),
  },
  {
    name: 'start',
    usage: 'start',
    about: 'The same as resume.',
    ...{ least: 0, most: 0 },
    run: (directory) => accepting(directory, true),
  },
  {
    name: 'database',
    usage: 'database [NAME]',
    about: 'Opens another database, or makes it: with accounts, an authority and a link of its own.',
    ...{ least: 0, most: 1 },
    run: database,
  },
  {
    name: 'status',
    usage: 'status',
    about: 'Shows what the directory does.',
    ...{ least: 0, most: 0 },
    run: (directory) => [status(directory)],
  },
  {
    name: 'users',
    usage: 'users',
    about: 'Lists the accounts.',
    ...{ least: 0, most: 0 },
    run: users,
  },
  {
    name: 'invite',
    usage: 'invite [USES] [DAYS]',
    about: `Makes an invitation: for one person and ${INVITE_DAYS} days, unless said otherwise.`,
    ...{ least: 0, most: 2 },
    run: invite,
  },
  {
    name: 'registration',
    usage: 'registration open|invite|closed',
    about: 'Says who may register from now on.',
    ...{ least: 1, most: 1 },
    run: registration,
  },
  {
    name: 'unblock',
    usage: 'unblock NAME',
    about: 'Lifts the block of a user name after wrong passwords.',
    ...{ least: 1, most: 1 },
    run: unblock,
  },
  {
    name: 'reset-second-factor',
    usage: 'reset-second-factor NAME',
    about: 'Takes the second factor off an account whose owner has lost it: the password alone opens it then.',
    ...{ least: 1, most: 1 },
    run: resetSecondFactor,
  },
  {
    name: 'owner',
    usage: 'owner NAME',
    about: 'Makes an account the owner of the directory; whoever was owner before is beginner.',
    ...{ least: 1, most: 1 },
    run: owner,
  },
  {
    name: 'account',
    usage: 'account remove|reset NAME',
    about: 'Removes an account for good; or resets one whose password and phrase are lost: its name is taken anew.',
    ...{ least: 2, most: 2 },
    run: account,
  },
  {
    name: 'audit',
    usage: 'audit [FROM]',
    about: `Shows the ledger of what was done to accounts, ${AUDIT_PAGE} acts from that number on.`,
    ...{ least: 0, most: 1 },
    run: audit,
  },
  {
    name: 'backup',
    usage: 'backup DIR',
    about:
      'Copies the directory, as it is now, into a folder: a new one, or that of an earlier backup, which costs less.',
    ...{ least: 1, most: 1 },
    run: (directory, [to]) => backUp(directory, to!),
  },
  {
    name: 'relay',
    usage: 'relay [add|remove LINE]',
    about: 'Lists the relays that devices are told of; registers one by the line it prints, or takes it off.',
    ...{ least: 0, most: 2 },
    run: relay,
  },
  {
    name: 'log-level',
    usage: 'log-level [LEVEL]',
    about: `Says how much is logged, or changes it until the next start: ${LOG_LEVELS.join(', ')}.`,
    ...{ least: 0, most: 1 },
    run: logLevel,
  },
  {
    name: 'help',
    usage: 'help [COMMAND]',
    about: 'Explains the commands.',
    ...{ least: 0, most: 1 },
    run: (_directory, [name]) => help(name),
  },
  {
    name: 'exit',
    usage: 'exit',
    about: 'Finishes what is under way and ends the directory.',
    ...{ least: 0, most: 0 },
    run: exit,
  },
];

function accepting(directory: Directory, on: boolean): ConsoleItem[] {
  directory.accepting = on;
  return [
    item(
      { event: 'accepting', accepting: on },
      ...(on
        ? ['Connections are taken.']
        : [
            `Paused: no new connections are taken until resume; ${there(directory)} stay. Nothing has ended: exit does that.`,
          ]),
    ),
  ];
}

const there = ({ site }: Directory): string => `the ${site.core.sessions.size} devices that are signed in`;

async function database(directory: Directory, [name]: readonly string[]): Promise<ConsoleItem[]> {
  if (name !== undefined) await directory.switchTo(name);
  const { database: open, link, ownerInvite } = directory;
  const json = { event: 'database', database: open, link, ...(ownerInvite !== undefined && { ownerInvite }) };
  const owner =
    ownerInvite === undefined ? [] : [`There is no owner yet. Whoever uses this invitation first is: ${ownerInvite}`];
  return [item(json, `The database '${open}' is open: ${link}`, ...owner)];
}

function status(directory: Directory): ConsoleItem {
  const { core, server } = directory.site;
  const json = {
    event: 'status',
    database: directory.database,
    link: directory.link,
    accepting: directory.accepting,
    registration: core.ownership.registration,
    owner: core.ownership.owner ?? null,
    accounts: core.accounts.size,
    devices: core.sessions.size,
    connections: server.connections,
    refused: server.admission.refused,
    upSeconds: Math.round((core.clock.monotonic() - directory.startedAt) / 1000),
    memoryBytes: process.memoryUsage.rss(),
  };
  return item(
    json,
    `Database ${json.database}: ${json.link}`,
    `${json.accepting ? 'Takes' : 'Does not take'} connections; registration is ${json.registration}; owner: ${json.owner ?? 'nobody yet'}`,
    `${json.accounts} accounts, ${json.devices} devices signed in, ${json.connections} connections, ${json.refused} refused`,
    `Up for ${json.upSeconds} s, ${Math.round(json.memoryBytes / 1e6)} MB of memory`,
  );
}

async function users(directory: Directory): Promise<ConsoleItem[]> {
  const { accounts, people } = directory.site.core;
  const items: ConsoleItem[] = [];
  for await (const account of accounts.list()) {
    const { user, role, state, lastSeen } = await people.seen(account);
    const json = { event: 'user', user, role, state, lastSeen: timestamp(lastSeen) };
    items.push(item(json, `${user.padEnd(24)} ${role.padEnd(12)} ${state.padEnd(8)} ${json.lastSeen}`));
  }
  return items.length > 0 ? items : [item({ event: 'users', users: 0 }, 'Nobody has registered yet.')];
}

async function invite(
  directory: Directory,
  [uses = '1', days = String(INVITE_DAYS)]: readonly string[],
): Promise<ConsoleItem[]> {
  const count = wholeNumber(uses, 'USES', 100_000);
  const lifetimeMs = wholeNumber(days, 'DAYS', 3_650) * DAY_MS;
  const { invitations } = directory.site.core;
  const { token, expiresAt } = await invitations.create({ uses: count, lifetimeMs, by: 'console' });
  const json = { event: 'invite', invite: token, uses: count, expiresAt: timestamp(expiresAt), link: directory.link };
  return [
    item(
      json,
      `For ${count === 1 ? 'one person' : `${count} people`}, until ${json.expiresAt}:`,
      `p2pchat register NAME --directory '${directory.link}' --invite ${token}`,
    ),
  ];
}

async function registration(directory: Directory, [mode]: readonly string[]): Promise<ConsoleItem[]> {
  const chosen = MODES.find((known) => known === mode);
  if (chosen === undefined) throw argumentInvalid('The mode is open, invite or closed.');
  await operatorSetsRegistration(directory.site.core, chosen);
  return [item({ event: 'registration', registration: chosen }, `Registration is ${chosen} now.`)];
}

export async function backUp(directory: Directory, to: string): Promise<ConsoleItem[]> {
  const folder = resolve(to);
  const began = directory.site.core.clock.monotonic();
  const { records, entries, blobs, bytes } = await directory.site.backUp(folder);
  const ms = Math.round(directory.site.core.clock.monotonic() - began);
  directory.log.info('backed up', { to: folder, records, entries, blobs, bytes, ms });
  return [
    item(
      { event: 'backup', to: folder, records, entries, blobs, bytes },
      `It is in ${folder}, read again and compared: ${records} records, ${entries} entries of logs, ${blobs} blobs, ${bytes} bytes.`,
      'It holds the keys of the directory: keep it where nobody else can read it.',
    ),
  ];
}

function logLevel({ log }: Directory, [wanted]: readonly string[]): ConsoleItem[] {
  const level = LOG_LEVELS.find((known) => known === wanted);
  if (wanted !== undefined && level === undefined) throw argumentInvalid(`The levels are ${LOG_LEVELS.join(', ')}.`);
  if (log.level === undefined) throw argumentInvalid('This directory keeps no log.');
  if (level !== undefined) {
    // Said while the level lets it through, so that a gap in the log explains itself.
    const quieter = LOG_LEVELS.indexOf(level) > LOG_LEVELS.indexOf(log.level);
    if (quieter) log.warn('log level set by the operator', { to: level });
    log.level = level;
    if (!quieter) log.warn('log level set by the operator', { to: level });
  }
  return [item({ event: 'log-level', level: log.level }, `The log has ${log.level} and what is above it.`)];
}

function help(name: string | undefined): ConsoleItem[] {
  const chosen = COMMANDS.filter((command) => name === undefined || command.name === name);
  if (chosen.length === 0) throw argumentInvalid("There is no such command; 'help' lists them all.");
  return chosen.map(({ usage, about }) => item({ event: 'help', usage, about }, `${usage.padEnd(32)} ${about}`));
}

function exit(directory: Directory): ConsoleItem[] {
  // Whoever asked by the control socket gets the answer first.
  setImmediate(() => void directory.close().catch(() => {}));
  const { size } = directory.site.core.sessions;
  const said = `The directory ends, as a whole: ${there(directory)} lose it until it is started again.`;
  return [item({ event: 'ending', devices: size }, said)];
}
