import { LOG_LEVELS } from '../../base/log.js';
import { ROLES } from '../../wire/roles.js';
import { WITH_PARENT } from '../options.js';

export const DATA = { type: 'string', requiresArg: true, describe: 'its folder; by default in P2PCHAT_HOME' } as const;

/** What a relay gives, wherever it runs. */
export const RELAY_LIMITS = {
  'relay-quota': {
    type: 'string',
    requiresArg: true,
    describe: 'what an account may send by the relay in a day, as 500MB; 20GiB by default',
  },
  'relay-day': { type: 'string', requiresArg: true, describe: 'what all may send in a day; 200GiB by default' },
  'relay-rate': { type: 'string', requiresArg: true, describe: 'its rate in all, as 10MB/s; 125MB/s by default' },
} as const;

/** What a store in NATS takes besides its address. */
export const STORE_FILES = {
  'key-file': { type: 'string', requiresArg: true, describe: "opens the directory's secrets in a store in NATS" },
  'nats-credentials': { type: 'string', requiresArg: true, describe: 'credentials file for NATS' },
  'nats-ca': { type: 'string', requiresArg: true, describe: 'PEM of the CA of the NATS servers, for TLS' },
  'nats-cert': { type: 'string', requiresArg: true, describe: 'PEM of a client certificate for NATS' },
  'nats-key': { type: 'string', requiresArg: true, describe: 'PEM of its key' },
} as const;

export const STORE = {
  type: 'string',
  requiresArg: true,
  describe: 'level, the embedded one, or nats://HOST:PORT,…',
} as const;

/** What may stand in a configuration file, by the same names. */
export const CONFIGURABLE = {
  data: DATA,
  listen: { type: 'string', requiresArg: true, describe: 'HOST:PORT; port 0 picks one' },
  store: STORE,
  ...STORE_FILES,
  registration: {
    type: 'string',
    requiresArg: true,
    choices: ['open', 'invite', 'closed'],
    describe: 'who may register',
  },
  rooms: { type: 'string', requiresArg: true, describe: 'open rooms, a,b,c' },
  'block-after': {
    type: 'string',
    requiresArg: true,
    describe: 'wrong passwords until a name is blocked; 3 by default',
  },
  'block-seconds': { type: 'string', requiresArg: true, describe: 'for how long, the first time; 10 by default' },
  'require-second-factor': {
    type: 'string',
    requiresArg: true,
    choices: ROLES,
    describe: 'accounts of this role and those above it need a second factor',
  },
  'upload-quota': {
    type: 'string',
    requiresArg: true,
    describe: "an account's files for groups, as 500MB; 2GiB by default",
  },
  'upload-space': { type: 'string', requiresArg: true, describe: 'files for groups in all; 32GiB by default' },
  'upload-days': { type: 'string', requiresArg: true, describe: 'how long they are kept; 30 by default' },
  relay: {
    type: 'string',
    requiresArg: true,
    describe: "UDP port of the relay beside it, by default the directory's number; off: none",
  },
  ...RELAY_LIMITS,
  log: { type: 'string', requiresArg: true, describe: 'file for the log, - for standard output' },
  'log-level': { type: 'string', requiresArg: true, choices: LOG_LEVELS, describe: 'info by default' },
  'log-size': {
    type: 'string',
    requiresArg: true,
    describe: 'put aside at this size, or after a day; 64MiB by default',
  },
  'log-days': { type: 'string', requiresArg: true, describe: 'what was put aside goes after these; 30 by default' },
  verbose: { type: 'boolean', describe: 'shows each command and its outcome on standard error' },
  metrics: {
    type: 'string',
    requiresArg: true,
    describe: 'HOST:PORT for the status page, /metrics, /healthz, /readyz',
  },
  guests: { type: 'string', requiresArg: true, describe: 'HOST:PORT for links that a browser opens; none without it' },
  'guests-url': {
    type: 'string',
    requiresArg: true,
    describe: 'what these links begin with, as https://chat.example.org/, where a proxy or a name stands before it',
  },
  'guests-cert': { type: 'string', requiresArg: true, describe: 'PEM of a certificate for guests, with its chain' },
  'guests-key': { type: 'string', requiresArg: true, describe: 'PEM of its key' },
} as const;

export const CONFIG = { type: 'string', requiresArg: true, describe: 'file with these options, one a line' } as const;

/** Of this one start; not for a file that stays. */
const RESTORED = {
  type: 'boolean',
  describe: 'its folder was put back from a copy: lets devices hand in what it lacks',
} as const;

export const START = { config: CONFIG, ...CONFIGURABLE, restored: RESTORED, 'with-parent': WITH_PARENT } as const;
