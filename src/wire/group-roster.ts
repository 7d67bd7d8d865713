import { sameBytes } from '../base/bytes.js';
import { Failure } from '../base/errors.js';
import type { Act, GroupHistory, GroupKind, Statement } from './acts.js';
import { foldName } from './names.js';
import { may, outranks, type Role } from './roles.js';

/** How an account stands to a group. `gone`: was in it once. */
export interface Standing {
  readonly user: string;
  readonly state: 'member' | 'invited' | 'banned' | 'gone';
  /** As the one who brought the person in knows it, or as the person's own act shows. */
  readonly identityKey?: Uint8Array;
  /** Of a ban. */
  readonly until?: number;
  /** Who invited. */
  readonly by?: string;
}

type Create = Extract<Statement, { action: 'create' }>;
type Targeted = Extract<Statement, { user: string }>;
type Silence = NonNullable<Extract<Statement, { action: 'settings' }>['silence']>;

/**
 * Who is in a group, as its acts say; the same for everybody who has read the same acts, the directory included. It
 * knows nothing of devices: those follow from the accounts.
 */
export class GroupRoster {
  #created: Create | undefined;
  #creator = '';
  readonly #standings = new Map<string, Standing>();
  /** Until when members were silenced, by folded name. Who leaves and comes back still is. */
  readonly #silenced = new Map<string, number>();
  slow = 0;
  readOnly = false;
  /** Seconds that new messages live; 0 for no end. */
  expire = 0;
  /** Ids of the messages that are pinned, in the order in which they were. */
  pins: readonly Uint8Array[] = [];

  get name(): string {
    return this.#created?.name ?? '';
  }

  get kind(): GroupKind {
    return this.#created?.kind ?? 'invite';
  }

  get history(): GroupHistory {
    return this.#created?.history ?? 'joined';
  }

  /** Folded. */
  get creator(): string {
    return this.#creator;
  }

  standing(user: string): Standing | undefined {
    return this.#standings.get(foldName(user));
  }

  isMember(user: string): boolean {
    return this.standing(user)?.state === 'member';
  }

  isBanned(user: string, now: number): boolean {
    const standing = this.standing(user);
    return standing?.state === 'banned' && (standing.until === undefined || standing.until > now);
  }

  members(): Standing[] {
    return [...this.#standings.values()].filter(({ state }) => state === 'member');
  }

  all(): Standing[] {
    return [...this.#standings.values()];
  }

  /** Until when that member can't write, where that is so. */
  silencedUntil(user: string, now: number): number | undefined {
    const until = this.#silenced.get(foldName(user));
    return until !== undefined && until > now ? until : undefined;
  }

  /** Whether that member may write here. @throws Failure denied 'group-read-only', 'silenced' */
  assertMayWrite({ user, role, now }: { readonly user: string; readonly role: Role; readonly now: number }): void {
    if (this.readOnly && !may(role, 'group.members')) {
      throw new Failure('group-read-only', `only moderators write to #${this.name}`);
    }
    const until = this.silencedUntil(user, now);
    if (until !== undefined) throw silenced(this.name, until);
  }

  /**
   * Whether the act may follow those before it.
   * @throws Failure denied, unknown or usage, each with a code of its own
   */
  judge(act: Act): void {
    const { statement, by, seal } = act;
    if (statement.group === undefined) {
      judgeFromOutside(act);
      return;
    }
    const own = this.standing(by.folded);
    if (own?.identityKey && !sameBytes(own.identityKey, by.identityKey)) throw otherIdentity(by.user);
    if (statement.action === 'create') {
      if (this.#created !== undefined) throw new Failure('group-exists', 'the group has been made already');
      return;
    }
    if (this.#created === undefined) throw new Failure('group-not-made', 'the group has no beginning');
    if (statement.action === 'join') {
      this.#judgeJoin(act, own);
      return;
    }
    const moderates = may(seal.role, 'person.ban') && MODERATION.has(statement.action);
    if (own?.state !== 'member' && !moderates) throw notJoined(this.name);
    if ('user' in statement) this.#judgeTargeted(act, statement);
    else if (statement.action === 'settings') {
      assertMembersRight(seal.role, 'change its settings');
      if (statement.pins !== undefined) assertMayPin(seal.role);
      if (statement.silence !== undefined) this.#judgeSilence(act, statement.silence);
    }
  }

  /** Call `judge` first. */
  apply({ statement, by, seal }: Act): void {
    if (statement.action === 'settings') {
      if (statement.silence !== undefined && seal.targetRole !== undefined) this.#silence(statement.silence);
      this.slow = statement.slow;
      this.readOnly = statement.readOnly;
      this.expire = statement.expire ?? this.expire;
      this.pins = statement.pins ?? this.pins;
      return;
    }
    if (statement.action === 'create') {
      this.#created = statement;
      this.#creator = by.folded;
    }
    const user = 'user' in statement ? statement.user : by.user;
    const before = this.standing(user);
    // A ban from the directory does not reach into groups the person was never in.
    if (statement.group === undefined && before === undefined) return;
    const after = standingAfter(statement, by);
    if (after === undefined) return;
    const identityKey = after.identityKey ?? before?.identityKey;
    this.#standings.set(foldName(user), { ...after, user: before?.user ?? user, ...(identityKey && { identityKey }) });
  }

  /** Without the role a directory of an earlier version sealed it, which holds nobody back: it says nothing. */
  #judgeSilence({ by, seal: { role, targetRole } }: Act, { user }: Silence): void {
    if (targetRole === undefined) return;
    if (foldName(user) === by.folded) throw new Failure('act-on-self', 'that is you');
    if (outranks(targetRole, role) || targetRole === 'super-admin') throw outranked(role, user, targetRole);
    if (this.standing(user) === undefined) throw new Failure('not-a-member', `${user} is not in #${this.name}`);
  }

  #silence({ user, until }: Silence): void {
    if (until === undefined) this.#silenced.delete(foldName(user));
    else this.#silenced.set(foldName(user), until);
  }

  #judgeJoin({ by, seal }: Act, own: Standing | undefined): void {
    if (own?.state === 'member') throw new Failure('already-joined', `you are in #${this.name} already`);
    if (this.isBanned(by.folded, seal.at)) throw banned(this.name, own?.until);
    if (this.kind === 'open' || own?.state === 'invited') return;
    throw notInvited(this.name);
  }

  #judgeTargeted({ by, seal }: Act, statement: Targeted): void {
    const { role, targetRole = 'beginner' } = seal;
    const standing = this.standing(statement.user);
    const { user, action } = statement;
    if (action === 'invite' || action === 'add') {
      if (action === 'add' || this.kind !== 'open') assertMembersRight(role, `${action} members`);
      if (standing?.state === 'member') throw new Failure('already-member', `${user} is in #${this.name} already`);
      if (this.isBanned(user, seal.at)) throw new Failure('member-banned', `${user} is banned from #${this.name}`);
      return;
    }
    if (action === 'role' || action === 'reset-second-factor') {
      throw new Failure('act-misplaced', "accounts are the directory's, not a group's");
    }
    assertMembersRight(role, `${action} members`);
    if (foldName(user) === by.folded) throw new Failure('act-on-self', 'that is you');
    if (action === 'unban') {
      if (standing?.state !== 'banned') throw new Failure('not-banned', `${user} is not banned from #${this.name}`);
      return;
    }
    const highest = action === 'ban' ? outranks(role, targetRole) : !outranks(targetRole, role);
    if (!highest || targetRole === 'super-admin') throw outranked(role, user, targetRole);
    if (action !== 'ban' && standing?.state !== 'member' && standing?.state !== 'invited') {
      throw new Failure('not-a-member', `${user} is not in #${this.name}`);
    }
  }
}

