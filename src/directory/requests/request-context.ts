import type { ChannelLogins } from '../accounts/logins.js';
import type { DeviceSession } from '../delivery/sessions.js';
import type { Services } from '../services.js';

/** A signed-in device, as the handlers of its requests know it. */
export interface Signed {
  readonly core: Services;
  readonly session: DeviceSession;
  /** Logins on this channel, for what takes the password again. */
  readonly logins: ChannelLogins;
}
