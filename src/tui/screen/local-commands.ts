import { Failure } from '../../base/errors.js';
import { foldName, parseGroupName, parseUserName } from '../../wire/names.js';
import type { CommandInfo } from '../commands.js';
import { isThemeName, THEME_NAMES, type ThemeName } from '../paint/theme.js';

/** Commands of the screen itself; they mean nothing on other faces. */
export const LOCAL_COMMANDS: readonly CommandInfo[] = [
  {
    name: 'open',
    usage: '/open USER|#GROUP',
    about: 'Opens a conversation without writing anything.',
    takes: ['conversation'],
  },
  { name: 'theme', usage: `/theme ${THEME_NAMES.join('|')}`, about: 'Changes the colours.', takes: [THEME_NAMES] },
  {
    name: 'mouse',
    usage: '/mouse on|off',
    about: 'Gives the mouse to the chat or to the terminal.',
    takes: [['on', 'off']],
  },
  { name: 'quit', usage: '/quit', about: 'Leaves the chat; the account stays signed in on this device.', takes: [] },
];

interface LocalActions {
  open(id: string): void;
  readonly display: { setTheme(name: ThemeName): void; setMouse(on: boolean): void };
  leave(): void;
}

const conversationId = (word: string): string =>
  word.startsWith('#')
    ? `#${foldName(parseGroupName(word.slice(1)).name)}`
    : `@${parseUserName(word.replace(/^@/, '')).folded}`;

/**
 * Runs a command of the screen. @returns false where the line is no such command
 * @throws Failure `usage`, `name-invalid`
 */
export function runLocal(line: string, actions: LocalActions): boolean {
  const [word = '', argument = '', ...more] = line.trim().split(/\s+/);
  const command = LOCAL_COMMANDS.find(({ name }) => `/${name}` === word);
  if (command === undefined) return false;
  const usage = (): never => {
    throw new Failure('usage', 'usage', `Usage: ${command.usage}`, { hint: `/help says what /${command.name} does.` });
  };
  if (more.length > 0 || (argument === '') !== (command.takes.length === 0)) usage();
  if (command.name === 'open') actions.open(conversationId(argument));
  else if (command.name === 'quit') actions.leave();
  else if (command.name === 'mouse' && (argument === 'on' || argument === 'off'))
    actions.display.setMouse(argument === 'on');
  else if (command.name === 'theme' && isThemeName(argument)) actions.display.setTheme(argument);
  else usage();
  return true;
}
