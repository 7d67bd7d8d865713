import { hex } from '../../../base/bytes.js';
import { timestamp } from '../../../base/clock.js';
import type { Act } from '../../../wire/acts.js';
import type { ChangeEvent, GroupChange, GroupEvent, ModerationEvent, SettingEvent } from '../../api/events.js';
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

type ActEvent = GroupEvent | ModerationEvent | SettingEvent | ChangeEvent;

/** What holds in a group, of which an act may change a part. */
type Settings = Pick<Group['roster'], 'slow' | 'readOnly' | 'pins'>;

export const settingsOf = ({ roster: { slow, readOnly, pins } }: Group): Settings => ({ slow, readOnly, pins });

/** Which messages are pinned now and were not before, and the other way round. */
function pinEvents(conversation: string, from: string, before: Settings['pins'], now: Settings['pins']): ChangeEvent[] {
  const [was, is] = [before.map(hex), now.map(hex)];
  const common = { event: 'change' as const, conversation, from };
  return [
    ...is.filter((id) => !was.includes(id)).map((id) => ({ ...common, id, change: 'pinned' as const })),
    ...was.filter((id) => !is.includes(id)).map((id) => ({ ...common, id, change: 'unpinned' as const })),
  ];
}

type Silence = NonNullable<Extract<Act['statement'], { action: 'settings' }>['silence']>;

const silenceEvent = (group: string, by: string, { user, until, reason }: Silence): ModerationEvent => ({
  ...{ event: 'moderation', action: until === undefined ? 'unsilence' : 'silence', user, by, group },
  ...(reason && { reason }),
  ...(until !== undefined && { until: timestamp(until) }),
});

/** What those who watch are told of an act. @param before what held then */
export function actEvents(group: Group, { statement, by }: Act, before: Settings): ActEvent[] {
  const name = conversationIn(group.row.name);
  const user = 'user' in statement ? statement.user : by.user;
  const { action } = statement;
  const events: ActEvent[] = [];
  const change = CHANGES[action];
  if (change !== undefined) events.push({ event: 'group', group: name, change, user, by: by.user });
  if (action === 'settings' && statement.expire !== undefined) {
    events.push({ event: 'setting', conversation: name, by: by.user, expire: statement.expire });
  }
  if (action === 'settings' && statement.pins !== undefined) {
    events.push(...pinEvents(name, by.user, before.pins, statement.pins));
    if (statement.slow === before.slow && statement.readOnly === before.readOnly) return events;
  }
  if (action === 'settings' && statement.silence !== undefined) {
    events.push(silenceEvent(name, by.user, statement.silence));
    if (statement.slow === before.slow && statement.readOnly === before.readOnly) return events;
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
