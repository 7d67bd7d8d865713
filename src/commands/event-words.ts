import type { GroupChange, GroupEvent, ModerationEvent } from '../peer/api/events.js';
import { clockTime, field } from './format-message.js';
import { settingsLine } from './group-settings.js';
import { operatorSays } from './operator-words.js';

/** What happens to people, told whole: who, what, where, by whom, until when and why. */

/** @param self whoever reads it, where that is known */
const who = (user: string, self: string | undefined): string => (user === self ? 'You' : field(user));
const be = (user: string, self: string | undefined, tense: 'now' | 'then'): string => {
  if (tense === 'now') return user === self ? 'are' : 'is';
  return user === self ? 'were' : 'was';
};

/** Nothing where it is not told, or where it was done by oneself. */
const byWhom = (by: string, user: string, self: string | undefined): string => {
  if (by === '' || by === user) return '';
  return by === self ? ' by you' : ` by ${field(by)}`;
};

const CHANGED: Readonly<Record<GroupChange, (user: string, self: string | undefined) => string>> = {
  created: (user, self) => `${who(user, self)} made it`,
  invited: (user, self) => `${who(user, self)} ${be(user, self, 'now')} invited`,
  joined: (user, self) => `${who(user, self)} joined`,
  left: (user, self) => `${who(user, self)} left`,
  added: (user, self) => `${who(user, self)} ${be(user, self, 'then')} added`,
  removed: (user, self) => `${who(user, self)} ${be(user, self, 'then')} removed`,
  kicked: (user, self) => `${who(user, self)} ${be(user, self, 'then')} kicked`,
};

/** Without the group, which stands before it. */
export const groupWords = ({ change, user, by }: GroupEvent, self?: string): string =>
  `${CHANGED[change](user, self)}${byWhom(by, user, self)}`;

/** Without the place, which stands before it. */
export function moderationWords(event: ModerationEvent, now: number, self?: string): string {
  const { action, user, by, reason, until, role = '' } = event;
  const what: Partial<Readonly<Record<ModerationEvent['action'], () => string>>> = {
    settings: () => settingsLine(event),
    role: () => `${who(user, self)} ${be(user, self, 'now')} ${role} now`,
    kick: () => `${who(user, self)} ${be(user, self, 'then')} kicked`,
    ban: () => `${who(user, self)} ${be(user, self, 'now')} banned`,
    silence: () => `${who(user, self)} ${be(user, self, 'now')} silenced`,
    unsilence: () => `${who(user, self)} ${be(user, self, 'now')} no longer silenced`,
    unban: () => `${who(user, self)} ${be(user, self, 'now')} no longer banned`,
  };
  const deed = what[action];
  if (deed === undefined) return operatorSays(event);
  const end = until === undefined ? '' : ` until ${clockTime(until, now)}`;
  const why = reason === undefined || reason === '' ? '' : `: ${field(reason)}`;
  return `${deed()}${byWhom(by, action === 'settings' ? '' : user, self)}${end}${why}`;
}

/** Where it holds: `#group`, or all of the directory. */
export const moderationPlace = ({ group }: ModerationEvent): string =>
  group === undefined ? 'the whole directory' : field(group);
