import type { ChangesApi } from '../../src/peer/api/changes.js';
import type { GroupsApi } from '../../src/peer/api/groups.js';
import type { ConversationNote, NotesApi } from '../../src/peer/api/notes.js';
import type { PinsApi, Preferences, PreferencesApi } from '../../src/peer/api/peer.js';
import type { PollsApi } from '../../src/peer/api/polls.js';

const none = async (): Promise<never> => {
  throw new Error('this peer has no groups');
};

/** For peers made up by tests that are about something else. */
export const noGroups: GroupsApi = {
  list: async () => [],
  create: none,
  join: none,
  leave: none,
  invite: none,
  add: none,
  remove: none,
  members: async () => [],
  kick: none,
  ban: none,
  unban: none,
  silence: none,
  settings: none,
  setRole: none,
  resetSecondFactor: none,
  ledger: async () => [],
};

export const noChanges: ChangesApi = { edit: none, remove: none, react: none };

export const noPolls: PollsApi = { ask: none, vote: none, close: none, show: none };

export const noPins: PinsApi = { pin: none, list: async () => [] };

const wishes: Preferences = {
  readReceipts: true,
  typing: true,
  lan: true,
  mapping: true,
  upgrades: true,
  muted: [],
  blocked: [],
};

export const noPreferences: PreferencesApi = {
  get: () => wishes,
  set: async () => wishes,
  mute: async () => wishes,
  block: async () => wishes,
};

/** Kept in memory. */
export function forgetfulNotes(): NotesApi {
  const kept = new Map<string, ConversationNote>();
  return {
    all: async () => [...kept.values()],
    set: async (note) => void kept.set(note.conversation, note),
  };
}
