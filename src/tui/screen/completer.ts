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

function candidates(kind: CommandInfo['takes'][number] | undefined, word: string, sources: Sources): readonly string[] {
  if (typeof kind === 'object') return kind;
  switch (kind) {
    case 'user':
      return people(sources).map((user) => (word.startsWith('@') ? `@${user}` : user));
    case 'conversation':
      return /^[@#]/.test(word) ? conversations(sources) : [...people(sources), ...conversations(sources)];
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

/** Completes commands, users, conversations and paths where they stand in a command, and `@user` in any text. */
export function completer(sources: Sources): Completer {
  return (text, cursor): Completion | undefined => {
    const before = text.slice(0, cursor);
    const from = before.search(/\S*$/);
    const word = before.slice(from);
    if (from === 0 && word.startsWith('/')) {
      return { from, options: sources.commands.map(({ name }) => `/${name} `).filter(begins(word)) };
    }
    const words = before.split(/\s+/);
    const command = text.startsWith('/') ? sources.commands.find(({ name }) => `/${name}` === words[0]) : undefined;
    const found = candidates(kindAt(command, words.length - 2), word, sources).filter(begins(word));
    return { from, options: found.map((option) => (option.endsWith('/') ? option : `${option} `)) };
  };
}
