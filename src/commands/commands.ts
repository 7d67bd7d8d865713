import { deleteAccount, logout, passwd } from './account.js';
import { addDevice } from './add-device.js';
import { backup, importBackup } from './backup.js';
import { changeCommands } from './changes.js';
import type { Command } from './command.js';
import { talkCommands } from './conversation.js';
import { allowDevice, deviceHistory, devices, revokeDevice } from './devices.js';
import { doctor } from './doctor.js';
import { exportHistory } from './export.js';
import { file, video } from './files.js';
import { settingsCommands } from './group-settings.js';
import { groupCommands } from './groups.js';
import { guestCommands } from './guests.js';
import { help } from './help-command.js';
import { history } from './history.js';
import { inviteWords } from './invite-words.js';
import { moderationCommands } from './moderation.js';
import { path } from './path.js';
import { pinCommands } from './pins.js';
import { play } from './play.js';
import { pollCommands } from './polls.js';
import { recovery } from './recovery.js';
import { search } from './search.js';
import { secondFactor } from './second-factor.js';
import { send } from './send.js';
import { speed } from './speed.js';
import { accept, autoaccept, decline, transfers } from './transfers.js';
import { uploadCommands } from './uploads.js';
import { users } from './users.js';
import { verify } from './verify.js';
import { whoami } from './whoami.js';

/** Every command there is, in the order of the help; a new one is a file of its own and its name here. */
export const commands: readonly Command[] = [
  send,
  file,
  video,
  accept,
  decline,
  transfers,
  play,
  autoaccept,
  speed,
  ...talkCommands,
  ...changeCommands,
  ...pinCommands,
  ...pollCommands,
  ...groupCommands,
  inviteWords,
  ...uploadCommands,
  ...guestCommands,
  ...moderationCommands,
  ...settingsCommands,
  users,
  history,
  search,
  exportHistory,
  backup,
  importBackup,
  verify,
  path,
  passwd,
  recovery,
  secondFactor,
  devices,
  addDevice,
  allowDevice,
  deviceHistory,
  revokeDevice,
  logout,
  deleteAccount,
  whoami,
  doctor,
  help,
];
