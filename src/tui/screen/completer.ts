import type { CommandInfo } from '../commands.js';
import type { Completer, Completion } from '../editor/completion.js';
import type { ChatModel } from '../model/model.js';

/** Names in a folder, those of folders with a slash; none where it can't be read. */
export type ListFolder = (folder: string) => readonly string[];

export interface Sources {
  readonly model: ChatModel;
  readonly commands: readonly CommandInfo[];
  readonly listFolder: ListFolder;
}

const begins = (word: string) => (candidate: string) => candidate.toLowerCase().startsWith(word.toLowerCase());

const people = ({ model }: Sources): string[] => [...model.people.names].sort();

function conversations({ model }: Sources): string[] {
  const open = model.order.map(({ id }) => id).filter((id) => /^[@#]/.test(id));
  return [...new Set([...open, ...people({ model } as Sources).map((user) => `@${user}`)])];
}

function paths(word: string, { listFolder }: Sources): string[] {
  const slash = word.lastIndexOf('/') + 1;
  const hidden = word[slash] === '.';
  return listFolder(word.slice(0, slash) || '.')
    .filter((name) => hidden || !name.startsWith('.'))
    .map((name) => word.slice(0, slash) + name);
}

/** One's own groups and those one could enter, with or without the `#`. */
function groups(word: string, { model }: Sources): string[] {
  const known = [...model.groups.list.map(({ id }) => id), ...model.order.map(({ id }) => id)];
  const names = [...new Set(known)].filter((id) => id.startsWith('#')).sort();
  return word.startsWith('#') ? names : names.map((id) => id.slice(1));
}

function candidates(kind: CommandInfo['takes'][number] | undefined, word: string, sources: Sources): readonly string[] {
  if (typeof kind === 'object') return kind;
  switch (kind) {
    case 'user':
      return people(sources).map((user) => (word.startsWith('@') ? `@${user}` : user));
    case 'conversation':
      return /^[@#]/.test(word) ? conversations(sources) : [...people(sources), ...conversations(sources)];
    case 'group':
      return groups(word, sources);
    case 'command':
      return sources.commands.map(({ name }) => name);
    case 'path':
      return paths(word, sources);
    default:
      return word.startsWith('@') ? people(sources).map((user) => `@${user}`) : [];
  }
}

/** What a parameter in that place takes: the last one takes all the rest. */
function kindAt(command: CommandInfo | undefined, place: number): CommandInfo['takes'][number] | undefined {
  return command?.takes[Math.min(place, command.takes.length - 1)];
}

/** Where the last word begins, as the commands will read it: a quote that is still open makes several words one. */
function lastWord(before: string, quotes: boolean): number {
  const open = quotes && (before.match(/"/g)?.length ?? 0) % 2 === 1;
  return open ? before.lastIndexOf('"') : before.search(/\S*$/);
}

/** A name with a space in it is one word between quotes; what is in a folder follows inside of them. */
function written(option: string): string {
  const open = option.endsWith('/');
  if (!option.includes(' ')) return open ? option : `${option} `;
  return open ? `"${option}` : `"${option}" `;
}

/** Completes commands, users, conversations and paths where they stand in a command, and `@user` in any text. */
export function completer(sources: Sources): Completer {
  return (text, cursor): Completion | undefined => {
    const before = text.slice(0, cursor);
    const inCommand = text.startsWith('/') && !text.startsWith('//');
    const from = lastWord(before, inCommand);
    const word = before.slice(from).replace(/^"/, '');
    if (from === 0 && word.startsWith('/')) {
      const names = [...new Set(sources.commands.map(({ name }) => `/${name} `))];
      return { from, options: names.filter(begins(word)) };
    }
    const words = before.slice(0, from).match(/"[^"]*"|\S+/g) ?? [];
    const command = inCommand ? sources.commands.find(({ name }) => `/${name}` === words[0]) : undefined;
    const found = candidates(kindAt(command, words.length - 1), word, sources).filter(begins(word));
    return { from, options: found.map(written) };
  };
}
