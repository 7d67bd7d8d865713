import { Failure, toFailure } from '../base/errors.js';
import { type Secret, secretsOf } from '../commands/bind-arguments.js';
import type { Command, Context, Item } from '../commands/command.js';
import { commands } from '../commands/commands.js';
import { field } from '../commands/format-message.js';
import { parseSlash } from '../commands/slash.js';
import { inWordsOf } from '../commands/words-of-face.js';
import { readyEvent } from '../control/peer-methods.js';
import type { PeerEvent } from '../peer/api/events.js';
import type { PeerApi } from '../peer/api/peer.js';
import { eventLines } from './events.js';
import { endedBy, runHere } from './session.js';
import type { Shell } from './shell.js';

/** How long the end of the input waits for what is still queued. */
const HANDING_OVER_MS = 10_000;

const send = commands.find(({ name }) => name === 'send')!;

const nobody = (): Failure => new Failure('no-conversation', 'There is nobody yet to whom this would go.');

const noAnswer = (): Failure => new Failure('password-needed');

const notTheSame = (): Failure => new Failure('password-differs');

/** Ends the chat as the end of the input does; the account stays signed in here. */
const LEAVES = /^\/(quit|exit|bye|q)\s*$/i;

const QUIT = { usage: '/quit', about: 'Leave the chat; the account stays signed in on this device.' };

/** Alone on a line, typed by a person, these are meant for the program. */
const BARE = /^(help|quit|exit|logout|\?)$/i;

const notText = (word: string): Failure =>
  new Failure('usage', `'${word}' would go out as a message.`, {
    hint: `Commands begin with a slash: /${word === '?' ? 'help' : word.toLowerCase()}. To send it, type a space before it.`,
  });

/** The chat in lines: commands and text from the input, events to the output. */
export class LineMode {
  readonly #shell: Shell;
  readonly #peer: PeerApi;
  readonly #context: Context;
  readonly #queued = new Set<string>();

  constructor(shell: Shell, peer: PeerApi) {
    this.#shell = shell;
    this.#peer = peer;
    const { role } = peer.whoami();
    this.#context = {
      ...{ face: 'slash', commands, beside: [QUIT], now: () => shell.clock.now() },
      ...(role !== undefined && { role }),
    };
  }

  /** Resolves when the input ends or the peer does. */
  async run(): Promise<void> {
    const { output } = this.#shell;
    const show = (event: PeerEvent): Promise<void> | undefined => {
      if (event.event === 'ready') return undefined;
      const read = this.#shell.hand(event, eventLines(event, this.#shell.clock.now(), 'slash', this.#peer.user));
      if (event.event === 'sent' && event.state !== 'queued') this.#queued.delete(event.id);
      if (event.event === 'message') void this.#seen(event.conversation);
      return read;
    };
    const ready = readyEvent(this.#peer);
    output.say(ready, eventLines(ready, this.#shell.clock.now()));
    this.#shell.scope.defer(this.#peer.subscribe(show));
    await this.#peer.replayUnseen();
    let over = false;
    void this.#peer.ended.then(() => {
      over = true;
    });
    while (!over) {
      const line = await Promise.race([this.#ask(), this.#peer.ended]);
      if (typeof line !== 'string' || LEAVES.test(line)) break;
      await this.#take(line);
    }
    if (over) endedBy(this.#peer);
    else await this.#handOver();
  }

  async #ask(): Promise<string | undefined> {
    return this.#shell.input().line(`${field(this.#context.current ?? '')}> `);
  }

  async #take(line: string): Promise<void> {
    try {
      if (line.trim() === '') return;
      if (line.startsWith('/') && !line.startsWith('//')) await this.#command(line);
      else await this.#text(line.startsWith('//') ? line.slice(1) : line);
    } catch (error) {
      this.#shell.output.failure(toFailure(error), 'slash');
    }
  }

  async #text(text: string): Promise<void> {
    const to = this.#context.current;
    if (this.#shell.input().terminal && BARE.test(text)) throw notText(text);
    if (to === undefined) throw nobody();
    await this.#run(send, { to, text });
  }

  async #command(line: string): Promise<void> {
    const { command, args } = parseSlash(commands, line);
    const secrets: Record<string, string> = {};
    for (const secret of secretsOf(command, args)) secrets[secret.name] = await this.#secret(secret);
    await this.#run(command, { ...args, ...secrets });
  }

  async #secret({ about, twice }: Secret): Promise<string> {
    const input = this.#shell.input();
    const given = await input.secret(`${about}: `);
    if (given === undefined || given === '') throw noAnswer();
    if (twice && input.terminal && (await input.secret(`${about} once more: `)) !== given) throw notTheSame();
    return given;
  }

  async #run(command: Command, args: Readonly<Record<string, unknown>>): Promise<void> {
    let isEmpty = true;
    await runHere(this.#peer, command, args, this.#context, (item: Item) => {
      isEmpty = false;
      // The peer says itself, as an event, that a message is on its way.
      if (item.event === 'sent') this.#queued.add(String(item.id));
      else this.#shell.output.say(item, command.lines(item, this.#context));
    });
    const { output } = this.#shell;
    if (isEmpty && command.empty !== undefined && !output.json) output.note(inWordsOf('slash', command.empty));
  }

  /** On a terminal, what is shown of the conversation one is in counts as read. */
  async #seen(conversation: string): Promise<void> {
    if (!this.#shell.input().terminal || conversation !== this.#context.current) return;
    await this.#peer.markRead(conversation).catch((error) => this.#shell.output.failure(toFailure(error), 'slash'));
  }

  /** What is queued is kept anyway; but who pipes commands in wants them carried out. */
  async #handOver(): Promise<void> {
    await Promise.all([...this.#queued].map((id) => this.#peer.waitFor(id, 'stored', HANDING_OVER_MS)));
  }
}
