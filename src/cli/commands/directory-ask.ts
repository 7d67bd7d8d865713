import { resolve } from 'node:path';
import { Failure } from '../../base/errors.js';
import { type ControlClient, connectControl } from '../../control/client.js';
import { controlPath } from '../../control/path.js';
import type { ConsoleItem } from '../parts.js';
import type { Shell } from '../shell.js';
import { dataFolder } from './directory-place.js';

const notRunning = (folder: string): Failure => new Failure('directory-not-running', `No directory runs on ${folder}.`);

/** A running directory, by its control socket. @throws Failure unreachable 'directory-not-running' */
export async function running(shell: Shell, data: string | undefined): Promise<ControlClient> {
  const folder = dataFolder(shell, data);
  const client = await connectControl(await controlPath(folder, shell.env));
  if (client === undefined) throw notRunning(folder);
  shell.scope.defer(() => client.close());
  return client;
}

const itemsOf = async (client: ControlClient, line: string): Promise<readonly ConsoleItem[]> =>
  (await client.call('console', { line })) as readonly ConsoleItem[];

/** Asks a running directory as on its console. */
export async function directoryAsk(shell: Shell, data: string | undefined, line: string): Promise<void> {
  for (const { json, lines } of await itemsOf(await running(shell, data), line)) shell.output.say(json, lines);
}

/** The running directory writes it, into a folder as this command's user names it. */
export async function directoryBackup(shell: Shell, data: string | undefined, to: string): Promise<void> {
  const client = await running(shell, data);
  const items = (await client.call('backup', { to: resolve(to) })) as readonly ConsoleItem[];
  for (const { json, lines } of items) shell.output.say(json, lines);
}

/** Says what ends before it does, and when it has. */
export async function directoryStop(shell: Shell, data: string | undefined): Promise<void> {
  const client = await running(shell, data);
  for (const { json, lines } of await itemsOf(client, 'exit')) shell.output.say(json, lines);
  await client.ended;
  shell.output.say({ event: 'ended' }, ['It has ended.']);
}

/** The whole ledger, page by page. */
export async function directoryAudit(shell: Shell, data: string | undefined): Promise<void> {
  const client = await running(shell, data);
  for (let from = 1; ; ) {
    const items = await itemsOf(client, `audit ${from}`);
    for (const { json, lines } of items) shell.output.say(json, lines);
    const last = Number(items.at(-1)?.json.number);
    if (!(last >= from)) return;
    from = last + 1;
  }
}
