import { closestMatch } from '../../base/closest-match.js';
import { Failure } from '../../base/errors.js';
import type { Directory } from '../directory.js';
import { COMMANDS, type ConsoleCommand, type ConsoleItem } from './commands.js';

/**
 * Runs one line of the directory's console: the same on its terminal and by its control socket.
 * @throws Failure usage 'command-unknown', 'command-usage', and as the command fails
 */
export async function runLine(directory: Directory, line: string): Promise<readonly ConsoleItem[]> {
  const [word = '', ...args] = line.trim().split(/\s+/);
  if (word === '') return [];
  const command = COMMANDS.find(({ name }) => name === word.toLowerCase());
  if (command === undefined) throw commandUnknown(word);
  if (args.length < command.least || args.length > command.most) throw wrongUsage(command);
  return command.run(directory, args);
}

function commandUnknown(word: string): Failure {
  const names = COMMANDS.map(({ name }) => name);
  const meant = closestMatch(word.slice(0, 64), names);
  return new Failure('command-unknown', 'the console has no such command', {
    hint: meant ? `Did you mean '${meant}'? 'help' lists them all.` : `There are: ${names.join(', ')}.`,
    ...(meant && { details: { nearest: meant } }),
  });
}

const wrongUsage = ({ usage }: ConsoleCommand): Failure => new Failure('command-usage', `usage: ${usage}`);
