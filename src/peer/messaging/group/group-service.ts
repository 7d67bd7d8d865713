import { timestamp } from '../../../base/clock.js';
import { readAct } from '../../../crypto/acts.js';
import type { Role } from '../../../wire/directory.js';
import { foldName, parseUserName } from '../../../wire/names.js';
import { cleanLine } from '../../../wire/text.js';
import type { Ban, GroupMember, GroupOptions, GroupSettings, GroupsApi, LedgerLine } from '../../api/groups.js';
import type { UserSummary } from '../../api/peer.js';
import type { TrustAnchor } from '../../identity/trust-anchor.js';
import { conversationIn } from '../conversation.js';
import type { Group } from './group.js';
import type { Groups } from './groups.js';
import { lineOf, type ModerationLog } from './moderation-log.js';

const bare = (name: string): string => name.replace(/^#/, '');
const person = (user: string): string => parseUserName(user.replace(/^@/, '')).name;
const because = (reason: string | undefined) => (reason ? { reason: cleanLine(reason) } : {});

export interface GroupServiceInit {
  readonly groups: Groups;
  readonly ledger: ModerationLog;
  readonly anchor: TrustAnchor;
  users(): Promise<readonly UserSummary[]>;
}

/** Groups, roles and moderation as the faces see them. */
export class GroupService implements GroupsApi {
  readonly #init: GroupServiceInit;

  constructor(init: GroupServiceInit) {
    this.#init = init;
  }

  list() {
    return this.#init.groups.queries.list();
  }

  create(name: string, { kind = 'invite', history = 'joined' }: GroupOptions = {}) {
    return called(this.#init.groups.actions.create(bare(name), kind, history));
  }

  join(name: string) {
    return called(this.#init.groups.actions.join(bare(name)));
  }

  leave(name: string) {
    return called(this.#init.groups.actions.leave(bare(name)));
  }

  invite(name: string, user: string) {
    return called(this.#init.groups.actions.invite(bare(name), person(user)));
  }

  add(name: string, user: string) {
    return called(this.#init.groups.actions.add(bare(name), person(user)));
  }

  remove(name: string, user: string) {
    return called(this.#init.groups.actions.moderate(bare(name), { action: 'remove', user: person(user) }));
  }

  async members(name: string): Promise<readonly GroupMember[]> {
    const standings = await this.#init.groups.queries.members(bare(name));
    const silenced = await this.#init.groups.queries.silenced(bare(name));
    const users = new Map((await this.#init.users().catch(() => [])).map((one) => [foldName(one.user), one]));
    return standings.map(({ user, state }) => {
      const known = users.get(foldName(user));
      const until = silenced(user);
      return {
        ...{ user, state: state as GroupMember['state'] },
        ...(known && { role: known.role, presence: known.state }),
        ...(until !== undefined && { silenced: timestamp(until) }),
      };
    });
  }

  kick(name: string, user: string, reason?: string) {
    return called(
      this.#init.groups.actions.moderate(bare(name), { action: 'kick', user: person(user), ...because(reason) }),
    );
  }

  async ban(user: string, { reason, until }: Ban, group?: string): Promise<void> {
    const action = {
      action: 'ban' as const,
      user: person(user),
      ...because(reason),
      ...(until !== undefined && { until }),
    };
    if (group === undefined) await this.#init.ledger.act(action);
    else await this.#init.groups.actions.moderate(bare(group), action);
  }

  async unban(user: string, group?: string): Promise<void> {
    const action = { action: 'unban' as const, user: person(user) };
    if (group === undefined) await this.#init.ledger.act(action);
    else await this.#init.groups.actions.moderate(bare(group), action);
  }

  silence(name: string, user: string, { reason, until }: Ban) {
    const silence = { user: person(user), ...because(reason), ...(until !== undefined && { until }) };
    return called(this.#init.groups.actions.silence(bare(name), silence));
  }

  async settings(name: string, change: Partial<GroupSettings> = {}) {
    const { row, roster } = await this.#init.groups.actions.configure(bare(name), change);
    const { slow, readOnly } = roster;
    return { group: conversationIn(row.name), slow, readOnly };
  }

  setRole(user: string, role: Role): Promise<void> {
    return this.#init.ledger.act({ action: 'role', user: person(user), role });
  }

  resetSecondFactor(user: string, reason?: string): Promise<void> {
    return this.#init.ledger.act({ action: 'reset-second-factor', user: person(user), ...because(reason) });
  }

  async ledger(group?: string): Promise<readonly LedgerLine[]> {
    if (group === undefined) return this.#init.ledger.read();
    const acts = await this.#init.groups.queries.acts(bare(group));
    return acts.map((act, at) => ({ number: at + 1, ...lineOf(readAct(act, this.#init.anchor.trust)) }));
  }
}

const called = async (group: Promise<Group>): Promise<string> => conversationIn((await group).row.name);
