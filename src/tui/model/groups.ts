import { operatorSays } from '../../commands/operator-words.js';
import type { GroupEvent, ModerationEvent } from '../../peer/api/events.js';
import type { GroupMember } from '../../peer/api/groups.js';
import { foldName } from '../../wire/names.js';
import { cleanLine } from '../../wire/text.js';
import type { Entry } from '../log/entry.js';

export interface GroupInfo {
  /** `#group` */
  readonly id: string;
  /** `unknown` until the peer has told. */
  state: 'member' | 'invited' | 'none' | 'unknown';
  kind: 'open' | 'invite';
  /** Who has invited, where somebody has. */
  invitedBy: string | undefined;
  /** As they were asked for last; undefined where they never were. */
  members: readonly GroupMember[] | undefined;
}

/** The groups one is in, invited to, or could enter. */
export class Groups {
  readonly #all = new Map<string, GroupInfo>();

  get(id: string): GroupInfo | undefined {
    return this.#all.get(id);
  }

  get list(): readonly GroupInfo[] {
    return [...this.#all.values()];
  }

  group(id: string): GroupInfo {
    let found = this.#all.get(id);
    if (found === undefined) {
      found = { id, state: 'unknown', kind: 'invite', invitedBy: undefined, members: undefined };
      this.#all.set(id, found);
    }
    return found;
  }
}

export interface Said {
  readonly text: string;
  readonly sign: NonNullable<Entry['sign']>;
}

const by = (who: string, user: string): string => (who === '' || who === user ? '' : ` by ${who}`);

const CHANGES: Readonly<Record<GroupEvent['change'], (user: string, who: string) => Said>> = {
  created: (user) => ({ sign: '+', text: `${user} made the group` }),
  invited: (user, who) => ({ sign: '+', text: `${user} is invited${by(who, user)}` }),
  joined: (user) => ({ sign: '→', text: `${user} joined` }),
  added: (user, who) => ({ sign: '→', text: `${user} was brought in${by(who, user)}` }),
  left: (user) => ({ sign: '←', text: `${user} left` }),
  removed: (user, who) => ({ sign: '←', text: `${user} was removed${by(who, user)}` }),
  kicked: (user, who) => ({ sign: '✗', text: `${user} was kicked${by(who, user)}` }),
};

const kickedYou = (who: string, group: string, because = ''): string =>
  `${who} kicked you from ${group}${because}. You may be invited again`;

const YOU: Partial<Readonly<Record<GroupEvent['change'], (who: string, group: string) => Said>>> = {
  created: (_who, group) => ({ sign: '+', text: `You are the first in ${group}. /invite USER brings people in` }),
  invited: (who, group) => ({
    sign: '+',
    text: `${who} invites you to ${group}. /joingroup ${group.slice(1)} accepts; /leave ${group} refuses`,
  }),
  joined: (_who, group) => ({ sign: '→', text: `You are in ${group}` }),
  added: (who, group) => ({ sign: '→', text: `${who} brought you into ${group}` }),
  left: (_who, group) => ({ sign: '←', text: `You left ${group}` }),
  removed: (who, group) => ({
    sign: '✗',
    text: `${who} removed you from ${group}: you can read what was said, not write`,
  }),
  kicked: (who, group) => ({ sign: '✗', text: kickedYou(who, group) }),
};

/** What a change of a group means, to whoever reads its log. */
export function groupSays(event: GroupEvent, self: string): Said {
  const [user, who] = [cleanLine(event.user), cleanLine(event.by)];
  const me = foldName(user) === foldName(self);
  return (me && YOU[event.change]?.(who, cleanLine(event.group))) || CHANGES[event.change](user, who);
}

const time = (until: string | undefined): string =>
  until === undefined ? '' : ` until ${cleanLine(until).slice(0, 16).replace('T', ' ')} UTC`;

/** What an action of somebody who is allowed to do it means. */
export function moderationSays(event: ModerationEvent, self: string): Said {
  const [user, who] = [cleanLine(event.user), cleanLine(event.by)];
  const me = foldName(user) === foldName(self);
  const name = me ? 'You' : user;
  const was = me ? 'were' : 'was';
  const because = event.reason === undefined ? '' : `: ${cleanLine(event.reason, 500)}`;
  switch (event.action) {
    case 'ban':
      return { sign: '✗', text: `${name} ${was} banned by ${who}${time(event.until)}${because}` };
    case 'unban':
      return { sign: '·', text: `${name} may come back: ${who} lifted the ban${because}` };
    case 'silence':
      return { sign: '✗', text: `${name} ${was} silenced by ${who}${time(event.until)}${because}` };
    case 'unsilence':
      return { sign: '·', text: `${name} may write again: ${who} lifted the silence${because}` };
    case 'kick':
      return me && event.group !== undefined
        ? { sign: '✗', text: kickedYou(who, cleanLine(event.group), because) }
        : { sign: '✗', text: `${name} ${was} kicked by ${who}${because}` };
    case 'role':
      return {
        sign: '⚑',
        text: `${name} ${me ? 'are' : 'is'} ${event.role ?? 'something else'} now, by ${who}${because}`,
      };
    case 'settings':
      return { sign: '⚑', text: `${who} changed the settings of the group${because}` };
    default:
      return { sign: '⚑', text: operatorSays(event) };
  }
}
