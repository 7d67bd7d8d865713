import { sizeText } from '../base/size.js';
import type { Face } from '../commands/command.js';
import { codeNotice, deviceNotice, historyNotice, upgradeNotice } from '../commands/device-lines.js';
import { spanOf } from '../commands/duration.js';
import { groupWords, moderationPlace, moderationWords } from '../commands/event-words.js';
import { clockTime, field, messageLine, onOneLine } from '../commands/format-message.js';
import { guestNotice } from '../commands/guest-lines.js';
import { operatorSays } from '../commands/operator-words.js';
import { transferNotice } from '../commands/transfer-lines.js';
import { uploadNotice } from '../commands/upload-lines.js';
import { inWordsOf } from '../commands/words-of-face.js';
import type {
  AccountEvent,
  ChangeEvent,
  DirectoryEvent,
  GroupEvent,
  ModerationEvent,
  PeerEvent,
  SentEvent,
  SettingEvent,
  TrustEvent,
} from '../peer/api/events.js';
import type { PollState } from '../peer/api/polls.js';
import type { SeedEvent } from '../peer/api/seeds.js';
import { OPERATOR } from '../wire/operator-acts.js';

/** Events for people, one line each: what is not worth a line has none. */

const SENT: Readonly<Record<SentEvent['state'], string | undefined>> = {
  queued: undefined,
  failed: 'could not be sent and is not tried again',
  stored: 'stored at the directory until they are back',
  delivered: 'delivered',
  read: 'read',
};

const TRUST: Readonly<Record<TrustEvent['change'], (user: string) => string>> = {
  new: (user) => `is new to this device. To be sure who that is: verify ${user}`,
  verified: () => 'is verified.',
  changed: (user) => `has a CHANGED IDENTITY; nothing is sent to them until you accept it. See: verify ${user}`,
  revoked: () => 'has a revoked device; it is not talked to any more.',
};

function directoryLine({ state, retryIn }: DirectoryEvent): string {
  if (state === 'online') return '-- directory online';
  const again = retryIn === undefined ? '' : `; next try in ${Math.ceil(retryIn / 1000)} s`;
  return `-- directory offline: people you know are still reached directly${again}`;
}

/** `Where do we eat? Pizza 3, Pasta 1`. */
const standing = ({ question, options }: PollState): string =>
  `${field(question)} ${options.map(({ text, by }) => `${field(text)} ${by.length}`).join(', ')}`;

const CHANGED: Readonly<Record<ChangeEvent['change'], (event: ChangeEvent) => string>> = {
  edited: ({ text = '' }) => `now says: ${onOneLine(text)}`,
  deleted: () => 'took a message back',
  reaction: ({ reactions = [] }) => `reacted: ${field(reactions.map(({ emoji }) => emoji).join(' '))}`,
  expired: () => 'said something that has disappeared now',
  voted: ({ poll }) => `voted${poll ? `; ${standing(poll)}` : ''}`,
  closed: ({ poll }) => `closed the poll${poll ? `: ${standing(poll)}` : ''}`,
  pinned: () => 'pinned a message',
  unpinned: () => 'took a pinned message off',
};

/** A kick is told whole by the event of the moderation. */
const groupLines = (event: GroupEvent, self: string | undefined): string[] =>
  event.change === 'kicked' ? [] : [`-- ${field(event.group)}: ${groupWords(event, self)}`];

const moderationLine = (event: ModerationEvent, now: number, self: string | undefined): string =>
  event.by === OPERATOR
    ? `-- ${operatorSays(event)}`
    : `-- ${moderationPlace(event)}: ${moderationWords(event, now, self)}`;

const settingLine = ({ conversation, by, expire }: SettingEvent): string =>
  expire === 0
    ? `-- ${field(conversation)}: messages stay (${field(by)})`
    : `-- ${field(conversation)}: messages disappear after ${spanOf(expire)} (${field(by)})`;

const SEED: Readonly<Record<SeedEvent['state'], string>> = {
  held: 'is kept here until they have it',
  laid: 'lies at the directory again',
  released: 'is kept here no more',
};

const seedLine = ({ user, size, state }: SeedEvent): string =>
  `-- what was laid down for ${field(user)} (${sizeText(size)}) ${SEED[state]}`;

function accountLines(event: AccountEvent, now: number, face: Exclude<Face, 'rpc'>): string[] {
  if (event.change === 'device') return [`-- ${deviceNotice(event, face, now)}`];
  if (event.change === 'history') return [`-- ${historyNotice(event, face)}`];
  if (event.change === 'upgrade') return [`-- ${upgradeNotice(event, face)}`];
  if (event.change === 'code') return [`-- ${codeNotice(event)}`];
  return event.change === 'second-factor' ? [`-- the second factor of your account is ${event.state} now`] : [];
}

/** @param face how what there is to do is said @param self whoever reads it */
export function eventLines(
  event: PeerEvent,
  now: number,
  face: Exclude<Face, 'rpc'> = 'shell',
  self?: string,
): string[] {
  switch (event.event) {
    case 'ready':
      return [`-- signed in as ${field(event.user)}; directory ${event.directory}`];
    case 'message':
      return [messageLine(event, now)];
    case 'sent': {
      const says = SENT[event.state];
      const by = event.by === undefined ? '' : ` by ${field(event.by)}`;
      return says === undefined ? [] : [`-- ${field(event.conversation)}: ${says}${by}`];
    }
    case 'setting':
      return [settingLine(event)];
    case 'typing':
    case 'unread':
      return [];
    case 'presence':
      return [`-- ${clockTime(new Date(now).toISOString(), now)} ${field(event.user)} is ${event.state}`];
    case 'trust':
      return [`-- ${field(event.user)} ${TRUST[event.change](field(event.user))}`];
    case 'directory':
      return [directoryLine(event)];
    case 'transfer':
      return transferNotice(event, face);
    case 'upload':
      return uploadNotice(event);
    case 'guest':
      return guestNotice(event, now);
    case 'change':
      return [`-- ${field(event.conversation)}: ${field(event.from)} ${CHANGED[event.change](event)}`];
    case 'group':
      return groupLines(event, self);
    case 'moderation':
      return [moderationLine(event, now, self)];
    case 'account':
      return accountLines(event, now, face);
    case 'seed':
      return [seedLine(event)];
    case 'link':
      return [];
    case 'error':
      return [`-- ${inWordsOf(face, `${field(event.message)} ${field(event.hint)}`)}`.trimEnd()];
  }
}
