import * as v from 'valibot';
import type { LocalStore } from '../../store/local.js';
import { roleSchema } from '../../wire/directory.js';
import { groupEntry } from '../../wire/groups.js';
import {
  ACT_BYTES,
  CERTIFICATE_BYTES,
  CRL_BYTES,
  EXPIRE_MAX_SECONDS,
  KEY_PACKAGE_BYTES,
  PINS,
  SEALED_BYTES,
  TRANSFER_PATH_BYTES,
} from '../../wire/limits.js';
import { bytes, codec, count, exactly, list, text, time } from '../../wire/schema.js';
import { type RowCipher, type Shelf, Table } from './encrypted-table.js';
import { guestRow } from './guest-row.js';
import { handOverRow, sharingRow, wishRow } from './hand-over-row.js';
import { ledgerActRow, ledgerRow } from './ledger-row.js';
import { messageRow, viaSchema } from './message-row.js';
import { ownDevicesRow } from './own-devices-row.js';
import { preferencesRow } from './preferences-row.js';
import { runsRow } from './runs-row.js';
import { seedRow } from './seed-row.js';
import { SetAside } from './set-aside.js';
import { PATH_BYTES, pathRow, transferRow } from './transfer-row.js';
import { upgradeRow } from './upgrade-row.js';

export type { MessageRow } from './message-row.js';
export type { PreferencesRow } from './preferences-row.js';
export type { TransferRow } from './transfer-row.js';

/** What a peer keeps. Rows are private to this installation: their forms may change with a migration. */

const ROW_BYTES = 4 << 20;
/** Of a member in a group, of which it is remembered what they read. */
export const STAYS = 8;
const row = <T>(schema: v.GenericSchema<unknown, T>) => codec(schema, ROW_BYTES);

/** This device: its keys and the certificate it holds now. */
const deviceRow = v.object({
  /** Ed25519 seeds of the device's key and of the account's identity key. */
  deviceSeed: exactly(32),
  identitySeed: exactly(32),
  certificate: bytes(CERTIFICATE_BYTES),
  caCertificate: bytes(CERTIFICATE_BYTES),
  crl: bytes(CRL_BYTES),
  role: roleSchema,
  /** How far its owner has got with the recovery phrase. */
  recovery: v.optional(v.picklist(['shown', 'checked'])),
  /** How often a program has started on this row; the directory remembers the highest it saw. */
  starts: count(),
  runs: v.optional(runsRow),
});
export type DeviceRow = v.InferOutput<typeof deviceRow>;

/** What is known of another person, and how far they are trusted. */
export const contactRow = v.object({
  user: text(64),
  identityKey: exactly(32),
  trust: v.picklist(['new', 'verified', 'changed']),
  /** The key which the directory shows now, where it isn't the pinned one. */
  offeredKey: v.optional(exactly(32)),
  /** Of the keys offered, the one that the person was last shown the number of. */
  shownKey: v.optional(exactly(32)),
  roster: v.optional(bytes(1 << 17)),
  rosterSignature: v.optional(exactly(64)),
});
export type ContactRow = v.InferOutput<typeof contactRow>;

const part = { part: text(64), bytes: bytes(ROW_BYTES) };

/** The MLS group of a conversation. Its state is in rows of its own, because parts of it change with every message. */
const groupRow = v.object({
  group: exactly(16),
  /** The other person's name; `#name` of a group of many. */
  user: text(64),
  number: count(),
  pending: v.optional(v.object({ commit: bytes(SEALED_BYTES), next: list(v.object(part), 1000) })),
});
export type GroupRow = v.InferOutput<typeof groupRow>;