function standingAfter(statement: Statement, by: Act['by']): Omit<Standing, 'user'> | undefined {
  switch (statement.action) {
    case 'create':
    case 'join':
      return { state: 'member', identityKey: by.identityKey };
    case 'invite':
      return { state: 'invited', identityKey: statement.identityKey, by: by.user };
    case 'add':
      return { state: 'member', identityKey: statement.identityKey, by: by.user };
    case 'ban':
      if (statement.group === undefined) return { state: 'gone' };
      return { state: 'banned', ...(statement.until !== undefined && { until: statement.until }) };
    case 'leave':
    case 'remove':
    case 'kick':
    case 'unban':
      return { state: 'gone' };
    default:
      return undefined;
  }
}

const MODERATION: ReadonlySet<string> = new Set(['kick', 'ban', 'unban']);

/** Of acts on the directory only a ban reaches into groups. */
function judgeFromOutside({ statement, seal }: Act): void {
  if (statement.action === 'ban') assertDirectoryBan(seal.role, seal.targetRole);
  else throw new Failure('act-misplaced', 'an act on the directory has no place in a group');
}

/** @throws Failure denied 'not-permitted', 'member-outranks' */
export function assertDirectoryBan(role: Role, targetRole: Role = 'beginner'): void {
  if (!may(role, 'person.ban')) throw new Failure('not-permitted', `your role '${role}' cannot ban anybody`);
  if (!outranks(role, targetRole)) {
    throw new Failure('member-outranks', `your role '${role}' cannot ban somebody who is '${targetRole}'`);
  }
}

/** @throws Failure denied 'not-permitted' */
function assertMayPin(role: Role): void {
  if (may(role, 'message.pin')) return;
  throw new Failure('not-permitted', `your role '${role}' does not allow to pin messages in a group`, {
    hint: 'Ask a member with the role advanced.',
  });
}

function assertMembersRight(role: Role, what: string): void {
  if (may(role, 'group.members')) return;
  throw new Failure('not-permitted', `your role '${role}' does not allow to ${what}`, {
    hint: 'Ask a member with the role advanced.',
  });
}

export const notJoined = (name: string): Failure =>
  new Failure('group-not-joined', `you are not in #${name}`, {
    hint: `Join it first: /join ${name}, or ask for an invitation.`,
  });

export const banned = (name: string, until: number | undefined): Failure =>
  new Failure(
    'group-banned',
    `you are banned from #${name}${until === undefined ? '' : ` until ${new Date(until).toISOString()}`}`,
  );

const silenced = (name: string, until: number): Failure =>
  new Failure('silenced', `you cannot write to #${name} until ${new Date(until).toISOString()}`, {
    details: { until: new Date(until).toISOString() },
  });

const outranked = (role: Role, user: string, target: Role): Failure =>
  new Failure('member-outranks', `your role '${role}' does not reach ${user}, who is '${target}'`);

export const notInvited = (name: string): Failure => new Failure('not-invited', `nobody has invited you to #${name}`);

const otherIdentity = (user: string): Failure =>
  new Failure('identity-changed', `an act in the name of ${user} is signed by another identity`);
