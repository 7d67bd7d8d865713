import { type Code, Failure, toFailure } from '../../base/errors.js';
import { historyWish } from '../../commands/duration.js';
import type { EnrolledByCode } from '../../peer/api/peers.js';
import { givenDirectory, type PeerOptions } from '../options.js';
import { canAsk, password } from '../password.js';
import type { Shell } from '../shell.js';

export interface CodeOptions extends PeerOptions {
  /** Empty where it is given without a value; else a code of the second factor. */
  readonly code?: string | undefined;
  readonly 'code-file'?: string | undefined;
  readonly history?: string | undefined;
}

/** Whether this machine is to be let in by another one's code. @throws Failure usage 'code-in-argv' */
export function wantsCode({ code, 'code-file': file }: CodeOptions): boolean {
  if (code !== undefined && /^\s*(p2pchat:|\d{4,6}[\s-]+\p{L})/iu.test(code)) throw new Failure('code-in-argv');
  return code === '' || file !== undefined;
}

/** What another answer mends; nothing of it has been tried yet. */
const AGAIN: readonly Code[] = ['code-invalid', 'directory-needed', 'link-invalid'];

/**
 * Gets the code, from the file, from standard input or from a person; and where it was spoken, the directory's address.
 * Asks again for what was no code, wherever a person is there to answer.
 */
export async function askingForCode<T>(
  shell: Shell,
  options: CodeOptions,
  use: (given: { readonly code: string; readonly directory?: string }) => Promise<T>,
): Promise<T> {
  const file = options['code-file'];
  const asks = canAsk(shell, { file });
  let directory = givenDirectory(shell, options);
  for (let code: string | undefined; ; ) {
    try {
      code ??= await theCode(shell, file);
      return await use({ code, ...(directory !== undefined && { directory }) });
    } catch (error) {
      const failure = toFailure(error);
      if (!asks || !AGAIN.includes(failure.code as Code)) throw failure;
      if (failure.code === 'code-invalid') {
        shell.output.failure(failure);
        code = undefined;
        continue;
      }
      if (failure.code === 'link-invalid') shell.output.failure(failure);
      directory = await shell.input().line('Where is the directory (HOST or HOST:PORT, shown beside the code)? ');
      if (directory === undefined) throw failure;
    }
  }
}

async function theCode(shell: Shell, file: string | undefined): Promise<string> {
  if (file !== undefined) return password(shell, { file, prompt: 'Code', option: 'code-file' });
  const typed = await shell.input().line('Code, a number and three words: ');
  if (typed === undefined) throw new Failure('code-invalid', 'There is no code: the input has ended.');
  return typed;
}

/** Makes this installation a device of the account where the code was made. */
export async function enrolByCode(shell: Shell, options: CodeOptions): Promise<EnrolledByCode> {
  const peers = await shell.parts.peer();
  const { history } = options;
  const wish = history === undefined ? {} : { history: historyWish(history) };
  return askingForCode(shell, options, async (given) => {
    const enrolled = await peers.enrolByCode({ home: shell.home, ...given, ...wish });
    const { user, device } = enrolled;
    shell.output.say({ event: 'enrolled', user, device }, [
      `This machine is a device of ${user} now. From the next time on it opens with the password of the account.`,
    ]);
    return enrolled;
  });
}