export const conversationRow = v.object({
  conversation: text(64),
  /** The number of the newest message, and of the last one read; messages count from 1. */
  last: count(),
  read: count(),
  /** The current group, by number and id. */
  number: count(),
  group: v.optional(exactly(16)),
  /** Lines of others that count as not read, and those among them that name this person. */
  unread: v.optional(count()),
  mentions: v.optional(count()),
  /** Their authors have been told that lines up to this one were read, or are not to be told. */
  told: v.optional(count()),
  /** Of direct conversations: lines up to this one belong to an identity that the person had before. */
  former: v.optional(count()),
  /** Numbers up to this one mean on that other device of the account what they mean here. */
  adopted: v.optional(v.object({ device: text(16), through: count() })),
  /** Of direct conversations: the life of new messages, and who set it when. */
  expire: v.optional(v.object({ seconds: count(EXPIRE_MAX_SECONDS), at: time(), by: text(64) })),
  /** Of direct conversations: the last word on each message that was ever pinned. */
  pins: v.optional(list(v.object({ id: exactly(16), pinned: v.boolean(), at: time() }), PINS * 4)),
});
export type ConversationRow = v.InferOutput<typeof conversationRow>;

/** Where a message stands, by its id; also the memory that it was received. */
const placeRow = v.object({ conversation: text(64), number: count() });
export type PlaceRow = v.InferOutput<typeof placeRow>;

/** A message on its way: as content until it is sealed, then with the devices that don't have it yet. */
const outboxRow = v.object({
  order: count(),
  id: exactly(16),
  user: text(64),
  content: bytes(SEALED_BYTES),
  group: v.optional(exactly(16)),
  sealed: v.optional(bytes(SEALED_BYTES)),
  /** Devices that lack it; absent until it is sealed. */
  pending: v.optional(list(v.object({ user: text(64), device: text(16) }), 64)),
  /** Those in whose mailboxes it lies. */
  stored: v.optional(list(v.object({ user: text(64), device: text(16) }), 64)),
  /** True for what has a line in the history whose state follows. */
  shown: v.boolean(),
  /** It was stored before, and the directory may have lost it. */
  again: v.optional(v.boolean()),
});
export type OutboxRow = v.InferOutput<typeof outboxRow>;

/** A message that devices lack which could not be added to its conversation yet. */
const owedRow = v.object({
  order: count(),
  id: exactly(16),
  user: text(64),
  content: bytes(SEALED_BYTES),
  devices: list(v.object({ user: text(64), device: text(16) }), 64),
  at: time(),
});
export type OwedRow = v.InferOutput<typeof owedRow>;
/** What went into mailboxes, and when. Of what has a line the content is there. */
const handedRow = v.object({ ...outboxRow.entries, at: time() });

const keyPackageRow = v.object({
  ref: bytes(64),
  private: bytes(KEY_PACKAGE_BYTES),
  public: bytes(KEY_PACKAGE_BYTES),
  expires: time(),
  /** It may be used again. */
  lastResort: v.optional(v.boolean()),
});

/** Which key package is the last resort now, since when, and the one before it: somebody may still be about to use that. */
const lastResortRow = v.object({ ref: bytes(64), at: time(), former: v.optional(bytes(64)) });

/** Files of somebody, up to so many bytes, are accepted without asking. */
export const acceptRow = v.object({ who: text(64), upTo: count(), perDay: v.optional(count()) });

/** A named group, as far as this device has followed its log. */
const namedGroupRow = v.object({
  group: exactly(16),
  name: text(64),
  /** Entries of the log up to this one have been taken in. */
  through: count(),
  /** How many acts there are, and the position of the last. */
  acts: count(),
  lastAct: count(),
  /** Positions of the last join, and of the last handing over of archive keys. */
  lastJoin: count(),
  lastArchive: count(),
  /** Where this device came in: what stands before is history, if it is shared. */
  entered: count(),
  /** Of shared history: entries after this one were passed over, because the keys were lost, and are to be fetched. */
  missed: v.optional(count()),
  /** Whether that history has been fetched. */
  archived: v.boolean(),
});
export type NamedGroupRow = v.InferOutput<typeof namedGroupRow>;

