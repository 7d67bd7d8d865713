import type { ChangeEvent, PeerEvent } from '../../src/peer/api/events.js';
import type { PollState } from '../../src/peer/api/polls.js';
import { HOSTILE as X } from './hostile-text.js';

const AT = '2026-01-01T12:00:00.000Z';
const said = { code: X, message: X, hint: X };

const POLL: PollState = {
  ...{ question: X, several: true, voters: 1, closedAt: AT },
  options: [{ text: X, by: [X] }],
};
const CHANGES: readonly ChangeEvent['change'][] = [
  ...(['edited', 'deleted', 'reaction', 'expired'] as const),
  ...(['voted', 'closed', 'pinned', 'unpinned'] as const),
];

type Of<E extends PeerEvent['event']> = Extract<PeerEvent, { event: E }>;
const each = <T, R>(values: readonly T[], make: (value: T) => R): R[] => values.map(make);

const message: Of<'message'> = {
  ...{ event: 'message', id: X, conversation: X, from: X, text: X, sentAt: AT, receivedAt: AT, seq: 1, via: 'group' },
  ...{ replyTo: X, mentioned: true, expiresAt: AT, muted: true, history: true },
  upload: { id: X, name: X, size: 1, type: X },
  poll: POLL,
};

const transfer: Of<'transfer'> = {
  ...{ event: 'transfer', id: X, direction: 'in', peer: X, conversation: X, state: 'running', bytes: 1, size: 2 },
  files: [
    { name: X, size: 1, type: X, sha256: X, path: X },
    { name: X, size: 1, type: X, path: X },
  ],
  ...{ rate: 3, path: 'direct', video: true, timeLeft: 4, rtt: 5, loss: 0.1, datagram: 1_200, start: 'remembered' },
  leftOut: [{ name: X, why: X }],
  ...{ endpoint: X, offeredAt: AT, seconds: 1, reason: X, waiting: said, pausedBy: 'there', error: said },
  laid: { state: 'refused', bytes: 1, expires: AT, error: said },
};

const upload: Of<'upload'> = {
  ...{ event: 'upload', group: X, id: X, name: X, size: 1, type: X, from: X, state: 'stored', bytes: 1 },
  ...{ path: X, expires: AT, error: said },
};

const guest: Of<'guest'> = {
  ...{ event: 'guest', id: X, kind: 'share', state: 'open', name: X, size: 2, bytes: 1, link: X, expires: AT },
  ...{ count: 2, used: 1, done: 1, path: X, error: said },
};

/** Every event there is, in every state, with a hostile text wherever others have a hand in it. */
export const HOSTILE_EVENTS: { readonly [E in PeerEvent['event']]: readonly Of<E>[] } = {
  ready: [{ event: 'ready', user: X, device: X, directory: 'online' }],
  message: [message, { ...message, hidden: true }],
  sent: each(['queued', 'failed', 'stored', 'delivered', 'read'] as const, (state) => ({
    ...{ event: 'sent', id: X, conversation: X, state, by: X },
  })),
  typing: [{ event: 'typing', conversation: X, user: X, state: 'started' }],
  unread: [{ event: 'unread', conversation: X, unread: 1, mentions: 1 }],
  setting: each([0, 5], (expire) => ({ event: 'setting', conversation: X, by: X, expire })),
  presence: [{ event: 'presence', user: X, state: 'away' }],
  trust: each(['new', 'verified', 'changed', 'revoked'] as const, (change) => ({
    ...{ event: 'trust', user: X, change, fingerprint: X },
  })),
  directory: each(['online', 'offline'] as const, (state) => ({ event: 'directory', state, retryIn: 1 })),
  link: [{ event: 'link', user: X, state: 'up', path: 'direct', rtt: 1 }],
  transfer: (['in', 'out'] as const).flatMap((direction) =>
    each(['offered', 'accepted', 'running', 'paused', 'done', 'failed', 'declined'] as const, (state) => ({
      ...{ ...transfer, direction, state },
    })),
  ),
  upload: each(['uploading', 'stored', 'downloading', 'done', 'failed', 'expired'] as const, (state) => ({
    ...{ ...upload, state },
  })),
  guest: each(['laying', 'open', 'visited', 'fetched', 'received', 'ended', 'failed'] as const, (state) => ({
    ...guest,
    state,
  })),
  change: each(CHANGES, (change) => ({
    ...{ event: 'change', id: X, conversation: X, from: X, change, text: X, reactions: [{ user: X, emoji: X }] },
    poll: POLL,
  })),
  group: each(['created', 'invited', 'joined', 'left', 'added', 'removed', 'kicked'] as const, (change) => ({
    ...{ event: 'group', group: X, change, user: X, by: X },
  })),
  moderation: each(['ban', 'unban', 'kick', 'silence', 'unsilence', 'role', 'settings'] as const, (action) => ({
    ...{ event: 'moderation', action, user: X, by: X, reason: X, until: X, group: X, role: 'admin' },
    ...{ slow: 1, readOnly: true, mode: 'invite' },
  })),
  account: [
    {
      ...{ event: 'account', change: 'device', state: 'added', device: { id: X, name: X }, at: AT, unlisted: true },
    },
    { event: 'account', change: 'history', state: 'asked', device: { id: X, name: X }, lines: 1 },
    { event: 'account', change: 'code', state: 'done', device: { id: X, name: X } },
    { event: 'account', change: 'code', state: 'done', user: X, group: X },
    { event: 'account', change: 'preferences', muted: [X] },
    { event: 'account', change: 'upgrade', version: X, own: X },
    { event: 'account', change: 'second-factor', state: 'on' },
    { event: 'account', change: 'recovery', state: 'shown' },
  ],
  seed: each(['held', 'laid', 'released'] as const, (state) => ({ event: 'seed', id: X, user: X, state, size: 1 })),
  error: [{ event: 'error', ...said }],
};
