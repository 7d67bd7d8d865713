import type { CodeEvent, DeviceEvent, HistoryEvent, UpgradeEvent } from '../peer/api/events.js';
import { clockTime, field, messageCount } from './format-message.js';

/** How a device is shut out, by which face. */
const REVOKE = {
  shell: (id: string) => `'p2pchat device revoke ${id}' and change the password ('p2pchat passwd')`,
  slash: (id: string) => `/revokedevice ${id} and change the password (/passwd)`,
};

/** What has become of a device of one's own account, and what to do if it should not have. */
export function deviceNotice({ state, device, at, unlisted }: DeviceEvent, face: keyof typeof REVOKE, now: number) {
  const what = device.name === '' ? device.id : `${field(device.name)} (${device.id})`;
  const when = clockTime(at, now);
  if (state === 'revoked')
    return `${what} is no device of your account any more: it was shut out or logged out, ${when}.`;
  if (unlisted) {
    return `A DEVICE THAT THE DIRECTORY HIDES takes part in your conversations: ${what}, seen ${when}. Whoever has it knows your password or recovery phrase; don't go on with this directory before its operator has explained it.`;
  }
  return `A device was added to your account: ${what}, ${when}. If that wasn't you: ${REVOKE[face](device.id)}.`;
}

const MADE = {
  done: ({ device, user, group }: CodeEvent) => {
    if (user !== undefined) {
      const where = group === undefined ? '' : ` and is asked into ${field(group)}`;
      return `${field(user)} has joined by the code that was made here${where}.`;
    }
    const who = device === undefined || device.name === '' ? device?.id : `${field(device.name)} (${device.id})`;
    return `${who} is a device of your account now, by the code that was made here. It gets the history whenever both are there.`;
  },
  wrong: () =>
    'Somebody gave other words for the code that was made here, or is led to another directory. The code is spent, and nothing was given away: make another one.',
  left: () => 'Somebody began with the code that was made here and went away. The code is spent: make another one.',
  expired: () => 'The code that was made here was not used in ten minutes, and is worth nothing any more.',
};

/** What came of a code. */
export const codeNotice = (event: CodeEvent): string => MADE[event.state](event);

const ALLOW = {
  shell: (id: string) => `'p2pchat device allow ${id}'`,
  slash: (id: string) => `/allowdevice ${id}`,
};

/** How far history is on its way from one device of the account to another. */
export function historyNotice({ state, device, lines = 0 }: HistoryEvent, face: keyof typeof REVOKE): string {
  const who = device.name === '' ? device.id : `${field(device.name)} (${device.id})`;
  switch (state) {
    case 'asked':
      return `Your device ${who} asks for the history that is kept here. If that is you: ${ALLOW[face](device.id)}. If it isn't: ${REVOKE[face](device.id)}.`;
    case 'allowed':
      return `${who} may have the history that is kept here.`;
    case 'giving':
      return `${who} takes what is new in the history that is kept here.`;
    case 'given':
      return `${who} has the history that is kept here.`;
    case 'waiting':
      return `${who} has the history: allow there that this device gets it.`;
    case 'taking':
      return `History comes from ${who}: ${messageCount(lines)} so far.`;
    case 'done':
      return `The history that ${who} keeps is here, too: ${messageCount(lines)}.`;
  }
}

const QUIET = { slash: '/preferences upgrades off', shell: 'p2pchat preferences upgrades off' } as const;

/** Names no address: where this one came from, the next one does. */
export const upgradeNotice = ({ version, own }: UpgradeEvent, face: keyof typeof QUIET): string =>
  `p2pchat ${field(version)} is out, this is ${field(own)}. Get it where you got this one, and install it the same way (docs/install.md); nothing has to be done at once. Not to be told: ${QUIET[face]}`;