/** A message to a group on its way; gone when it is seen in the group's log. */
const groupOutRow = v.object({
  order: count(),
  id: exactly(16),
  group: exactly(16),
  content: bytes(SEALED_BYTES),
  /** Sealed to all members one by one, whatever the group's history is. */
  mls: v.boolean(),
  /** The number of its line, until it has a place in the log. */
  line: v.optional(count()),
  sealed: v.optional(v.object({ epoch: count(), bytes: bytes(SEALED_BYTES) })),
  /** Some may have it already, straight, before it has a place. */
  aside: v.optional(v.boolean()),
});
export type GroupOutRow = v.InferOutput<typeof groupOutRow>;

/** A message that disappears: when by this device's clock, and how long it had to live. */
const expiringRow = v.object({
  id: exactly(16),
  conversation: text(64),
  due: time(),
  lifetime: count(EXPIRE_MAX_SECONDS),
  /** It was given more time once, because the clocks did not agree; not again. */
  extended: v.optional(v.boolean()),
});
export type ExpiringRow = v.InferOutput<typeof expiringRow>;

/** Changes to a message that has not come yet. */
const earlyChangeRow = v.object({
  id: exactly(16),
  conversation: text(64),
  at: time(),
  changes: list(v.object({ from: text(64), content: bytes(SEALED_BYTES) }), 16),
});
export type EarlyChangeRow = v.InferOutput<typeof earlyChangeRow>;

/** Something said that this program does not understand. */
export const laterRow = v.object({
  order: count(),
  id: exactly(16),
  conversation: text(64),
  from: text(64),
  via: viaSchema,
  /** Of groups: its place in the log. */
  seq: v.optional(count()),
  content: bytes(SEALED_BYTES),
  at: time(),
});
export type LaterRow = v.InferOutput<typeof laterRow>;

/** A line that nobody has been shown. Notes of before say no id. */
const unseenRow = v.object({ order: count(), conversation: text(64), number: count(), id: v.optional(exactly(16)) });

const stay = { through: count(), from: v.optional(count()) };
/** How far a member of a group has read its log, since they entered it at `from`; and in earlier stays, the latest first. */
export const positionRow = v.object({ user: text(64), ...stay, earlier: v.optional(list(v.object(stay), STAYS)) });

export type PositionRow = v.InferOutput<typeof positionRow>;

/** What was written and not sent, however long, and the number a person opens the conversation by. */
export const noteRow = v.object({ conversation: text(64), draft: text(ROW_BYTES - 1_024), number: count(99) });

/** A file for a group, as a message has told of it. */
export const uploadRow = v.object({
  id: exactly(16),
  group: exactly(16),
  from: text(64),
  name: text(TRANSFER_PATH_BYTES),
  size: count(),
  type: v.optional(text(127)),
  key: exactly(32),
  sum: exactly(32),
  sentAt: time(),
  /** Where it is here, once it was fetched, or where it came from. */
  path: v.optional(text(PATH_BYTES)),
});
export type UploadRow = v.InferOutput<typeof uploadRow>;

/** A file on its way to the directory; gone when the group's message about it is on its own way. */
const sendingRow = v.object({
  id: exactly(16),
  group: exactly(16),
  path: text(PATH_BYTES),
  name: text(TRANSFER_PATH_BYTES),
  size: count(),
  mtimeMs: v.number(),
  key: exactly(32),
  createdAt: time(),
});
export type SendingRow = v.InferOutput<typeof sendingRow>;

