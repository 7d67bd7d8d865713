import type { AccountApi, SecondFactorApi } from '../../src/peer/api/account.js';
import type { GroupsApi } from '../../src/peer/api/groups.js';
import type { GuestsApi } from '../../src/peer/api/guests.js';
import type { FilesApi, HistoryMessage, PeerApi, Preferences, Verification } from '../../src/peer/api/peer.js';
import type { PollMessage } from '../../src/peer/api/polls.js';
import type { UploadsApi } from '../../src/peer/api/uploads.js';
import { HOSTILE_EVENTS } from './hostile-events.js';
import { HOSTILE as X } from './hostile-text.js';

const AT = '2026-01-01T12:00:00.000Z';

const message: HistoryMessage = {
  ...{ id: X, conversation: X, from: X, text: X, sentAt: AT, receivedAt: AT, seq: 1, state: 'read', via: 'direct' },
  ...{ upload: { id: X, name: X, size: 1, type: X }, edited: true, reactions: [{ user: X, emoji: X }], replyTo: X },
  ...{ mentioned: true, expiresAt: AT, readBy: [X] },
};

const verification: Verification = { user: X, safetyNumber: X, fingerprint: X, trust: 'changed' };
const sent = { id: X, conversation: X, state: 'read' } as const;
const wishes: Preferences = {
  readReceipts: true,
  typing: true,
  lan: true,
  mapping: true,
  upgrades: true,
  muted: [X],
  blocked: [X],
};
const [transfer] = HOSTILE_EVENTS.transfer;
const [upload] = HOSTILE_EVENTS.upload;
const [guest] = HOSTILE_EVENTS.guest;

const secondFactor: SecondFactorApi = {
  status: async () => ({ state: 'on', codes: 1, required: true }),
  begin: async () => ({ uri: X, secret: X }),
  confirm: async () => [X],
  renewCodes: async () => [X],
  off: async () => {},
};

const account: AccountApi = {
  pairings: {
    addDevice: async () => ({
      ...{ code: X, link: X, expiresAt: AT },
      outcome: Promise.resolve({ device: { id: X, name: X } }),
    }),
    invite: async () => ({
      ...{ code: X, link: X, expiresAt: AT },
      outcome: Promise.resolve({ user: X, group: X }),
    }),
  },
  secondFactor,
  recovery: 'unseen',
  recoveryPhrase: async () => X,
  checkRecoveryPhrase: async () => {},
  devices: async () => [{ device: X, label: X, addedAt: AT, lastSeen: AT, state: 'away', here: false }],
  revokeDevice: async () => {},
};

const groups: GroupsApi = {
  list: async () => [{ group: X, kind: 'open', history: 'shared', state: 'member', members: 1 }],
  create: async () => X,
  join: async () => X,
  leave: async () => X,
  invite: async () => X,
  add: async () => X,
  remove: async () => X,
  members: async () => [{ user: X, state: 'invited', role: 'admin', presence: 'online', silenced: X }],
  kick: async () => X,
  ban: async () => {},
  unban: async () => {},
  silence: async () => X,
  settings: async () => ({ group: X, slow: 1, readOnly: true }),
  setRole: async () => {},
  resetSecondFactor: async () => {},
  ledger: async () => [{ number: 1, action: X, user: X, by: X, reason: X, until: X, at: AT }],
};

const files: FilesApi = {
  offer: async () => HOSTILE_EVENTS.transfer,
  reached: async () => true,
  follow: (listener) => {
    for (const event of HOSTILE_EVENTS.transfer) listener(event);
    return () => {};
  },
  list: () => HOSTILE_EVENTS.transfer,
  accept: async () => transfer!,
  decline: async () => transfer!,
  control: async () => transfer!,
  leave: async () => transfer!,
  receive: () => {},
  setRule: async () => {},
  rules: async () => [{ who: X, upTo: 1 }],
  speed: async () => ({}),
  setSpeed: async () => {},
  play: async () => ({ url: X, id: X, name: X }),
};

const uploads: UploadsApi = {
  send: async () => upload!,
  list: async () => HOSTILE_EVENTS.upload,
  download: async () => upload!,
  remove: async () => upload!,
  finished: async () => HOSTILE_EVENTS.upload.find(({ state }) => state === 'done')!,
  follow: (listener) => {
    for (const event of HOSTILE_EVENTS.upload) listener(event);
    return () => {};
  },
};

const guests: GuestsApi = {
  share: async () => guest!,
  collect: async () => guest!,
  ready: async () => HOSTILE_EVENTS.guest.find(({ state }) => state === 'open')!,
  list: async () => HOSTILE_EVENTS.guest,
  end: async () => HOSTILE_EVENTS.guest.find(({ state }) => state === 'ended')!,
  follow: (listener) => {
    for (const event of HOSTILE_EVENTS.guest) listener(event);
    return () => {};
  },
};

const asked: PollMessage = {
  ...{ id: X, conversation: X, from: X },
  poll: { question: X, several: true, options: [{ text: X, by: [X] }], voters: 1, closedAt: AT },
};

/** A peer to which everybody has said the worst: each of its answers holds a hostile text wherever there is a text. */
export const hostilePeer = (): PeerApi => ({
  ...{ account, groups, files, uploads, guests, user: 'ann', device: 'd1', directoryState: 'online' },
  backups: {
    write: async () => ({ path: X, lines: 1, bytes: 1, mode: 'new' }),
    import: async () => ({ added: 1, changed: 1, unsent: 0 }),
    async *exportSigned() {
      yield { event: 'export', part: 'act', n: 0, room: X, act: X };
    },
  },
  handOver: {
    wish: async () => ({ history: 'all' }),
    want: async () => {},
    allow: async () => {},
    consents: async () => [],
    heed: () => {},
  },
  changes: { edit: async () => {}, remove: async () => {}, react: async () => {} },
  polls: { ask: async () => asked, vote: async () => asked, close: async () => asked, show: async () => asked },
  pins: { pin: async () => {}, list: async () => [message] },
  preferences: { get: () => wishes, set: async () => wishes, mute: async () => wishes, block: async () => wishes },
  notes: { all: async () => [{ conversation: X, draft: X, number: 1 }], set: async () => {} },
  takeSetAside: () => [],
  subscribe: () => () => {},
  replayUnseen: async () => {},
  send: async () => sent,
  setLifetime: async () => {},
  lifetime: async () => 60,
  typing: () => {},
  waitFor: async () => sent,
  users: async () => [{ user: X, role: 'admin', state: 'online', lastSeen: AT }],
  conversations: async () => [{ conversation: X, unread: 1, mentions: 1, last: message }],
  history: async () => [message],
  search: async () => [message],
  async *export() {
    yield message;
  },
  markRead: async () => {},
  verification: async () => verification,
  confirm: async () => verification,
  acceptIdentity: async () => verification,
  whoami: () => ({ user: X, device: X, directory: X, home: X, fingerprint: X, role: 'admin' }),
  paths: async () => [
    {
      ...{ user: X, device: X, state: 'online', path: 'direct', address: X, rtt: 1, why: X, hint: X },
      tried: [{ address: X, by: 'directory', result: 'refused' }],
    },
  ],
  links: () => HOSTILE_EVENTS.link,
  doctor: async () => [{ name: X, ok: false, says: X, hint: X }],
  setPresence: async () => {},
  changePassword: async () => {},
  logout: async () => {},
  deleteAccount: async () => {},
  ended: Promise.resolve(),
  close: async () => {},
});
