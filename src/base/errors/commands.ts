import type { CodeRow } from './code.js';

/** What is typed, and the programs that it starts. */
export const COMMANDS = {
  'argument-invalid': ['usage', 'An argument is not of the form it needs.', 'The message says which form is meant.'],
  'child-failed': [
    'internal',
    'A program that this one started has failed.',
    'Give that command by itself to see more.',
  ],
  'code-not-given': ['usage', 'Without the code nobody gets in.', 'Start again, and give the code that the app shows.'],
  'command-unknown': ['usage', 'There is no such command.', 'help lists the commands.'],
  'control-folder': [
    'denied',
    'The folder of the control socket can be changed by others.',
    'Make it private: chmod 700.',
  ],
  'control-socket': [
    'denied',
    'The running program cannot be reached.',
    'Use the account that started it, or remove its socket if nothing runs.',
  ],
  'conversation-needed': ['usage', 'Which conversation?', 'Name it: @user or #group.'],
  'doctor-found': ['internal', 'A check of the doctor failed.', 'The lines above say what to do about each.'],
  'editor-failed': [
    'usage',
    'The editor ended with an error.',
    'What stood in the line is there as before. VISUAL or EDITOR names another editor.',
  ],
  'folder-unusable': [
    'usage',
    'Files cannot be put into that folder.',
    'Name a folder that you may write to, on a disk that is not read-only.',
  ],
  'holder-silent': [
    'storage',
    'The process that holds this profile does not answer.',
    'Wait, or end it and give the command again.',
  ],
  'input-line': ['limit', 'A line on standard input is too long.', 'Send long texts in parts, or as a file.'],
  left: ['usage', 'Nobody signed in.', 'Start again when you want to.'],
  'listen-timeout': [
    'ended',
    'The time is over, and fewer messages came than were asked for.',
    'Give a longer --timeout, or a smaller --count.',
  ],
  'no-conversation': [
    'usage',
    'Nobody would read this here.',
    'Begin with: /msgto USER TEXT. What follows without a slash goes to the same person.',
  ],
  'not-delivered': [
    'unknown',
    'The other side could not be reached in time.',
    'The message is kept and goes out by itself.',
  ],
  'not-sent': [
    'unknown',
    'The message could not be sent and is not tried again.',
    'The person is no longer on this directory. The text stays in the history.',
  ],
  'not-stored': [
    'unreachable',
    'Neither the other side nor the directory could be reached in time.',
    'The offer is kept and goes out by itself: leave `p2pchat login` or `p2pchat listen` running.',
  ],
  'option-unknown': ['usage', 'There is no such option.', 'The help of the command lists its options.'],
  'program-replaced': [
    'internal',
    'A part of this program is gone: another version was installed, or it was removed, while it ran.',
    'End it and start it again; nothing is lost by that.',
  ],
  'scope-needed': ['usage', 'From where: one group, or the whole directory?', 'Say --group NAME or --everywhere.'],
  'socket-taken': [
    'usage',
    'There is something at that path already.',
    'Give --socket another path, or end what serves this one.',
  ],
  tour: ['internal', 'One step of the tour failed.', 'Please report it with what was printed.'],
  usage: [
    'usage',
    'The command line is not right.',
    "'p2pchat --help' lists the commands, 'p2pchat COMMAND --help' explains one.",
  ],
  'config-unreadable': [
    'usage',
    'The configuration file cannot be read.',
    'Give the path of a configuration file; docs/operations.md has one.',
  ],
  'config-malformed': [
    'usage',
    'The configuration file is malformed.',
    'Write one option a line, as: listen = "0.0.0.0:4000". What follows a # is left out.',
  ],
  'config-unknown': [
    'usage',
    'The configuration file has an option that does not exist.',
    'p2pchat directory config check lists what is wrong.',
  ],
  'config-invalid': [
    'usage',
    "An option of the configuration file has a value that it can't have.",
    'The message says which form is meant.',
  ],
  'install-denied': [
    'denied',
    'A file of the installation cannot be written.',
    'Do it as root, or give other places with --unit FILE and --config FILE.',
  ],
  'unit-exists': [
    'usage',
    'The unit is there and was not written by this command.',
    'Move it away, or give another name with --unit FILE.',
  ],
} as const satisfies Record<string, CodeRow>;
