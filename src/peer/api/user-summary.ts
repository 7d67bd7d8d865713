import type { PresenceState, Role } from '../../wire/directory.js';

/** A person of the directory. */
export interface UserSummary {
  readonly user: string;
  readonly role: Role;
  readonly state: PresenceState;
  /** RFC 3339 */
  readonly lastSeen: string;
}
