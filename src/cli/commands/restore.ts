import { resolve } from 'node:path';
import { type Code, type Failure, hasCode, toFailure } from '../../base/errors.js';
import { messageCount } from '../../commands/format-message.js';
import type { OpenedBackup, Restored } from '../../peer/api/backup.js';
import { givenDirectory, type PeerOptions } from '../options.js';
import { canAsk, newPassword, type PasswordSource, password } from '../password.js';
import { codeFrom } from '../second-factor-code.js';
import type { Shell } from '../shell.js';

export interface RestoreOptions extends PeerOptions {
  readonly file: string;
  readonly recover?: boolean | undefined;
  readonly code?: string | undefined;
  readonly 'phrase-file'?: string | undefined;
  readonly 'passphrase-file'?: string | undefined;
}

/** What a person may have mistyped, and types again. */
const OTHER_WORDS: readonly Code[] = ['phrase-invalid', 'backup-locked', 'password-empty'];
const OTHER_PASSWORD: readonly Code[] = ['wrong-credentials', 'password-weak', 'password-empty'];

/** Makes this installation a device of the account whose backup it is, with the history in it. */
export async function restore(shell: Shell, options: RestoreOptions): Promise<void> {
  const phrase = { file: options['phrase-file'], prompt: 'Recovery phrase', option: 'phrase-file', whole: true };
  const passphrase = { file: options['passphrase-file'], prompt: 'Passphrase', option: 'passphrase-file' };
  const secret = { file: options['password-file'], prompt: 'Password' };
  const { openBackup } = await shell.parts.peer();
  let words: string | undefined;
  const backup = await asking(shell, phrase, OTHER_WORDS, () =>
    openBackup(resolve(options.file), async (by) => {
      const given = await password(shell, by === 'phrase' ? phrase : passphrase);
      if (by === 'phrase') words = given;
      return given;
    }),
  );
  shell.scope.defer(() => backup.close());
  if (options.recover) words ??= await password(shell, phrase);
  const restored = await asking(shell, secret, OTHER_PASSWORD, async () =>
    enrol(shell, backup, options, { words, secret: await passwordFor(shell, backup, options, secret) }),
  );
  tell(shell, restored);
}

const passwordFor = (shell: Shell, { user }: OpenedBackup, { recover }: RestoreOptions, source: PasswordSource) =>
  recover
    ? newPassword(shell, { ...source, prompt: 'New password' })
    : password(shell, { ...source, prompt: `Password of ${user}` });

function enrol(
  shell: Shell,
  backup: OpenedBackup,
  { directory, recover, code }: RestoreOptions,
  { words, secret }: { readonly words: string | undefined; readonly secret: string },
): Promise<Restored> {
  const link = givenDirectory(shell, { directory });
  return backup.restore({
    home: shell.home,
    password: secret,
    ...(recover && words !== undefined && { phrase: words }),
    ...(link !== undefined && { directory: link }),
    ...(code !== undefined && { code }),
    ...(shell.input().terminal && { askCode: (why: Failure) => codeFrom(shell, why) }),
  });
}

/** Again after what another answer can mend, where a person is there to give it. */
async function asking<T>(
  shell: Shell,
  source: PasswordSource,
  again: readonly Code[],
  work: () => Promise<T>,
): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!canAsk(shell, source) || !again.some((code) => hasCode(error, code))) throw error;
      shell.output.failure(toFailure(error));
    }
  }
}

function tell(shell: Shell, restored: Restored): void {
  const { user, lines, unsent } = restored;
  shell.output.say({ event: 'restored', ...restored }, [
    `This is a new device of ${user} now, with ${messageCount(lines)}.`,
    ...(unsent > 0
      ? [`${unsent} of them had not left when they were backed up: see whether they are to be sent again.`]
      : []),
    'What a backup has not: messages that disappear, what was said since, files themselves, transfers under way.',
    'A lost device? See: device list, device revoke.',
    'Next: p2pchat login',
  ]);
}
