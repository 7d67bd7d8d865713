import { Failure } from '../../base/errors.js';
import { connectControl } from '../../control/client.js';
import { controlPath } from '../../control/path.js';
import type { ConsoleItem } from '../parts.js';
import type { Shell } from '../shell.js';
import { dataFolder } from './directory-start.js';

const notRunning = (folder: string): Failure => new Failure('directory-not-running', `No directory runs on ${folder}.`);

/** Asks a running directory by its control socket, as on its console. */
export async function directoryAsk(shell: Shell, data: string | undefined, line: string): Promise<void> {
  const folder = dataFolder(shell, data);
  const client = await connectControl(await controlPath(folder, shell.env));
  if (client === undefined) throw notRunning(folder);
  shell.scope.defer(() => client.close());
  const items = (await client.call('console', { line })) as readonly ConsoleItem[];
  for (const { json, lines } of items) shell.output.say(json, lines);
}
