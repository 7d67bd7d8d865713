import * as v from 'valibot';
import { deviceMethods, factorCode, factorMethods, recoveryMethods } from './account-methods.js';
import { type Address, addresses, addressIfGood } from './address.js';
import { callMethods, callNotices } from './calls.js';
import { depositMethods } from './deposits.js';
import { groupMethods, groupNotices } from './groups.js';
import { guestMethods } from './guests.js';
import {
  CERTIFICATE_BYTES,
  CRL_BYTES,
  CRL_DELTA_ENTRIES,
  CSR_BYTES,
  DEVICE_LABEL_CHARS,
  DEVICES_PER_ACCOUNT,
  EMAIL_CHARS,
  ENDPOINTS_PER_DEVICE,
  GROUP_LOG_PAGE,
  KEY_PACKAGE_BYTES,
  KEY_PACKAGES_KEPT,
  MAILBOX_PAGE,
  NAME_CHARS,
  RUN_BYTES,
  RUNS_TOLD,
  SEALED_BYTES,
} from './limits.js';
import { newcomerMethods, pairingMethods, pairingNotices } from './pairing.js';
import { preferenceMethods, preferencesTag } from './preferences.js';
import { presenceSchema } from './presence.js';
import { relayMethods, relaysNamed } from './relay.js';
import { roleSchema } from './roles.js';
import { method, nothing } from './rpc.js';
import { bytes, codec, count, exactly, list, text, time } from './schema.js';
import { uploadMethods } from './uploads.js';

/**
 * What a peer and its directory say to each other. Two channels on one port, told apart by ALPN:
 * `p2pchat-enrol/1` has no client certificate, and registration and login are all it knows;
 * `p2pchat/1` is mutual TLS by a device certificate. `hello` is the first request on both.
 */

export const ALPN_ENROL = 'p2pchat-enrol/1';
export const ALPN_DIRECTORY = 'p2pchat/1';

// --- Nouns ---

export type { PresenceState } from './presence.js';
export { type Role, roleSchema } from './roles.js';

export const registrationSchema = v.picklist(['open', 'invite', 'closed']);
export type RegistrationMode = v.InferOutput<typeof registrationSchema>;

const userName = text(NAME_CHARS);
/** Hex of the first 8 bytes of SHA-256 over the device's public key. */
const deviceId = v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/));
export type Endpoint = Address;
const endpoints = addresses(ENDPOINTS_PER_DEVICE);

const opaqueMessage = bytes(1024, 16);
const certificate = bytes(CERTIFICATE_BYTES, 64);
const crl = bytes(CRL_BYTES, 64);
const csr = bytes(CSR_BYTES, 64);
/** Hex. */
const serial = text(40);

/**
 * How a list came from one before: from `base` or any list between it and `number`. The signature is that of the whole list,
 * so that whoever applies it has the very list that the directory made.
 */
const crlDelta = v.object({
  base: count(),
  number: count(),
  thisUpdate: time(),
  nextUpdate: time(),
  added: list(v.object({ serial, at: time() }), CRL_DELTA_ENTRIES),
  removed: list(serial, CRL_DELTA_ENTRIES),
  signature: exactly(64),
});
export type CrlDelta = v.InferOutput<typeof crlDelta>;
/** Made by its sender, random: the name of a message everywhere. */
const messageId = exactly(16);
/** Random; names an MLS group and its log. */
const groupId = exactly(16);
const sealed = bytes(SEALED_BYTES, 1);

const address = v.object({ user: userName, device: deviceId });
export type DeviceAddress = v.InferOutput<typeof address>;

/** A sealed message on its way into one device's mailbox. */
const parcel = v.object({ user: userName, device: deviceId, id: messageId, sealed });
export type Parcel = v.InferOutput<typeof parcel>;

const mailboxEntry = v.object({ position: count(), from: address, id: messageId, sealed, storedAt: time() });
export type MailboxEntry = v.InferOutput<typeof mailboxEntry>;

const groupCommit = v.object({ epoch: count(), commit: sealed, from: address });
export type GroupCommit = v.InferOutput<typeof groupCommit>;

/** `since`: what the directory acknowledged after this time may be lost; 0 where it doesn't know. */
const incarnationSchema = v.object({ id: exactly(16), since: time() });
/** Of the directory's own making: shows it a start of its own that it may have lost. */
const stamp = bytes(128);
export type IncarnationId = v.InferOutput<typeof incarnationSchema>;

// --- Rosters: who an account is, signed by the directory's CA key ---

const rosterSchema = v.object({
  directory: text(64),
  user: userName,
  role: roleSchema,
  identityKey: exactly(32),
  /** Grows with every change of the account's devices. */
  version: count(),
  at: time(),
  devices: list(v.object({ certificate, endpoints, state: presenceSchema, lastSeen: time() }), DEVICES_PER_ACCOUNT),
});
export type Roster = v.InferOutput<typeof rosterSchema>;
export const rosterCodec = codec(rosterSchema, DEVICES_PER_ACCOUNT * (CERTIFICATE_BYTES + 2048) + 2048);
/** Stands before the encoded roster under the signature: no DER begins so. */
export const ROSTER_CONTEXT = 'p2pchat/1 roster\0';

