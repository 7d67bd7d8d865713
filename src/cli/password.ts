import { type FileHandle, open } from 'node:fs/promises';
import { Failure } from '../base/errors.js';
import type { Shell } from './shell.js';

export interface PasswordSource {
  /** `--password-file`: its first line; `-` is standard input. */
  readonly file?: string | undefined;
  /** What a person is asked by. */
  readonly prompt: string;
  /** The option's name, for the hint. */
  readonly option?: string;
  /** All lines of the file, not the first alone: a recovery phrase may stand in several. */
  readonly whole?: boolean;
}

const PASSWORD_BYTES = 4096;

/** From where it stands, as often as it takes: a pipe has no positions, and gives what there is. */
async function filled(handle: FileHandle, buffer: Buffer, whole: boolean): Promise<number> {
  for (let length = 0; ; ) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, null);
    length += bytesRead;
    const isEnough = !whole && buffer.subarray(0, length).includes(0x0a);
    if (bytesRead === 0 || isEnough || length === buffer.length) return length;
  }
}

async function fromFile(file: string, option: string, whole: boolean): Promise<string> {
  const failed = (why: string): Failure =>
    new Failure('password-file', `The file of --${option} cannot be read: ${why}.`, {
      hint: `Give --${option} a file that ${whole ? 'holds it' : 'has it on its first line'}, or - for standard input.`,
    });
  const handle = await open(file, 'r').catch((error: NodeJS.ErrnoException) => {
    throw failed(error.code === 'ENOENT' ? 'there is no such file' : (error.code ?? 'unknown'));
  });
  try {
    const buffer = Buffer.alloc(PASSWORD_BYTES);
    const length = await filled(handle, buffer, whole).catch((error: NodeJS.ErrnoException) => {
      throw failed(error.code === 'EISDIR' ? 'it is a folder' : (error.code ?? 'unknown'));
    });
    const text = buffer.toString('utf8', 0, length);
    return whole ? text.trim() : (text.split(/\r?\n/, 1)[0] ?? '');
  } finally {
    await handle.close();
  }
}

const missing = (option: string): Failure =>
  new Failure('password-needed', `--${option} is needed: there is no terminal to ask.`, {
    hint: `Give --${option} FILE (its first line), or --${option} - to read it from standard input.`,
  });

/** Unlike an empty answer, this is nothing to ask again for: there is nobody any more. */
const inputEnded = (prompt: string): Failure => new Failure('password-needed', `${prompt}: the input has ended.`);

/** True where a person can be asked again. */
export const canAsk = (shell: Shell, { file }: Pick<PasswordSource, 'file'>): boolean =>
  file === undefined && shell.input().terminal;

/**
 * The password, from the file, from standard input or from a person; never from argv or the environment.
 * @throws Failure usage `password-file`, `password-needed`, `password-empty`
 */
export async function password(shell: Shell, source: PasswordSource): Promise<string> {
  const option = source.option ?? 'password-file';
  const given = await read(shell, source, option);
  if (given === undefined && source.file === undefined) throw inputEnded(source.prompt);
  if (given !== undefined && given !== '') return given;
  throw new Failure('password-empty', `${source.prompt}: nothing was given.`, {
    hint: source.file === undefined ? 'Type it, then Enter.' : `Put it on the first line of what --${option} names.`,
  });
}

async function read(
  shell: Shell,
  { file, prompt, whole = false }: PasswordSource,
  option: string,
): Promise<string | undefined> {
  if (file === '-') return whole ? shell.input().rest() : shell.input().line();
  if (file !== undefined) return fromFile(file, option, whole);
  if (!shell.input().terminal) throw missing(option);
  return shell.input().secret(`${prompt}: `);
}

/** A new password, typed twice where a person types it. */
export async function newPassword(shell: Shell, source: PasswordSource): Promise<string> {
  for (;;) {
    const first = await password(shell, source);
    if (!canAsk(shell, source)) return first;
    if ((await shell.input().secret(`${source.prompt} once more: `)) === first) return first;
    shell.output.note('The two are not the same. Once again:');
  }
}
