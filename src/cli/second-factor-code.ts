import type { Failure } from '../base/errors.js';
import type { Shell } from './shell.js';

/** Asks the person for a code of the second factor; throws `why` where there is nobody any more. */
export async function codeFrom(shell: Shell, why: Failure): Promise<string> {
  if (why.code !== 'second-factor-needed') shell.output.failure(why);
  for (;;) {
    const code = await shell.input().line('Code from your app, or a recovery code: ');
    if (code === undefined) throw why;
    if (code.trim() !== '') return code.trim();
  }
}