// --- Requests on p2pchat-enrol/1 ---

const hello = { versions: list(count(65_535), 8), agent: text(64) };

const loginMethods = {
  'login.start': method(
    v.object({ user: userName, request: opaqueMessage }),
    v.object({ login: count(), response: opaqueMessage }),
  ),
  'login.finish': method(
    /** `code`: of the second factor, where the account has one; without it, the error 'second-factor-needed'. */
    v.object({ login: count(), finish: opaqueMessage, code: v.optional(factorCode) }),
    v.object({ user: userName, role: roleSchema, identityKey: exactly(32), backup: bytes(512) }),
  ),
};

export const enrolMethods = {
  hello: method(
    v.object(hello),
    v.object({ version: count(65_535), directory: text(64), registration: registrationSchema, now: time() }),
  ),
  'register.start': method(v.object({ user: userName, request: opaqueMessage }), v.object({ response: opaqueMessage })),
  'register.finish': method(
    v.object({
      user: userName,
      record: opaqueMessage,
      identityKey: exactly(32),
      /** The identity key, sealed under the OPAQUE export key (crypto/identity.ts). */
      backup: bytes(512),
      invite: v.optional(text(64)),
      email: v.optional(text(EMAIL_CHARS)),
    }),
    v.object({ role: roleSchema }),
  ),
  ...loginMethods,
  ...recoveryMethods,
  ...newcomerMethods,
  /** Only after login.finish on this channel; `proof` binds the login, the channel and the request. */
  enrol: method(v.object({ csr, proof: exactly(32), label: text(DEVICE_LABEL_CHARS) }), v.object({ certificate, crl })),
};
export type EnrolMethods = typeof enrolMethods;

// --- Requests on p2pchat/1 ---

