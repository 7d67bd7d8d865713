import { commands } from './commands.js';
import { namesOf, onFace } from './lookup.js';
import { shellWord } from './shell-word.js';

/**
 * Hints name commands, and a person can follow only those of the place where they stand: no `/who` in a shell, no
 * `p2pchat users` in the chat. Each is written once and said here in the words of the face.
 */

const SLASH = /(?<![\w/.'~])\/([a-z]+)\b(?![/.])/g;
const SHELL = /\bp2pchat ((?:group |account |device )?[a-z][a-z-]*)\b/g;
const SHELL_LINE = /\bp2pchat [a-z][^;,()`]*/g;

const forShell = (text: string): string =>
  text
    .replace(SLASH, (whole, name: string) => {
      const command = onFace(commands, 'shell', name) ?? onFace(commands, 'slash', name);
      return command?.shell ? `p2pchat ${command.name}` : whole;
    })
    .replace(SHELL_LINE, (line) => line.replace(/(?<= )#[\w-]+/g, shellWord));

const forChat = (text: string): string =>
  text.replace(SHELL, (whole, name: string) => {
    const command = onFace(commands, 'slash', name);
    return command === undefined ? whole : `/${namesOf(command, 'slash')[0]}`;
  });

export const inWordsOf = (face: 'slash' | 'shell', text: string): string =>
  face === 'slash' ? forChat(text) : forShell(text);
