import type { Command } from './command.js';
import { parametersOf } from './help.js';
import { onFace } from './lookup.js';
import type { Parameter } from './parameter.js';

/** What a face can offer to complete with. */
export interface Known {
  readonly users: readonly string[];
  /** `@bob`, `#lobby`. */
  readonly conversations: readonly string[];
}

export interface Completion {
  /** Where the word that is being completed begins. */
  readonly start: number;
  /** What it may become, whole. */
  readonly candidates: readonly string[];
}

function values(parameter: Parameter | undefined, commands: readonly Command[], known: Known): readonly string[] {
  switch (parameter?.type) {
    case 'user':
      return known.users;
    case 'group':
      return known.conversations.filter((name) => name.startsWith('#'));
    case 'conversation':
      return known.conversations;
    case 'choice':
      return parameter.choices;
    case 'command':
      return commands.flatMap(({ slash }) => slash ?? []);
    default:
      return [];
  }
}

/** What may stand where the last word of a slash line is being typed. */
function candidates(commands: readonly Command[], before: readonly string[], known: Known): readonly string[] {
  if (before.length === 0) return commands.flatMap(({ slash }) => (slash === undefined ? [] : `/${slash}`));
  const command = onFace(commands, 'slash', before[0]!.slice(1));
  if (command === undefined) return [];
  const slots = parametersOf(command, 'slash');
  const flags = slots.filter(({ parameter }) => parameter.flag);
  const open = slots.find(({ name, parameter }) => `--${name}` === before.at(-1) && parameter.type !== 'switch');
  if (open !== undefined) return values(open.parameter, commands, known);
  const positional = slots.filter(({ parameter }) => !parameter.flag && parameter.type !== 'secret');
  const here = positional[before.slice(1).filter((word) => !word.startsWith('--')).length];
  return [...values(here?.parameter, commands, known), ...flags.map(({ name }) => `--${name}`)];
}

/** Completes the last word of a line. A name may be typed with or without its `@`. */
export function complete(commands: readonly Command[], line: string, known: Known): Completion {
  const start = line.search(/\S*$/);
  const word = line.slice(start).toLowerCase();
  if (!line.startsWith('/')) return { start, candidates: [] };
  const before = line.slice(0, start).split(/\s+/).filter(Boolean);
  const fits = (candidate: string): boolean => {
    const folded = candidate.toLowerCase();
    return folded.startsWith(word) || (folded.startsWith('@') && folded.slice(1).startsWith(word));
  };
  return { start, candidates: [...new Set(candidates(commands, before, known).filter(fits))] };
}
