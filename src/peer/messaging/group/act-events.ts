import { timestamp } from '../../../base/clock.js';
import type { Act } from '../../../wire/acts.js';
import type { GroupChange, GroupEvent, ModerationEvent, SettingEvent } from '../../api/events.js';
import { conversationIn } from '../conversation.js';
import type { Group } from './group.js';

const CHANGES: Readonly<Record<string, GroupChange>> = {
  create: 'created',
  invite: 'invited',
  join: 'joined',
  leave: 'left',
  add: 'added',
  remove: 'removed',
  kick: 'kicked',
};

/** What those who watch are told of an act. */
export function actEvents(group: Group, { statement, by }: Act): (GroupEvent | ModerationEvent | SettingEvent)[] {
  const name = conversationIn(group.row.name);
  const user = 'user' in statement ? statement.user : by.user;
  const { action } = statement;
  const events: (GroupEvent | ModerationEvent | SettingEvent)[] = [];
  const change = CHANGES[action];
  if (change !== undefined) events.push({ event: 'group', group: name, change, user, by: by.user });
  if (action === 'settings' && statement.expire !== undefined) {
    events.push({ event: 'setting', conversation: name, by: by.user, expire: statement.expire });
  }
  if (action === 'kick' || action === 'ban' || action === 'unban' || action === 'settings') {
    const reason = 'reason' in statement ? statement.reason : undefined;
    const until = 'until' in statement ? statement.until : undefined;
    events.push({
      ...{ event: 'moderation', action, user, by: by.user, group: name },
      ...(reason && { reason }),
      ...(until !== undefined && { until: timestamp(until) }),
      ...(action === 'settings' && { slow: statement.slow, readOnly: statement.readOnly }),
    });
  }
  return events;
}
