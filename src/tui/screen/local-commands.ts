import { Failure } from '../../base/errors.js';
import { foldName, parseGroupName, parseUserName } from '../../wire/names.js';
import type { CommandInfo } from '../commands.js';
import { PICTURES, type PictureChoice } from '../graphics/capabilities.js';
import { isThemeName, THEME_NAMES, type ThemeName } from '../paint/theme.js';
import { NOTIFY_CHOICES, type NotifyChoice } from './settings.js';

/** What commands of the screen itself do. */
export interface LocalActions {
  open(id: string): void;
  /** Takes a conversation out of the list, until something comes in it. */
  closeConversation(): void;
  setTheme(name: ThemeName): void;
  setMouse(on: boolean): void;
  setNotify(choice: NotifyChoice): void;
  setPreviews(choice: PictureChoice): void;
  showCommands(): void;
  showEverything(): void;
  showUnread(): void;
  /** @param back 1 for the newest */
  copy(back: number): void;
  showBare(): void;
  showThreads(): void;
  showMentions(): void;
  /** The open conversation gets that number. */
  setNumber(number: number): void;
  showTransfers(): void;
  /** Says how the next person gets here. */
  showInvitation(): void;
  leave(): void;
}

interface LocalCommand extends CommandInfo {
  /** @returns false where the argument makes no sense */
  run(actions: LocalActions, argument: string): unknown;
  /** The same name has more in the peer's table: this is it without arguments alone. */
  readonly bare?: true;
  /** Its argument may be left out. */
  readonly optional?: true;
}

const NUMBERS = ['1', '2', '3', '4', '5', '6', '7', '8', '9'];
const ON_OFF = ['on', 'off'];

const conversationId = (word: string): string =>
  word.startsWith('#')
    ? `#${foldName(parseGroupName(word.slice(1)).name)}`
    : `@${parseUserName(word.replace(/^@/, '')).folded}`;

function switched(argument: string, set: (on: boolean) => void): boolean {
  if (!ON_OFF.includes(argument)) return false;
  set(argument === 'on');
  return true;
}

/** Commands of the screen itself; they mean nothing on other faces. */
const LOCAL: readonly LocalCommand[] = [
  {
    name: 'open',
    usage: '/open USER|#GROUP',
    about: 'Open a conversation without writing anything.',
    takes: ['conversation'],
    run: (actions, argument) => actions.open(conversationId(argument)),
  },
  {
    name: 'close',
    usage: '/close',
    about: 'Remove this conversation from the list until something new arrives in it.',
    takes: [],
    run: (actions) => actions.closeConversation(),
  },
  {
    name: 'invite',
    usage: '/invite',
    about: 'Alone: show the exact line that the next person types to get here.',
    takes: [],
    bare: true,
    run: (actions) => actions.showInvitation(),
  },
  {
    name: 'help',
    usage: '/help',
    about: 'Alone: show all commands and keys (F1, ?).',
    takes: [],
    bare: true,
    run: (actions) => actions.showCommands(),
  },
  {
    name: 'transfers',
    usage: '/transfers',
    about: 'Alone: show all transfers, with keys to take, pause, cancel and play them (F6).',
    takes: [],
    bare: true,
    run: (actions) => actions.showTransfers(),
  },
  {
    name: 'goto',
    usage: '/goto',
    about: 'Go to a conversation, a person or a command by some letters of it (Ctrl+K).',
    takes: [],
    run: (actions) => actions.showEverything(),
  },
  {
    name: 'unread',
    usage: '/unread',
    about: 'List the conversations with something unread (Alt+U).',
    takes: [],
    run: (actions) => actions.showUnread(),
  },
  {
    name: 'mentions',
    usage: '/mentions',
    about: 'List what names you, in all conversations, newest first (Alt+M).',
    takes: [],
    run: (actions) => actions.showMentions(),
  },
  {
    name: 'threads',
    usage: '/threads',
    about: 'List what is answered in this conversation, with all answers (Alt+T).',
    takes: [],
    run: (actions) => actions.showThreads(),
  },
  {
    name: 'copy',
    usage: '/copy [N]',
    about: 'Copy the newest thing here, or the Nth newest, into the clipboard of the terminal (Alt+C lists them).',
    takes: ['text'],
    optional: true,
    run: (actions, argument) => {
      if (!/^(?:[1-9][0-9]{0,4})?$/.test(argument)) return false;
      actions.copy(Number(argument || 1));
      return true;
    },
  },
  {
    name: 'bare',
    usage: '/bare',
    about: 'Show this conversation without frames, for selecting with the mouse (F7).',
    takes: [],
    run: (actions) => actions.showBare(),
  },
  {
    name: 'number',
    usage: '/number 1-9',
    about: 'Give this conversation the number by which Alt opens it; the one that had it gets the one of this.',
    takes: [NUMBERS],
    run: (actions, argument) => {
      if (!NUMBERS.includes(argument)) return false;
      actions.setNumber(Number(argument));
      return true;
    },
  },
  {
    name: 'theme',
    usage: `/theme ${THEME_NAMES.join('|')}`,
    about: 'Change the colours.',
    takes: [THEME_NAMES],
    run: (actions, argument) => {
      if (!isThemeName(argument)) return false;
      actions.setTheme(argument);
      return true;
    },
  },
  {
    name: 'mouse',
    usage: '/mouse on|off',
    about: 'Give the mouse to the chat or to the terminal.',
    takes: [ON_OFF],
    run: (actions, argument) => switched(argument, (on) => actions.setMouse(on)),
  },
  {
    name: 'notify',
    usage: `/notify ${NOTIFY_CHOICES.join('|')}`,
    about: 'Set how you are told of what is out of sight: a bell, a desktop notice with who wrote, or also with what.',
    takes: [NOTIFY_CHOICES],
    run: (actions, argument) => {
      const choice = NOTIFY_CHOICES.find((each) => each === argument);
      if (choice !== undefined) actions.setNotify(choice);
      return choice !== undefined;
    },
  },
  {
    name: 'previews',
    usage: `/previews ${PICTURES.join('|')}`,
    about: 'Show small pictures of images and videos as the terminal can, as blocks, by one protocol, or not (ffmpeg).',
    takes: [PICTURES],
    run: (actions, argument) => {
      const choice = PICTURES.find((each) => each === argument);
      if (choice !== undefined) actions.setPreviews(choice);
      return choice !== undefined;
    },
  },
  {
    name: 'quit',
    usage: '/quit',
    about: 'Leave the chat; the account stays signed in on this device.',
    takes: [],
    run: (actions) => actions.leave(),
  },
];

export const LOCAL_COMMANDS: readonly CommandInfo[] = LOCAL;

/** Those of which the peer's table knows nothing. */
export const BESIDE_TABLE: readonly CommandInfo[] = LOCAL.filter(({ bare }) => bare !== true);

/**
 * Runs a command of the screen. @returns false where the line is no such command
 * @throws Failure `usage`, `name-invalid`
 */
export function runLocal(line: string, actions: LocalActions): boolean {
  const [word = '', argument = '', ...more] = line.trim().split(/\s+/);
  const command = LOCAL.find(({ name }) => `/${name}` === word.toLowerCase());
  if (command === undefined || (command.bare && argument !== '')) return false;
  const fits =
    more.length === 0 && ((argument === '') === (command.takes.length === 0) || (argument === '' && command.optional));
  if (!fits || command.run(actions, argument) === false) {
    throw new Failure('usage', `Usage: ${command.usage}`, { hint: `/help says what /${command.name} does.` });
  }
  return true;
}
