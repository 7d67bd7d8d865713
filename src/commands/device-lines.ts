import type { DeviceEvent } from '../peer/api/events.js';
import { clockTime, field } from './format-message.js';

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
