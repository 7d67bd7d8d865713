import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../base/errors.js';
import { connectControl } from '../control/client.js';
import { controlPath } from '../control/path.js';
import { startChild } from './children.js';
import { login, wantsScreen } from './commands/login.js';
import { signUp } from './commands/register.js';
import { LOBBY } from './first-room.js';
import { listenOption } from './options.js';
import type { ConsoleItem } from './parts.js';
import type { Shell } from './shell.js';

interface Place {
  readonly link: string;
  readonly ownerInvite?: string | undefined;
}

export interface StartOptions {
  /** Where others reach the directory; without it, it is for this machine alone. */
  readonly listen?: string | undefined;
}

/** The directory of this machine: the one that runs already, else one that runs as long as this chat. */
async function directory(shell: Shell, listen: string | undefined): Promise<Place> {
  const data = join(shell.home, 'directory');
  const running = await connectControl(await controlPath(data, shell.env));
  if (running) {
    const [item] = (await running.call('console', { line: 'database' })) as readonly ConsoleItem[];
    running.close();
    const { link, ownerInvite } = item!.json as { link: string; ownerInvite?: string };
    // Where it listens was said when it was started: others can't join one that is for this machine.
    if (listen !== undefined) {
      throw new Failure('usage', `A directory of this folder runs already: ${link}`, {
        hint: `End it first (the chat that started it, or p2pchat directory stop --data ${data}), or leave out --listen.`,
      });
    }
    return { link, ownerInvite };
  }
  const words = ['directory', 'start', '--data', data, '--listen', listen ?? '127.0.0.1:0', '--with-parent'];
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

/** As one types it here: in a checkout by npx, elsewhere as it is installed. */
const invitation = (shell: Shell, link: string, options: StartOptions): string[] =>
  options.listen === undefined
    ? [
        `For a second person on this machine, in another terminal${inCheckout(shell) ? ', in this folder' : ''}:`,
        `  P2PCHAT_HOME=~/p2pchat-second ${inCheckout(shell) ? 'npx ' : ''}p2pchat login NAME --directory '${link}'`,
      ]
    : [
        'For everybody else, each on their own machine with p2pchat installed, while this chat runs:',
        'type /invite --words here and tell them what it says; or hand this on by a way you trust:',
        `  p2pchat login NAME --directory '${link}'`,
      ];

const inCheckout = ({ env }: Shell): boolean => env.npm_lifecycle_event === 'start';

/** What the screen says in the lobby at the first start. */
const tips = (invited: readonly string[]): string[] => [
  '#lobby is open to everybody on this directory: write something there and press Enter.',
  'The echo bot answers private messages: /msgto echo hello',
  '',
  ...invited,
];

const welcome = (invited: readonly string[]): string[] => [
  '',
  'Try:',
  '  /msgto echo hello     a message to the echo bot; what you type then goes to it, too',
  '  /activeuser           who is here',
  '  /help                 all commands',
  '',
  ...invited,
  '',
];

/** Directory, echo bot and chat on this machine; the first two end with the chat. */
export async function playground(shell: Shell, options: StartOptions): Promise<void> {
  const listen = listenOption(options.listen);
  shell.output.note('Starting a directory and an echo bot on this machine…');
  const { link, ownerInvite } = await directory(shell, listen);
  await echoBot(shell, link);
  const { profile } = await shell.parts.peer();
  const invite = ownerInvite === undefined ? {} : { invite: ownerInvite };
  const here = { directory: link };
  const invited = invitation(shell, link, options);
  if (await wantsScreen(shell, here)) {
    return login(shell, { ...here, ...invite, open: LOBBY, greeting: tips(invited) });
  }
  const known = await profile(shell.home);
  if (known === undefined) {
    shell.output.note('You are new here. Pick a name and a password.');
    const { user, password } = await signUp(shell, { ...here, ...invite });
    shell.output.note(...welcome(invited));
    return login(shell, { ...here, name: user, fresh: true }, password);
  }
  shell.output.note(...welcome(invited));
  return login(shell, here);
}
