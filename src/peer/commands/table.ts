import { deleteAccount, logout, passwd } from './account.js';
import type { Command } from './command.js';
import { doctor } from './doctor.js';
import { exportHistory } from './export.js';
import { help } from './help-command.js';
import { history } from './history.js';
import { search } from './search.js';
import { send } from './send.js';
import { users } from './users.js';
import { verify } from './verify.js';
import { whoami } from './whoami.js';

/** Every command there is, in the order of the help; a new one is a file of its own and its name here. */
export const commands: readonly Command[] = [
  send,
  users,
  history,
  search,
  exportHistory,
  verify,
  passwd,
  logout,
  deleteAccount,
  whoami,
  doctor,
  help,
];
