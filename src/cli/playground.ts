import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectControl } from '../control/client.js';
import { controlPath } from '../control/path.js';
import { startChild } from './children.js';
import { login, wantsScreen } from './commands/login.js';
import { signUp } from './commands/register.js';
import { LOBBY } from './first-room.js';
import type { ConsoleItem } from './parts.js';
import type { Shell } from './shell.js';

interface Place {
  readonly link: string;
  readonly ownerInvite?: string | undefined;
}

/** The directory of this machine: the one that runs already, else one that runs as long as this chat. */
async function directory(shell: Shell): Promise<Place> {
  const data = join(shell.home, 'directory');
  const running = await connectControl(await controlPath(data, shell.env));
  if (running) {
    const [item] = (await running.call('console', { line: 'database' })) as readonly ConsoleItem[];
    running.close();
    const { link, ownerInvite } = item!.json as { link: string; ownerInvite?: string };
    return { link, ownerInvite };
  }
  const words = ['directory', 'start', '--data', data, '--listen', '127.0.0.1:0', '--with-parent'];
  const { link, ownerInvite } = await startChild(shell, shell.home, words).event(({ event }) => event === 'ready');
  return { link: String(link), ownerInvite: ownerInvite as string | undefined };
}

/** A file with a password nobody has to know; made once. */
async function botPassword(home: string): Promise<string> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  const file = join(home, 'password');
  if ((await readFile(file, 'utf8').catch(() => '')) === '') {
    await writeFile(file, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
  }
  return file;
}

async function echoBot(shell: Shell, link: string): Promise<void> {
  const home = join(shell.home, 'echo-bot');
  const words = ['--directory', link, '--password-file', await botPassword(home), '--with-parent'];
  const child = startChild(shell, home, [...words, '--listen', '127.0.0.1:0'], shell.parts.echoBot);
  await child.event(({ event }) => event === 'ready');
}

const invitation = (link: string): string[] => [
  'For a second person on this machine, in another terminal, in this folder:',
  `  P2PCHAT_HOME=~/p2pchat-second npx p2pchat login NAME --directory '${link}'`,
];

/** What the screen says in the lobby at the first start. */
const tips = (link: string): string[] => [
  '#lobby is open to everybody on this directory: write something there and press Enter.',
  'The echo bot answers private messages: /msgto echo hello',
  '',
  ...invitation(link),
];

const welcome = (link: string): string[] => [
  '',
  'Try:',
  '  /msgto echo hello     a message to the echo bot; what you type then goes to it, too',
  '  /activeuser           who is here',
  '  /help                 all commands',
  '',
  ...invitation(link),
  '',
];

/** Directory, echo bot and chat on this machine; the first two end with the chat. */
export async function playground(shell: Shell): Promise<void> {
  shell.output.note('Starting a directory and an echo bot on this machine…');
  const { link, ownerInvite } = await directory(shell);
  await echoBot(shell, link);
  const { profile } = await shell.parts.peer();
  const invite = ownerInvite === undefined ? {} : { invite: ownerInvite };
  const options = { directory: link };
  if (await wantsScreen(shell, options)) {
    return login(shell, { ...options, ...invite, open: LOBBY, greeting: tips(link) });
  }
  const known = await profile(shell.home);
  if (known === undefined) {
    shell.output.note('You are new here. Pick a name and a password.');
    const { user, password } = await signUp(shell, { ...options, ...invite });
    shell.output.note(...welcome(link));
    return login(shell, { ...options, name: user, fresh: true }, password);
  }
  shell.output.note(...welcome(link));
  return login(shell, options);
}
