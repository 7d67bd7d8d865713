import type { Clock } from '../../base/clock.js';
import { Failure, toFailure } from '../../base/errors.js';
import { type Args, secretsOf } from '../../commands/bind-arguments.js';
import type { Command, Context, Item, Question } from '../../commands/command.js';
import { parametersOf, usage } from '../../commands/help.js';
import { permit, permitted } from '../../commands/lookup.js';
import type { Parameter } from '../../commands/parameter.js';
import { parseSlash } from '../../commands/slash.js';
import { inWordsOf } from '../../commands/words-of-face.js';
import type { PeerApi } from '../../peer/api/peer.js';
import type { CommandContext, CommandInfo, CommandResult, CommandRunner } from '../commands.js';
import { sentence } from '../text/sentence.js';
import { BESIDE_TABLE } from './local-commands.js';

const COMPLETED = new Set(['user', 'conversation', 'group', 'command', 'path']);

function kindOf(parameter: Parameter): CommandInfo['takes'][number] {
  if (parameter.type === 'choice') return parameter.choices;
  if (parameter.type === 'paths') return 'path';
  return COMPLETED.has(parameter.type) ? (parameter.type as 'user') : 'text';
}

function infoOf(command: Command): CommandInfo[] {
  if (command.slash === undefined) return [];
  const takes = parametersOf(command, 'slash')
    .filter(({ parameter }) => parameter.flag !== true && parameter.type !== 'secret')
    .map(({ parameter }) => kindOf(parameter));
  return [{ name: command.slash, usage: usage(command, 'slash'), about: command.about, takes }];
}

const notGiven = (): Failure => new Failure('password-needed');

const notTheSame = (): Failure => new Failure('password-differs');

/** What must not stand on the line is asked for; what is new, twice. */
async function askSecrets(command: Command, args: Args, { secret }: CommandContext): Promise<Record<string, string>> {
  const given: Record<string, string> = {};
  for (const { name, about, twice } of secretsOf(command, args)) {
    const answer = await secret(about);
    if (answer === undefined || answer === '') throw notGiven();
    if (twice && (await secret(`${about} once more`)) !== answer) throw notTheSame();
    given[name] = answer;
  }
  return given;
}

/** What the peer's own events put into the log already. */
const isShown = ({ event, group }: Item): boolean =>
  event === 'group' || (event === 'moderation' && group !== undefined) || event === 'change';

/** The lines of what a command says; where it asks, those of the run that the answer is for. */
async function run(
  peer: PeerApi,
  command: Command,
  args: Args,
  context: Context,
  asked: CommandContext,
): Promise<string[]> {
  const lines: string[] = [];
  let isEmpty = true;
  for await (const item of command.run(peer, args, context)) {
    isEmpty = false;
    const question = command.asks(item);
    if (question !== undefined) return answered(question, asked, (next) => run(peer, command, next, context, asked));
    if (!isShown(item)) lines.push(...command.lines(item, context));
  }
  return isEmpty && command.empty !== undefined ? [inWordsOf('slash', command.empty)] : lines;
}

/** A wrong answer leaves the question, until the person gives up or may not try any more. */
async function answered(
  { about, args, ...beside }: Question,
  { ask }: CommandContext,
  go: (args: Args) => Promise<string[]>,
): Promise<string[]> {
  for (let said = about; ; ) {
    const answer = (await ask(said, beside))?.trim();
    if (answer === undefined) return ['Not finished: nothing has changed.'];
    if (answer === '') continue;
    try {
      return await go(args(answer));
    } catch (error) {
      const failure = toFailure(error);
      if (failure.reason !== 'credentials') throw failure;
      said = `${sentence(failure.message)} Again`;
    }
  }
}

/** The peer's table of commands as the screen runs them: those with a slash form, for this account's role. */
export function tableRunner(peer: PeerApi, table: readonly Command[], clock: Clock): CommandRunner {
  const role = peer.whoami().role;
  const list = table.filter((command) => permitted(command, role)).flatMap(infoOf);
  return {
    list,
    async run(line, asked): Promise<CommandResult> {
      const { command, args } = parseSlash(table, line);
      permit(command, role);
      const secrets = await askSecrets(command, args, asked);
      const context: Context = {
        face: 'slash',
        commands: table,
        beside: BESIDE_TABLE,
        now: () => clock.now(),
        ...(role !== undefined && { role }),
        ...(asked.current !== undefined && { current: asked.current }),
      };
      const lines = await run(peer, command, { ...args, ...secrets }, context, asked);
      const { current } = context;
      return { lines, ...(current !== undefined && current !== asked.current && { open: current }) };
    },
  };
}
