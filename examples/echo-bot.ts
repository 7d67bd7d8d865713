/**
 * The echo bot of the first minutes, and an example of a bot. It answers private messages and mentions with their own
 * text, welcomes who comes into #lobby, and tells of every file it is sent how large it is and what its SHA-256 is.
 *
 *     node echo-bot.js --directory LINK --password-file FILE
 *
 * Its folder is P2PCHAT_HOME. What it says about itself is JSON, one object a line.
 */
import { realpathSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Bot, Failure, type GroupEvent, type MessageEvent, openBot, type TransferEvent } from 'p2pchat';

const LOBBY = '#lobby';
const PREFIX = 'echo: ';
/** Larger files are declined: this is a bot to try things with. */
const FILE_BYTES = 100e6;
/** In a group a bot is a guest: it speaks at most so often. */
const GROUP_ANSWERS = 5;
const GROUP_WINDOW_MS = 10_000;

/** What the bot answers; nothing to another echo, or two bots would never end. */
export const answerTo = (text: string): string | undefined => (text.startsWith(PREFIX) ? undefined : PREFIX + text);

const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** At most so many in a window of time; the rest is left unsaid. */
class Restraint {
  readonly #times: number[] = [];

  allows(now: number): boolean {
    while (this.#times[0] !== undefined && now - this.#times[0] > GROUP_WINDOW_MS) this.#times.shift();
    if (this.#times.length >= GROUP_ANSWERS) return false;
    this.#times.push(now);
    return true;
  }
}

/** Makes an opened bot an echo bot. @param folder where files are kept until they have been told of */
export function echo(bot: Bot, folder: string): void {
  const restraint = new Restraint();
  const greeted = new Set<string>();
  const mention = new RegExp(`(^|\\W)@${bot.user}\\b[:,]?`, 'giu');

  async function answer(message: MessageEvent): Promise<void> {
    const { from, conversation, text } = message;
    if (from === bot.user) return;
    const reply = answerTo(text);
    if (reply === undefined) return;
    if (!conversation.startsWith('#')) return void (await bot.answer(message, reply));
    // What was said to a group while the bot was away has had its time.
    if (message.history || text.search(mention) < 0 || !restraint.allows(Date.now())) return;
    await bot.answer(message, `${PREFIX}${from}, ${text.replace(mention, '$1').trim() || 'yes?'}`);
  }

  async function welcome({ group, change, user }: GroupEvent): Promise<void> {
    if (group !== LOBBY || change !== 'joined' || user === bot.user || greeted.has(user)) return;
    greeted.add(user);
    if (!restraint.allows(Date.now())) return;
    await bot.send(LOBBY, `Hello ${user}! I am a bot: mention @${bot.user}, write to me, or send me a file.`);
  }

  async function take({ id, direction, state, peer, size, files }: TransferEvent): Promise<void> {
    if (direction !== 'in') return;
    if (state === 'offered' && size <= FILE_BYTES) await bot.files.accept(id, folder);
    if (state === 'offered' && size > FILE_BYTES) await bot.files.decline(id);
    if (state !== 'done') return;
    const lines = files.map(({ name, size: bytes, sha256 }) => `${name}: ${plural(bytes, 'byte')}, SHA-256 ${sha256}`);
    await bot.send(peer, [`Thank you for ${plural(files.length, 'file')}.`, ...lines.slice(0, 20)].join('\n'));
    for (const { path } of files) if (path !== undefined) await rm(path, { force: true });
  }

  bot.on('message', answer);
  bot.on('group', welcome);
  bot.on('transfer', take);
}

const say = (object: object): void => void process.stdout.write(`${JSON.stringify(object)}\n`);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      directory: { type: 'string' },
      'password-file': { type: 'string' },
      name: { type: 'string', default: 'echo' },
      listen: { type: 'string' },
      'with-parent': { type: 'boolean', default: false },
      json: { type: 'boolean' },
    },
  });
  const { directory, listen, name: user } = values;
  const home = process.env.P2PCHAT_HOME;
  if (home === undefined || values['password-file'] === undefined) {
    throw new Failure('usage', 'P2PCHAT_HOME and --password-file are needed.', {
      hint: 'Run: P2PCHAT_HOME=FOLDER node echo-bot.js --directory LINK --password-file FILE',
    });
  }
  const [password = ''] = (await readFile(values['password-file'], 'utf8')).split(/\r?\n/);
  const bot = await openBot({ home, password, user, ...(directory && { directory }), ...(listen && { listen }) });
  const folder = await mkdtemp(join(tmpdir(), 'p2pchat-echo-'));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void bot.close());
  // Whoever started it holds its standard input; when he is gone, so is the bot.
  if (values['with-parent']) process.stdin.resume().on('end', () => void bot.close());
  echo(bot, folder);
  say({ event: 'ready', user: bot.user, device: bot.peer.device, directory: bot.peer.directoryState });
  await bot.start();
  // Without a lobby, or with the directory away, it is there for private messages.
  await bot.groups.join(LOBBY).catch(({ code, message }: Failure) => say({ event: 'error', code, message }));
  await bot.ended;
  await rm(folder, { recursive: true, force: true });
}

if (process.argv[1] !== undefined && import.meta.filename === realpathSync(process.argv[1])) {
  await main().catch((error: unknown) => {
    const { code, message, hint, exit } = error instanceof Failure ? error : new Failure('internal', String(error));
    say({ event: 'error', code, message, hint });
    process.exitCode = exit;
  });
}
