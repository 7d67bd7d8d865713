import { join } from 'node:path';
import { Failure, toFailure } from '../../base/errors.js';
import { sizeOf } from '../../commands/parse-unit.js';
import type { Methods } from '../../control/answers.js';
import type { NamedParams } from '../../control/jsonrpc.js';
import { controlPath } from '../../control/path.js';
import { serveControl } from '../../control/server.js';
import { parseGroupName } from '../../wire/names.js';
import { listenOption, numberOption, parentGone } from '../options.js';
import type { DirectoryOptions, RunningDirectory } from '../parts.js';
import type { Shell } from '../shell.js';

export interface DirectoryStartOptions {
  readonly data?: string | undefined;
  readonly listen?: string | undefined;
  readonly store?: string | undefined;
  readonly registration?: DirectoryOptions['registration'] | undefined;
  readonly 'require-second-factor'?: DirectoryOptions['requireSecondFactor'] | undefined;
  readonly rooms?: string | undefined;
  readonly 'block-after'?: string | undefined;
  readonly 'block-seconds'?: string | undefined;
  readonly 'upload-quota'?: string | undefined;
  readonly 'upload-space'?: string | undefined;
  readonly 'upload-days'?: string | undefined;
  readonly metrics?: string | undefined;
  readonly 'with-parent'?: boolean | undefined;
}

const DEFAULT_LISTEN = '0.0.0.0:4000';

export const dataFolder = (shell: Shell, data: string | undefined): string => data ?? join(shell.home, 'directory');

const notHere = (option: string, hint: string): Failure =>
  new Failure('option-unsupported', `--${option}: this version cannot do that.`, { hint });

function refuse({ store, metrics }: DirectoryStartOptions): void {
  if (store !== undefined && store !== 'level') {
    throw notHere('store', 'Leave it out, or give --store level: the embedded store, which needs nothing else.');
  }
  if (metrics !== undefined) {
    throw notHere('metrics', "Leave it out: 'p2pchat directory status --json' has the figures.");
  }
}

/** @throws Failure usage 'name-invalid' */
const roomNames = (given: string): string[] =>
  given
    .split(',')
    .filter(Boolean)
    .map((name) => parseGroupName(name.replace(/^#/, '')).name);

function sizeOption(name: 'upload-quota' | 'upload-space', options: DirectoryStartOptions): number | undefined {
  const given = options[name];
  const bytes = given === undefined ? undefined : sizeOf(given);
  if (given === undefined || bytes !== undefined) return bytes;
  throw new Failure('argument-invalid', `--${name}: that is not a size.`, { hint: 'Write 500MB or 2GiB.' });
}

function uploadsOf(options: DirectoryStartOptions): NonNullable<DirectoryOptions['uploads']> {
  const perAccount = sizeOption('upload-quota', options);
  const total = sizeOption('upload-space', options);
  const days = numberOption('upload-days', options['upload-days'], false);
  return {
    ...(perAccount !== undefined && { perAccount }),
    ...(total !== undefined && { total }),
    ...(days !== undefined && { lifetimeMs: days * 86_400_000 }),
  };
}

function optionsOf(shell: Shell, options: DirectoryStartOptions): DirectoryOptions {
  refuse(options);
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
    ...(options.rooms !== undefined && { rooms: roomNames(options.rooms) }),
  };
}

/** What a shell asks of a running directory: one line of its console. */
const methods = (directory: RunningDirectory): Methods => ({
  console: async (params) => directory.command(String((params as NamedParams).line)),
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

export function readyLines({ link, ownerInvite }: RunningDirectory): string[] {
  const invite = ownerInvite === undefined ? '' : ` --invite ${ownerInvite}`;
  return [
    `The directory is ready: ${link}`,
    ...(ownerInvite === undefined
      ? []
      : [`There is no owner yet. Whoever uses this invitation first is: ${ownerInvite}`]),
    `To join, type: p2pchat register NAME --directory '${link}'${invite}`,
  ];
}

/** Runs a directory until it is told to end. */
export async function directoryStart(shell: Shell, options: DirectoryStartOptions): Promise<void> {
  const checked = optionsOf(shell, options);
  const { startDirectory } = await shell.parts.directory();
  shell.endsWell();
  const control = shell.scope.child();
  const directory = await startDirectory(checked);
  shell.scope.defer(() => directory.close());
  await serveControl(await controlPath(checked.data, shell.env), methods(directory), control);
  const { link, ownerInvite } = directory;
  shell.output.say({ event: 'ready', link, ...(ownerInvite !== undefined && { ownerInvite }) }, readyLines(directory));
  const console = shell.terminal ? readConsole(shell, directory) : parentGone(shell, options);
  await Promise.race([directory.ended, console]);
}
