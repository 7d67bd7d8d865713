import { join } from 'node:path';
import { Failure, toFailure } from '../../base/errors.js';
import type { Methods } from '../../control/answers.js';
import type { NamedParams } from '../../control/jsonrpc.js';
import { controlPath } from '../../control/path.js';
import { serveControl } from '../../control/server.js';
import { parseGroupName } from '../../wire/names.js';
import { listenOption, numberOption, parentGone, sizeOption } from '../options.js';
import type { DirectoryOptions, RosterPerson, RunningDirectory } from '../parts.js';
import type { Shell } from '../shell.js';
import { configured, readConfig } from './directory-config.js';
import { dataFolder, storeOf } from './directory-place.js';
import type { DirectoryStartOptions } from './directory-start-options.js';
import { relayLimits } from './relay-limits.js';

const DEFAULT_LISTEN = '0.0.0.0:4000';

/** @throws Failure usage 'name-invalid' */
const roomNames = (given: string): string[] =>
  given
    .split(',')
    .filter(Boolean)
    .map((name) => parseGroupName(name.replace(/^#/, '')).name);

function uploadsOf(options: DirectoryStartOptions): NonNullable<DirectoryOptions['uploads']> {
  const perAccount = sizeOption('upload-quota', options['upload-quota']);
  const total = sizeOption('upload-space', options['upload-space']);
  const days = numberOption('upload-days', options['upload-days'], false);
  return {
    ...(perAccount !== undefined && { perAccount }),
    ...(total !== undefined && { total }),
    ...(days !== undefined && { lifetimeMs: days * 86_400_000 }),
  };
}

function relayOf(options: DirectoryStartOptions): NonNullable<DirectoryOptions['relay']> {
  if (options.relay === 'off') return 'off';
  const port = numberOption('relay', options.relay, true);
  if (port !== undefined && port > 65_535) {
    throw new Failure('argument-invalid', '--relay: that is no port.', { hint: 'Give a port, or off.' });
  }
  return { ...(port !== undefined && { port }), limits: relayLimits(options) };
}

function logOf(shell: Shell, options: DirectoryStartOptions): NonNullable<DirectoryOptions['log']> {
  const maxBytes = sizeOption('log-size', options['log-size']);
  const keepDays = numberOption('log-days', options['log-days'], true);
  return {
    ...(options.log !== undefined && { to: options.log }),
    ...(options['log-level'] !== undefined && { level: options['log-level'] }),
    ...(maxBytes !== undefined && { maxBytes }),
    ...(keepDays !== undefined && { keepDays }),
    ...(options.verbose === true && { tell: (line) => shell.output.note(line) }),
  };
}

/** @throws Failure usage 'argument-invalid' */
function guestsOf(options: DirectoryStartOptions): Pick<DirectoryOptions, 'guests'> {
  const listen = listenOption(options.guests, 'guests');
  const { 'guests-url': url, 'guests-cert': cert, 'guests-key': key } = options;
  if (listen === undefined) {
    if ((url ?? cert ?? key) === undefined) return {};
    throw new Failure('argument-invalid', '--guests-url, --guests-cert and --guests-key take --guests besides.', {
      hint: 'Say where guests come in: --guests HOST:PORT.',
    });
  }
  const given = {
    ...(url !== undefined && { url }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  };
  return { guests: { listen, ...given } };
}

function optionsOf(shell: Shell, options: DirectoryStartOptions): DirectoryOptions {
  const metrics = listenOption(options.metrics, 'metrics');
  const blockAfter = numberOption('block-after', options['block-after'], true);
  const blockSeconds = numberOption('block-seconds', options['block-seconds'], false);
  if (blockAfter === 0) {
    throw new Failure('argument-invalid', '--block-after: nobody could ever log in.', {
      hint: 'Give 1 or more.',
    });
  }
  return {
    data: dataFolder(shell, options.data),
    listen: listenOption(options.listen) ?? DEFAULT_LISTEN,
    ...(options.registration !== undefined && { registration: options.registration }),
    ...(blockAfter !== undefined && { blockAfter }),
    ...(blockSeconds !== undefined && { blockSeconds }),
    ...(options['require-second-factor'] !== undefined && { requireSecondFactor: options['require-second-factor'] }),
    uploads: uploadsOf(options),
    relay: relayOf(options),
    log: logOf(shell, options),
    marks: join(shell.home, 'marks'),
    ...(options.restored === true && { restored: true }),
    ...(options.rooms !== undefined && { rooms: roomNames(options.rooms) }),
    ...(metrics !== undefined && { metrics }),
    ...guestsOf(options),
  };
}

/** What a shell asks of a running directory: one line of its console. */
const methods = (directory: RunningDirectory): Methods => ({
  console: async (params) => directory.command(String((params as NamedParams).line)),
  roster: async (params) => {
    const { people, days } = params as NamedParams;
    return directory.roster(people as readonly RosterPerson[], Number(days));
  },
  backup: async (params) => directory.backUp(String((params as NamedParams).to)),
});

async function readConsole(shell: Shell, directory: RunningDirectory): Promise<void> {
  const input = shell.input();
  for (let line = await input.line('directory> '); line !== undefined; line = await input.line('directory> ')) {
    if (line.trim() === '') continue;
    try {
      for (const { json, lines } of await directory.command(line)) shell.output.say(json, lines);
    } catch (error) {
      shell.output.failure(toFailure(error));
    }
    if (line.trim() === 'exit') return;
  }
}

/** The owner's line and everybody's apart: who passes on what is printed must not give the directory away. */
export function readyLines({ link, ownerInvite, registration, metrics, guests }: RunningDirectory): string[] {
  const line = `p2pchat register NAME --directory '${link}'`;
  const owner = [
    'There is no owner yet. For yourself, once, and to be passed on to nobody:',
    `  ${line} --invite ${ownerInvite}`,
  ];
  const join = {
    open: ['To join, everybody else types:', `  ${line}`],
    invite: ["To join takes an invitation: 'invite' here, or 'p2pchat directory invite', prints the line to pass on."],
    closed: ['Registration is closed: nobody else can join.'],
  };
  return [
    `The directory is ready: ${link}`,
    ...(ownerInvite === undefined ? [] : owner),
    ...join[registration],
    ...(metrics === undefined ? [] : [`Status page and figures: ${metrics}`]),
    ...(guests === undefined ? [] : [`Links for guests begin with ${guests}`]),
  ];
}

/** Runs a directory until it is told to end. */
export async function directoryStart(shell: Shell, given: DirectoryStartOptions): Promise<void> {
  const options = await configured(given);
  const store = await storeOf(shell, options);
  const checked = { ...optionsOf(shell, options), ...store, signal: shell.scope.signal };
  const { startDirectory } = await shell.parts.directory();
  shell.endsWell();
  const control = shell.scope.child();
  const directory = await startDirectory(checked);
  shell.scope.defer(() => directory.close());
  if (!shell.terminal) shell.onHangup(() => directory.reopenLog());
  await serveControl(await controlPath(checked.data, shell.env), methods(directory), control);
  const { link, ownerInvite, metrics, guests } = directory;
  const ready = {
    ...{ event: 'ready', link },
    ...(ownerInvite !== undefined && { ownerInvite }),
    ...(metrics !== undefined && { metrics }),
    ...(guests !== undefined && { guests }),
  };
  // Standard output belongs to the log then, whose lines are objects.
  if (options.log === '-' && !shell.output.json) shell.output.note(readyLines(directory).join('\n'));
  else shell.output.say(ready, readyLines(directory));
  const console = shell.terminal ? readConsole(shell, directory) : parentGone(shell, options);
  await Promise.race([directory.ended, console]);
}

/** Reads a configuration file as `directory start` would, and shows what it sets. */
export async function directoryConfigCheck(shell: Shell, config: string): Promise<void> {
  const options = await readConfig(config);
  optionsOf(shell, options);
  const set = Object.entries(options);
  shell.output.say({ event: 'config', config, options }, [
    ...set.map(([name, value]) => `${name} = ${value}`),
    set.length > 0 ? 'All of it can be used.' : 'It sets nothing: everything is as without it.',
  ]);
}
