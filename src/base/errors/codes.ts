import { ACCOUNTS } from './accounts.js';
import { CERTIFICATES } from './certificates.js';
import { COMMANDS } from './commands.js';
import { CONVERSATIONS } from './conversations.js';
import { GROUPS } from './groups.js';
import { GUESTS } from './guests.js';
import { NETWORK } from './network.js';
import { STORAGE } from './storage.js';
import { TRANSFERS } from './transfers.js';

/** The areas, in the order in which `docs/errors.md` tells of them. */
export const AREAS = {
  'Accounts, devices and roles': ACCOUNTS,
  Certificates: CERTIFICATES,
  Conversations: CONVERSATIONS,
  'Groups and their files': GROUPS,
  Transfers: TRANSFERS,
  'Links for guests': GUESTS,
  'Disks and profiles': STORAGE,
  Connections: NETWORK,
  Commands: COMMANDS,
} as const;

/** Every code there is. They are stable: scripts match on them. */
export const CODES = {
  ...ACCOUNTS,
  ...CERTIFICATES,
  ...CONVERSATIONS,
  ...GROUPS,
  ...TRANSFERS,
  ...GUESTS,
  ...STORAGE,
  ...NETWORK,
  ...COMMANDS,
} as const;

export type Code = keyof typeof CODES;
