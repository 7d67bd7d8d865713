import type { Shell } from '../shell.js';

/** What `npm start` runs: on a terminal the chat with all that it takes, elsewhere a tour of it. */
export async function start(shell: Shell): Promise<void> {
  if (shell.terminal) await (await import('../playground.js')).playground(shell);
  else await (await import('../tour.js')).tour(shell);
}
