import type { ChannelLogins } from '../accounts/logins.js';
import type { DeviceSession } from '../delivery/sessions.js';
import type { Core } from '../services.js';

/** A signed-in device, as the handlers of its requests know it. */
export interface Signed {
  readonly core: Core;
  readonly session: DeviceSession;
  /** Logins on this channel, for what takes the password again. */
  readonly logins: ChannelLogins;
}