export const directoryMethods = {
  hello: method(
    v.object({
      ...hello,
      instance: exactly(16),
      endpoints,
      state: presenceSchema,
      /** How often this device's program has started, this time included; grows with every start. */
      starts: count(),
      /** Which run of a program on this profile this is, and those before it: of a copy that fell behind they are others. */
      runs: v.optional(v.object({ now: exactly(RUN_BYTES), before: list(exactly(RUN_BYTES), RUNS_TOLD) })),
      /** Of the revocation list this device has; who says it is told of changes by `crl.delta`. */
      crl: v.optional(count()),
      /** As the directory gave it last. */
      stamp: v.optional(stamp),
      /** This device takes calls. */
      calls: v.optional(v.literal(true)),
    }),
    v.object({
      version: count(65_535),
      user: userName,
      role: roleSchema,
      now: time(),
      /** What the directory's program is, as `agent` says of the device's. */
      agent: v.optional(text(64)),
      /** The address this channel comes from, as the directory sees it. */
      observed: v.optional(addressIfGood),
      /** Left out where the device has that very list. */
      crl: v.optional(crl),
      /** Key packages of this device which are left. */
      keyPackages: count(),
      /** Whether there is a last resort of this device's; absent where the directory knows none. */
      lastResort: v.optional(v.boolean()),
      /** The highest `starts` of this device before this hello: as high as ours only where old state was restored. */
      startsSeen: count(),
      /** Grows with every change of the account's devices and their certificates. */
      devicesVersion: v.optional(count()),
      /** Which life of its store this is: another one after that was put back from an older copy. */
      incarnation: v.optional(incarnationSchema),
      stamp: v.optional(stamp),
      /** The account's role needs a second factor, and it has none. */
      secondFactor: v.optional(v.literal('required')),
      /** Of the state of the account's preferences that the directory has. */
      preferences: v.optional(preferencesTag),
      /** The ledger's number of the newest act of the operator that concerns the account. */
      operatorAct: v.optional(count()),
      /** Where devices that can't reach each other meet; absent where the directory knows none. */
      relays: v.optional(relaysNamed),
      /** The directory passes calls on. */
      calls: v.optional(v.literal(true)),
    }),
  ),
  ...loginMethods,
  /** Before half of its life is over, the same certificate again. */
  renew: method(v.object({ csr }), v.object({ certificate })),
  /** The revocation list, unless `number` is that of the newest. */
  'crl.get': method(v.object({ number: count() }), v.object({ crl: v.optional(crl) })),
  /** A newer revocation list than the directory's own, back to it; `number` is that of its list now. */
  'crl.put': method(v.object({ crl }), v.object({ number: count() })),
  /** These three only within a minute of login.finish on this channel. */
  'password.start': method(v.object({ request: opaqueMessage }), v.object({ response: opaqueMessage })),
  'password.finish': method(v.object({ record: opaqueMessage, backup: bytes(512) }), nothing),
  'account.delete': method(nothing, nothing),
  ...factorMethods,
  ...deviceMethods,
  ...pairingMethods,
  ...preferenceMethods,
  /** Revokes this device's certificate, or those of all the account's devices. */
  logout: method(v.object({ everywhere: v.boolean() }), nothing),

  'presence.set': method(v.object({ state: presenceSchema, endpoints: v.optional(endpoints) }), nothing),
  'users.list': method(
    v.object({ after: v.optional(userName), limit: count(500) }),
    v.object({
      users: list(v.object({ user: userName, role: roleSchema, state: presenceSchema, lastSeen: time() }), 500),
      more: v.boolean(),
    }),
  ),
  /** `watch` asks for `roster` and `presence` notices about this user from now on. */
  'roster.get': method(
    v.object({ user: userName, watch: v.boolean() }),
    v.object({ roster: bytes(1 << 17), signature: exactly(64) }),
  ),

  'keypackages.publish': method(
    v.object({
      packages: list(bytes(KEY_PACKAGE_BYTES, 1), KEY_PACKAGES_KEPT),
      /** Given out again and again when no other is left; in place of the last one. */
      lastResort: v.optional(bytes(KEY_PACKAGE_BYTES, 1)),
    }),
    v.object({ kept: count() }),
  ),
  /** Each is given out once, but a device's last resort. A device that has neither is missing in the answer. */
  'keypackages.claim': method(
    v.object({ devices: list(address, 64) }),
    v.object({ packages: list(v.object({ device: deviceId, package: bytes(KEY_PACKAGE_BYTES, 1) }), 64) }),
  ),

  'mailbox.put': method(v.object({ parcels: list(parcel, 64) }), nothing),
  /** Positions count from 1 and never repeat; `after: 0` reads from the oldest entry kept. */
  'mailbox.read': method(
    v.object({ after: count(), limit: count(MAILBOX_PAGE) }),
    v.object({ entries: list(mailboxEntry, MAILBOX_PAGE), more: v.boolean() }),
  ),
  /** Everything up to and with this position is on the device's disk and may be forgotten. */
  'mailbox.ack': method(v.object({ through: count() }), nothing),

  /** The current MLS group of the conversation between the caller and `user`; number 0 means none yet. */
  'direct.get': method(v.object({ user: userName }), v.object({ number: count(), group: v.optional(groupId) })),
  /**
   * Makes `group` the conversation's group number `number`, if that is the current number plus one (or more, up to
   * DIRECT_LEAP: where the directory lost some), and puts the parcels (Welcomes) into mailboxes. Fails with
   * 'direct-taken' otherwise.
   */
  'direct.create': method(
    v.object({ user: userName, number: count(), group: groupId, parcels: list(parcel, 64) }),
    nothing,
  ),
  /** Appends the commit which ends `epoch`, if nobody else has; fails with 'epoch-taken' otherwise. */
  'group.commit': method(
    v.object({ group: groupId, epoch: count(), commit: sealed, parcels: list(parcel, 64) }),
    nothing,
  ),
  'group.read': method(
    v.object({ group: groupId, from: count() }),
    v.object({ commits: list(groupCommit, GROUP_LOG_PAGE), more: v.boolean() }),
  ),
  ...groupMethods,
  ...uploadMethods,
  ...relayMethods,
  ...callMethods,
  ...depositMethods,
  ...guestMethods,
};
export type DirectoryMethods = typeof directoryMethods;

// --- Notices of the directory on p2pchat/1 ---

/** Of each text in the last word. */
export const END_BYTES = 512;

export const directoryNotices = {
  /** A new entry of this device's mailbox; `mailbox.read` gives the same. */
  mailbox: mailboxEntry,
  presence: v.object({ user: userName, state: presenceSchema, lastSeen: time() }),
  /** The user's devices have changed: what was looked up before is stale. */
  roster: v.object({ user: userName, version: count() }),
  crl: v.object({ crl }),
  'crl.delta': crlDelta,
  /** The store was set back to an earlier state. */
  incarnation: incarnationSchema,
  'group.commit': v.object({ group: groupId, epoch: count(), commit: sealed, from: address }),
  'keypackages.low': v.object({ left: count() }),
  /** The caller's role is another one now. */
  role: v.object({ role: roleSchema }),
  /** The account's second factor has been turned on or off. */
  factor: v.object({ state: v.picklist(['on', 'off']) }),
  /** An act of the operator that concerns the account stands in the ledger, by that number. */
  ledger: v.object({ number: count() }),
  /** The account's own devices, or their certificates, have changed. */
  devices: v.object({ version: count() }),
  /** A link for guests of the account was used, or has ended. */
  guests: v.object({ link: exactly(16) }),
  /** Another device has left that state of the account's preferences. */
  preferences: v.object({ tag: preferencesTag }),
  ...pairingNotices,
  ...groupNotices,
  ...callNotices,
  /** The last word before the directory ends the session. */
  end: v.object({ reason: text(16), code: text(64), message: text(END_BYTES), hint: text(END_BYTES) }),
};
export type DirectoryNotices = typeof directoryNotices;
