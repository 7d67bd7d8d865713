import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { login } from '../commands/login.js';
import type { Shell } from '../shell.js';
import { Program } from './program.js';
import { tour } from './tour.js';

const ECHO = 'echo';
/** So that the next start finds the directory where the profiles remember it; another where it is taken. */
const USUAL_PORT = 4000;

/** Behind `npm start`: the chat with everything it needs running, or the tour where nobody is there to chat. */
export async function start(shell: Shell): Promise<void> {
  if (!shell.terminal) return tour(shell);
  shell.output.note('Starting a directory and the echo bot on this machine…');
  const { link, ownerInvite } = await startDirectory(shell);
  await startEcho(shell, link);
  const profile = await (await shell.parts.peer()).profile(shell.home);
  const greeting = [
    `You are on your own directory. Write to @${ECHO}: it answers.`,
    `To let somebody in on this machine, have them type: P2PCHAT_HOME=~/another p2pchat register NAME --directory '${link}'`,
  ];
  await login(shell, {
    directory: link,
    greeting,
    open: `@${ECHO}`,
    ...(profile === undefined && ownerInvite !== undefined && { invite: ownerInvite }),
  });
}

async function startDirectory(shell: Shell): Promise<{ link: string; ownerInvite: string | undefined }> {
  const data = join(shell.home, 'directory');
  const begin = (port: number): Program =>
    new Program(['directory', 'start', '--data', data, '--listen', `127.0.0.1:${port}`], shell.home, shell.scope);
  let directory = begin(USUAL_PORT);
  const first = await directory.until(({ event }) => event === 'ready' || event === 'error');
  if (first.code === 'port-busy') directory = begin(0);
  const ready = await directory.until(({ event }) => event === 'ready');
  return { link: String(ready.link), ownerInvite: ready.ownerInvite as string | undefined };
}

async function startEcho(shell: Shell, link: string): Promise<void> {
  const home = join(shell.home, ECHO);
  await mkdir(home, { recursive: true, mode: 0o700 });
  const passwordFile = join(home, 'password');
  await keepPassword(passwordFile);
  const words = ['echo-bot', ECHO, '--directory', link, '--password-file', passwordFile, '--listen', '127.0.0.1:0'];
  await new Program(words, home, shell.scope).until(({ event }) => event === 'ready');
}

/** The bot's own, made once. */
async function keepPassword(file: string): Promise<void> {
  const known = await readFile(file, 'utf8').catch(() => '');
  if (known.trim() === '') await writeFile(file, `${randomBytes(18).toString('base64url')}\n`, { mode: 0o600 });
}
