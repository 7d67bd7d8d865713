import type { GroupHistory, GroupKind } from '../../wire/acts.js';
import type { PresenceState, RegistrationMode, Role } from '../../wire/directory.js';

/** What a running peer offers for groups, roles and moderation. Names of groups may begin with `#`, of users with `@`. */

export interface GroupSummary {
  /** `#group` */
  readonly group: string;
  readonly kind: GroupKind;
  readonly history: GroupHistory;
  readonly state: 'member' | 'invited' | 'none';
  readonly members: number;
}

export interface GroupOptions {
  /** `invite` by default. */
  readonly kind?: GroupKind;
  /** `joined` by default; `shared` lets newcomers read what was said before. */
  readonly history?: GroupHistory;
}

export interface GroupSettings {
  /** Seconds between two messages of one member who is no moderator; 0 for none. */
  readonly slow: number;
  /** Only moderators write. */
  readonly readOnly: boolean;
}

export interface GroupMember {
  readonly user: string;
  readonly state: 'member' | 'invited';
  readonly role?: Role;
  readonly presence?: PresenceState;
  /** Until when they can't write, where a moderator has silenced them. */
  readonly silenced?: string;
}

export interface Ban {
  readonly reason?: string;
  /** Milliseconds since 1970; for good without. */
  readonly until?: number;
}

/** One line of the ledger, verified. Where it concerns others only its place in the chain is known. */
export interface LedgerLine {
  readonly number: number;
  readonly action?: string;
  readonly user?: string;
  readonly by?: string;
  readonly role?: Role;
  /** Of registration: who may register from then on. */
  readonly mode?: RegistrationMode;
  readonly reason?: string;
  readonly until?: string;
  readonly slow?: number;
  readonly readOnly?: boolean;
  /** RFC 3339, by the directory's clock. */
  readonly at?: string;
}

export interface GroupsApi {
  list(): Promise<readonly GroupSummary[]>;
  /** @returns `#name`, as all of these */
  create(name: string, options?: GroupOptions): Promise<string>;
  /** Accepts an invitation, or enters an open group. */
  join(name: string): Promise<string>;
  leave(name: string): Promise<string>;
  invite(name: string, user: string): Promise<string>;
  /** Brings somebody in who needn't accept. */
  add(name: string, user: string): Promise<string>;
  remove(name: string, user: string): Promise<string>;
  members(name: string): Promise<readonly GroupMember[]>;
  kick(name: string, user: string, reason?: string): Promise<string>;
  /** From a group; without one from the whole directory. */
  ban(user: string, ban: Ban, group?: string): Promise<void>;
  unban(user: string, group?: string): Promise<void>;
  /** Keeps a member from writing to a group until then; without `until` they write again. */
  silence(name: string, user: string, silence: Ban): Promise<string>;
  /** Changes what is given and leaves the rest. Without anything, tells how it is. */
  settings(name: string, change?: Partial<GroupSettings>): Promise<GroupSettings & { readonly group: string }>;
  setRole(user: string, role: Role): Promise<void>;
  /** @throws Failure denied 'not-permitted', 'member-outranks' */
  resetSecondFactor(user: string, reason?: string): Promise<void>;
  /** The acts of a group or of the directory, every signature and the chain verified. @throws Failure trust */
  ledger(group?: string): Promise<readonly LedgerLine[]>;
}
