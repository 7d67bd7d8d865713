import { Failure } from '../../base/errors.js';
import type { StartOptions } from '../playground.js';
import type { Shell } from '../shell.js';

/** What `npm start` runs: on a terminal the chat with all that it takes, elsewhere a tour of it. */
export async function start(shell: Shell, options: StartOptions): Promise<void> {
  if (shell.terminal) return (await import('../playground.js')).playground(shell, options);
  if (options.listen !== undefined) {
    throw new Failure('usage', 'Without a terminal start plays a tour, which is for nobody else.', {
      hint: 'Leave out --listen, or run: p2pchat directory start --listen HOST:PORT',
    });
  }
  await (await import('../tour.js')).tour(shell);
}