const tablesOn = (shelf: Shelf) => ({
  device: new Table(shelf, 'device', row(deviceRow)),
  contacts: new Table(shelf, 'contact', row(contactRow)),
  groups: new Table(shelf, 'group', row(groupRow)),
  parts: new Table(shelf, 'part', row(v.object(part))),
  keyPackages: new Table(shelf, 'keypackage', row(keyPackageRow)),
  lastResort: new Table(shelf, 'lastresort', row(lastResortRow)),
  conversations: new Table(shelf, 'conversation', row(conversationRow)),
  messages: new Table(shelf, 'message', row(messageRow)),
  places: new Table(shelf, 'place', row(placeRow)),
  outbox: new Table(shelf, 'outbox', row(outboxRow)),
  owed: new Table(shelf, 'owed', row(owedRow)),
  handed: new Table(shelf, 'handed', row(handedRow)),
  unseen: new Table(shelf, 'unseen', row(unseenRow)),
  transfers: new Table(shelf, 'transfer', row(transferRow)),
  accepts: new Table(shelf, 'accept', row(acceptRow)),
  /** Bytes of one person that were taken without asking, and when that was counted. */
  acceptsUsed: new Table(shelf, 'acceptused', row(v.object({ used: count(), at: time() }))),
  /** How fast transfers are sent: bytes per second, and milliseconds between bursts. */
  speeds: new Table(shelf, 'speed', row(v.object({ rate: v.optional(v.number()), pace: v.optional(v.number()) }))),
  /** What the paths to one person carried when files were last sent over them. */
  paths: new Table(shelf, 'path', row(v.object({ paths: list(pathRow, 8) }))),
  namedGroups: new Table(shelf, 'named', row(namedGroupRow)),
  acts: new Table(shelf, 'act', row(v.object({ number: count(), act: bytes(ACT_BYTES) }))),
  /** The newest entries of the logs of groups, as they came. */
  kept: new Table(shelf, 'kept', row(v.object({ entry: groupEntry }))),
  archiveKeys: new Table(shelf, 'archive', row(v.object({ epoch: count(), key: exactly(32) }))),
  groupOut: new Table(shelf, 'groupout', row(groupOutRow)),
  /** What other devices of the account have laid down, and a keeper seeds. */
  seeds: new Table(shelf, 'seed', row(seedRow)),
  uploads: new Table(shelf, 'upload', row(uploadRow)),
  sending: new Table(shelf, 'sending', row(sendingRow)),
  guests: new Table(shelf, 'guest', row(guestRow)),
  ledger: new Table(shelf, 'ledger', row(ledgerRow)),
  /** The newest acts of the ledger that were shown whole, as they came. */
  ledgerActs: new Table(shelf, 'ledgeract', row(ledgerActRow)),
  expiring: new Table(shelf, 'expiring', row(expiringRow)),
  earlyChanges: new Table(shelf, 'earlychange', row(earlyChangeRow)),
  later: new Table(shelf, 'later', row(laterRow)),
  positions: new Table(shelf, 'position', row(positionRow)),
  preferences: new Table(shelf, 'preferences', row(preferencesRow)),
  notes: new Table(shelf, 'note', row(noteRow)),
  ownDevices: new Table(shelf, 'owndevices', row(ownDevicesRow)),
  mailbox: new Table(shelf, 'mailbox', row(v.object({ through: count() }))),
  /** How far other devices of the account have handed over what they keep. */
  handOvers: new Table(shelf, 'handover', row(handOverRow)),
  /** Those that have asked for what is kept here, and whether their person has said here that they may have it. */
  sharing: new Table(shelf, 'sharing', row(sharingRow)),
  /** What of their history this device asks the others for. */
  wishes: new Table(shelf, 'wish', row(wishRow)),
  /** How far a backup goes, by its id: what was written behind that revision is not in it, and how it ended. */
  backups: new Table(shelf, 'backup', row(v.object({ revision: count(), tail: exactly(32), at: time() }))),
  upgrade: new Table(shelf, 'upgrade', row(upgradeRow)),
  /** Which life of the directory's store this device has compared itself with. */
  incarnation: new Table(shelf, 'incarnation', row(v.object({ id: exactly(16), stamp: v.optional(bytes(128)) }))),
});
export type Tables = ReturnType<typeof tablesOn>;

/** @param aside where rows go that can't be read */
export const openTables = (store: LocalStore, cipher: RowCipher, aside = new SetAside(store)): Tables =>
  tablesOn({ store, cipher, aside });
