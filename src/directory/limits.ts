import type { PortLimits } from '../net/secure-port.js';
import {
  CRL_ENTRIES,
  FRAME_BYTES,
  GROUP_LOG_BYTES,
  GROUP_LOG_ENTRIES,
  HANDSHAKE_TIMEOUT_MS,
  MESSAGES_BURST,
  MESSAGES_PER_SECOND,
  SIGNALS_BURST,
  SIGNALS_PER_SECOND,
} from '../wire/limits.js';

/**
 * How much this daemon gives, beyond what the protocol itself limits (wire/limits.ts). None of these numbers crosses the
 * wire; the operator or a test may set others.
 */
export interface DirectoryLimits extends PortLimits {
  /** Logins from one address that didn't end well: at once, and refilled per second. */
  readonly loginsPerAddress: Bucket;
  /** Registrations from one address. */
  readonly registrationsPerAddress: Bucket;
  /** Codes of an address that met nobody, or were wrong. */
  readonly pairingMisses: Bucket;
  /** Messages a user may post: mailboxes, groups. */
  readonly messages: Bucket;
  /** Signals a user may have passed on; beyond, they go to nobody. */
  readonly signals: Bucket;
  /** Requests and signs of life on one channel; beyond, the channel is read more slowly. */
  readonly requests: Bucket;
  /** What requests cost (permissions.ts), for all channels of an account; beyond, they wait, then are refused. */
  readonly accountWork: Bucket;
  /** The same for an address (IPv6: /64), of those who have shown no certificate. */
  readonly strangerWork: Bucket;
  /** The same for an address of guests' browsers, and for all who come with one link. */
  readonly guestWork: Bucket;
  readonly guestLinkWork: Bucket;
  /** Key packages one user may claim; each is gone for good. */
  readonly claims: Bucket;
  /** Bytes a day which two devices may send by a relay, as their tokens say. */
  readonly relayPairDay: number;
  /** Files for groups. */
  readonly uploads: UploadLimits;
  readonly accounts: number;
  /** Certificates of one account that are valid or would be, were they not revoked; beyond, no device is enrolled. */
  readonly certificatesPerAccount: number;
  /** Entries of the revocation list. */
  readonly revocations: number;
  /** What a group's log keeps. */
  readonly groupLog: { readonly entries: number; readonly bytes: number };
  readonly watchesPerSession: number;
  /** Bytes which wait for a slow reader before pushes stop: it then catches up from its mailbox. */
  readonly pushBuffer: number;
  /** Bytes which wait for a slow reader before it is cut off. */
  readonly sendBuffer: number;
  /** A reader that takes nothing for so long is cut off, milliseconds. */
  readonly stalledAfter: number;
  /** A channel for logging in ends after this, milliseconds: it has no other use. */
  readonly enrolDeadline: number;
  /** Silence after which a device is asked for a sign of life, and after which it counts as gone, milliseconds. */
  readonly pingAfter: number;
  readonly lostAfter: number;
}

/** How much room files for groups have, in bytes on the disk, and for how long they are kept, milliseconds. */
export interface UploadLimits {
  readonly perAccount: number;
  readonly total: number;
  readonly lifetimeMs: number;
  /** For what was begun and never finished. */
  readonly unfinishedMs: number;
}

/** A token bucket: so many at once, so many more each second. */
export interface Bucket {
  readonly burst: number;
  readonly perSecond: number;
}

export const DEFAULT_LIMITS: DirectoryLimits = {
  connections: 12_000,
  strangers: 4_000,
  strangersPerAddress: 256,
  handshakesPerAddress: { burst: 1_000, perSecond: 200 },
  loginsPerAddress: { burst: 200, perSecond: 1 },
  registrationsPerAddress: { burst: 100, perSecond: 0.5 },
  pairingMisses: { burst: 60, perSecond: 1 / 20 },
  messages: { burst: MESSAGES_BURST, perSecond: MESSAGES_PER_SECOND },
  signals: { burst: SIGNALS_BURST, perSecond: SIGNALS_PER_SECOND },
  requests: { burst: 2_000, perSecond: 1_000 },
  accountWork: { burst: 12_000, perSecond: 6_000 },
  strangerWork: { burst: 20_000, perSecond: 2_000 },
  guestWork: { burst: 8_000, perSecond: 4_000 },
  guestLinkWork: { burst: 16_000, perSecond: 8_000 },
  claims: { burst: 200, perSecond: 2 },
  relayPairDay: 20 * 2 ** 30,
  uploads: {
    perAccount: 2 * 2 ** 30,
    total: 32 * 2 ** 30,
    lifetimeMs: 30 * 24 * 3_600_000,
    unfinishedMs: 24 * 3_600_000,
  },
  accounts: 100_000,
  certificatesPerAccount: 96,
  revocations: CRL_ENTRIES,
  groupLog: { entries: GROUP_LOG_ENTRIES, bytes: GROUP_LOG_BYTES },
  watchesPerSession: 5_000,
  pushBuffer: 1 << 20,
  sendBuffer: 3 << 20,
  stalledAfter: 15_000,
  helloDeadline: HANDSHAKE_TIMEOUT_MS,
  enrolDeadline: 120_000,
  pingAfter: 5_000,
  lostAfter: 10_000,
};

/** Contents of a page of entries: with what stands around them they fit in one frame. */
export const PAGE_BYTES = FRAME_BYTES - (256 << 10);

/** Names the login guard remembers, and addresses the limiters do; 200 bytes each. */
export const GUARDED_NAMES = 50_000;
export const LIMITED_KEYS = 20_000;

/** Guesses at one account in a row, whatever their addresses; then one for each longest block. */
export const GUESSES_IN_A_ROW = 100;

/** How long a login holds open what it may do: enrol, change the password, delete the account. */
export const LOGIN_VALID_MS = 60_000;
/** A login whose last message has not come by then has failed for good. */
export const LOGIN_PENDING_MS = 60_000;
/** Logins under way at once on one channel. */
export const LOGINS_PER_CHANNEL = 4;

/** Spoken codes open at once: of one device, and of all. */
export const PAIRINGS_PER_DEVICE = 8;
export const PAIRINGS_OPEN = 1_000;

/** Wrong tries, the last of which spends a join code on a card; and cards that are made at once. */
export const JOIN_CODE_TRIES = 5;
export const ROSTER_PEOPLE = 1_000;

/** Names remembered that have taken a use of an invitation. */
export const INVITATION_TAKERS = 64;

/** What could not be carried out is tried again so soon, milliseconds. */
export const CARRY_AGAIN_MS = 5_000;

/** Certificates of one device valid at once: a renewal beyond must wait until one has expired. */
export const SERIALS_PER_DEVICE = 16;
/** A revocation list is published at least so often; what has expired is swept away then. */
export const HOUSEKEEPING_EVERY_MS = 3_600_000;
/** Sessions are told of new revocation lists so often at most; and programs that take no changes, of so many bytes a second. */
export const CRL_TOLD_EVERY_MS = 1_000;
export const CRL_WHOLE_BYTES_PER_SECOND = 16 << 10;
/** Devices told of a new revocation list in one turn. */
export const TOLD_AT_ONCE = 100;
/** The directory's own TLS certificate is exchanged so often; it lives CERTIFICATE_LIFETIME_MS. */
export const SERVER_CERTIFICATE_EVERY_MS = 24 * 3_600_000;

/** Message ids a mailbox remembers beyond what it holds, so that a repeated message is known after it was fetched. */
export const REMEMBERED_IDS = 512;
