import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Failure } from '../base/errors.js';
import type { Given } from '../commands/bind-arguments.js';
import type { Command } from '../commands/command.js';
import { PATH_SEPARATOR } from '../commands/parse-argument.js';
import type { Shell } from './shell.js';

/**
 * What can be read once only, standard input and pipes, is kept in a file for as long as the command runs: a transfer reads
 * where it likes, and again after a break.
 */

const STDIN = '-';

const nameNeeded = (): Failure =>
  new Failure('usage', 'What comes from standard input or a pipe has no name.', {
    hint: 'Give it one: p2pchat file bob - --name NAME',
  });

const endsFirst = (): Failure =>
  new Failure(
    'usage',
    '--wait offered would end before it is sent: standard input and pipes are kept by this command.',
    {
      hint: 'Leave --wait out, or send a file.',
    },
  );

const isTyped = (): Failure =>
  new Failure('usage', 'There is nothing on standard input.', { hint: 'Pipe something in, or name a file.' });

/** Whether it can be read once only. */
async function isPipe(path: string): Promise<boolean> {
  const info = await stat(path).catch(() => undefined);
  return info !== undefined && (info.isFIFO() || info.isSocket() || info.isCharacterDevice());
}

async function kept(shell: Shell, path: string, name: string): Promise<string> {
  const folder = await mkdtemp(join(shell.home, 'spool-'));
  shell.scope.defer(() => rm(folder, { recursive: true, force: true }));
  const source = path === STDIN ? shell.input().bytes() : createReadStream(path);
  if (source === undefined) throw isTyped();
  const file = join(folder, name);
  await pipeline(source, createWriteStream(file, { mode: 0o600, flags: 'wx' }));
  return file;
}

/** The paths of a command, with a file in the place of each that is none. @throws Failure usage */
export async function withFiles(shell: Shell, command: Command, given: Given): Promise<Given> {
  const paths = given.paths?.split(PATH_SEPARATOR);
  if (command.parameters.paths?.type !== 'paths' || paths === undefined) return given;
  const files: string[] = [];
  for (const path of paths) {
    if (path !== STDIN && !(await isPipe(path))) {
      files.push(path);
      continue;
    }
    if (given.wait === 'offered') throw endsFirst();
    const isNamed = path !== STDIN && !path.startsWith('/dev/') && !path.startsWith('/proc/');
    const name = given.name ?? (isNamed ? basename(path) : undefined);
    if (name === undefined) throw nameNeeded();
    files.push(await kept(shell, path, basename(name)));
  }
  return { ...given, paths: files.join(PATH_SEPARATOR) };
}
