import { DIRECTORY_COMMANDS } from './commands/directory-options.js';

/** Commands of the shell that are not of the table, by their whole names. */
export const PROGRAMS: readonly string[] = [
  ...[
    'register',
    'login',
    'join',
    'restore',
    'verify-export',
    'listen',
    'rpc',
    'keeper',
    'keeper install',
    'start',
    'relay start',
  ],
  ...DIRECTORY_COMMANDS.map((name) => `directory ${name}`),
];
