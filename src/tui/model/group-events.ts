import { spanOf } from '../../commands/duration.js';
import type { GroupEvent, ModerationEvent, SettingEvent } from '../../peer/api/events.js';
import { foldName } from '../../wire/names.js';
import { cleanLine } from '../../wire/text.js';
import type { Entry } from '../log/entry.js';
import { type Conversation, HOME } from './conversation.js';
import { Groups, groupSays, moderationSays, type Said } from './groups.js';
import type { Effect, ModelHost } from './host.js';

/** What happens in groups, as lines in their logs. */
export class GroupEvents {
  readonly groups = new Groups();
  readonly #host: ModelHost;

  constructor(host: ModelHost) {
    this.#host = host;
  }

  group(event: GroupEvent, now: number): readonly Effect[] {
    const id = cleanLine(event.group);
    const conversation = this.#host.conversation(id);
    const info = this.groups.group(id);
    const me = foldName(event.user) === foldName(this.#host.user);
    if (me) {
      const left = event.change === 'left' || event.change === 'removed' || event.change === 'kicked';
      info.state = event.change === 'invited' ? 'invited' : left ? 'none' : 'member';
      info.invitedBy = event.change === 'invited' ? cleanLine(event.by) : undefined;
    }
    const { change, user } = event;
    const entry = this.#happened(
      conversation,
      `${change === 'kicked' ? 'kick' : change} ${user}`,
      groupSays(event, this.#host.user),
      now,
    );
    const effects: Effect[] = [{ type: 'members', conversation: id }];
    if (!me || event.by === this.#host.user || entry === undefined) return effects;
    return [...effects, ...this.#host.arrived(conversation, { ...entry, mentioned: true }, true)];
  }

  moderation(event: ModerationEvent, now: number): readonly Effect[] {
    const id = event.group === undefined ? HOME : cleanLine(event.group);
    const entry = this.#happened(
      this.#host.conversation(id),
      event.action === 'settings' ? 'settings' : `${event.action} ${event.user}`,
      moderationSays(event, this.#host.user),
      now,
    );
    const me = foldName(event.user) === foldName(this.#host.user);
    if (me && event.group !== undefined && event.action === 'ban') this.groups.group(id).state = 'none';
    const effects: Effect[] = [{ type: 'members', conversation: id }];
    if (!me || entry === undefined) return effects;
    return [...effects, ...this.#host.arrived(this.#host.conversation(id), { ...entry, mentioned: true }, true)];
  }

  /** A line about something that happened; the same told twice in a row, once more fully, is one line. */
  #happened({ log }: Conversation, key: string, { text, sign }: Said, now: number): Entry | undefined {
    const prefix = `event-${key}-`;
    const { last } = log;
    const entry: Entry = {
      id: `${prefix}${this.#host.nextNumber()}`,
      kind: 'event',
      at: now,
      from: '',
      own: false,
      text,
      sign,
    };
    if (last?.kind === 'event' && last.id.startsWith(prefix)) {
      if (text.length >= last.text.length) log.replace(last.id, () => ({ ...entry, id: last.id }));
      return undefined;
    }
    log.append(entry);
    return entry;
  }

  setting({ conversation, by, expire }: SettingEvent, now: number): void {
    const found = this.#host.conversation(cleanLine(conversation));
    found.expire = expire;
    const who = foldName(by) === foldName(this.#host.user) ? 'You' : cleanLine(by);
    const text =
      expire === 0
        ? `${who} let messages stay from now on`
        : `${who} let new messages disappear after ${spanOf(expire)}`;
    this.#happened(found, 'settings', { sign: '⚑', text }, now);
  }
}
