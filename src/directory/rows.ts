import * as v from 'valibot';
import type { Store } from '../store/store.js';
import { formerDevice } from '../wire/account-methods.js';
import { addresses } from '../wire/address.js';
import { registrationSchema, roleSchema } from '../wire/directory.js';
import {
  CERTIFICATE_BYTES,
  CRL_BYTES,
  DEVICE_LABEL_CHARS,
  DEVICES_FORMER,
  DEVICES_PER_ACCOUNT,
  EMAIL_CHARS,
  ENDPOINTS_PER_DEVICE,
  FACTOR_RECOVERY_CODES,
  KEY_PACKAGE_BYTES,
  NAME_CHARS,
  PREFERENCES_BYTES,
  RUN_BYTES,
  SEALED_BYTES,
} from '../wire/limits.js';
import { relaySchema } from '../wire/relay.js';
import { bytes, codec, count, exactly, list, text, time } from '../wire/schema.js';
import { INVITATION_TAKERS, SERIALS_PER_DEVICE } from './limits.js';
import { type OnUnreadable, Table } from './table.js';

/**
 * What the directory stores, each row with its schema. No row needs another to be written in the same moment: what must
 * change together stands in one row.
 */

const ROW_BYTES = 1 << 20;
const userName = text(NAME_CHARS);
const deviceId = text(16);
const serial = text(40);

const banSchema = v.object({ by: userName, at: time(), reason: v.optional(text(1024)), until: v.optional(time()) });
export type Ban = v.InferOutput<typeof banSchema>;

const factorSchema = v.object({
  /** `pending`: not confirmed yet, and worth nothing. */
  state: v.picklist(['pending', 'on']),
  /** Sealed under a key derived from the authority's. */
  secret: bytes(128),
  /** The newest step whose code was used: that and those before open nothing any more. */
  step: count(),
  /** Recovery codes that are left, each as a keyed hash. */
  codes: list(exactly(32), FACTOR_RECOVERY_CODES),
});
export type FactorRow = v.InferOutput<typeof factorSchema>;

/** Key: the folded name. Stays when the account is deleted, so that nobody else can take the name. */
const accountSchema = v.object({
  user: userName,
  /** The owner's role stands in the directory's own row alone. */
  role: roleSchema,
  /** The OPAQUE record; empty after deletion. */
  record: bytes(1024),
  identityKey: exactly(32),
  backup: bytes(512),
  email: v.optional(text(EMAIL_CHARS)),
  createdAt: time(),
  deletedAt: v.optional(time()),
  ban: v.optional(banSchema),
  secondFactor: v.optional(factorSchema),
  /** Of an account that the operator has reset, which counts as deleted: who has the token takes the name anew. */
  reset: v.optional(v.object({ token: exactly(32), until: time(), role: roleSchema })),
});
export type AccountRow = v.InferOutput<typeof accountSchema>;
export const accountCodec = codec(accountSchema, ROW_BYTES);

const deviceEntry = v.object({
  device: deviceId,
  label: text(DEVICE_LABEL_CHARS),
  certificate: bytes(CERTIFICATE_BYTES),
  /** Of all its certificates that have not expired. */
  serials: list(v.object({ serial, notAfter: time() }), SERIALS_PER_DEVICE),
  addedAt: time(),
  /** The device of the account that let it in by a code. */
  by: v.optional(text(16)),
});
export type DeviceEntry = v.InferOutput<typeof deviceEntry>;

/** Key: the folded name. All devices of an account in one row, so that they have one version and one limit. */
const devicesSchema = v.object({
  version: count(),
  devices: list(deviceEntry, DEVICES_PER_ACCOUNT),
  /** The latest that are no more, oldest first. */
  former: v.optional(list(formerDevice, DEVICES_FORMER)),
});
export type DevicesRow = v.InferOutput<typeof devicesSchema>;

/** Key: the folded name. As its devices have sealed them. */
const preferencesSchema = v.object({ tag: exactly(16), sealed: bytes(PREFERENCES_BYTES) });

/** Key: folded name / device. What changes with every connection. */
const seenSchema = v.object({
  starts: count(),
  /** The run of its program that was here last, and in which life of this store; absent where that does not count them. */
  run: v.optional(v.object({ id: exactly(RUN_BYTES), life: exactly(16) })),
  lastSeen: time(),
  endpoints: addresses(ENDPOINTS_PER_DEVICE),
});
export type SeenRow = v.InferOutput<typeof seenSchema>;

/** Key: the serial. Stored before the certificate is signed, so that there is none without its row. */
const certificateSchema = v.object({
  user: userName,
  device: deviceId,
  notBefore: time(),
  notAfter: time(),
  issuedAt: time(),
});

/** Key: the serial. */
const revokedSchema = v.object({
  at: time(),
  notAfter: time(),
  /** Folded; missing in rows from before it was counted whose they are. */
  user: v.optional(userName),
  /** When the device was added. */
  since: v.optional(time()),
  /** Whether the account ended it itself, or the staff by a ban. */
  by: v.optional(v.picklist(['self', 'staff'])),
});
export type RevokedRow = v.InferOutput<typeof revokedSchema>;

/** One row: the list as it was last published. */
const crlSchema = v.object({ number: count(), at: time(), der: bytes(CRL_BYTES) });
export type CrlRow = v.InferOutput<typeof crlSchema>;

/** One row: which life of the store this is, since when that of before may be lost, and the latest starts. */
const incarnationSchema = v.object({
  id: exactly(16),
  since: time(),
  starts: count(),
  runs: list(exactly(16), 64),
});
export type IncarnationRow = v.InferOutput<typeof incarnationSchema>;

/** One row: whose directory this is. */
const directorySchema = v.object({
  directoryId: text(64),
  createdAt: time(),
  registration: registrationSchema,
  /** The invite of the first start, in clear: it is printed again until it has been used. */
  ownerInvite: text(64),
  owner: v.optional(userName),
});
export type DirectoryRow = v.InferOutput<typeof directorySchema>;

/** Key: hex of SHA-256 over the token. `takers`: folded names that have taken a use; the same again takes no other. */
const invitationSchema = v.object({
  left: count(),
  expiresAt: time(),
  createdAt: time(),
  by: text(64),
  takers: v.optional(list(userName, INVITATION_TAKERS)),
});

/** Key: its number. A code on a card: its words and its invitation are sealed. */
const joinCodeSchema = v.object({
  sealed: bytes(512),
  name: userName,
  group: v.optional(text(NAME_CHARS)),
  expiresAt: time(),
  /** Wrong ones, and those under way. */
  tries: count(),
});
export type JoinCodeRow = v.InferOutput<typeof joinCodeSchema>;

/** One row: acts of the ledger, from the first, that have been carried out. */
const carriedSchema = v.object({ acts: count() });

/** Key: folded name / device / hex of SHA-256 over the package. The second kind says that it was given out. */
const keyPackageSchema = v.object({ package: bytes(KEY_PACKAGE_BYTES), at: time() });
const usedKeyPackageSchema = v.object({ at: time() });

/** Key: the folded names of both, in order. */
const directSchema = v.object({ number: count(), group: exactly(16) });
export type DirectRow = v.InferOutput<typeof directSchema>;

/** Key: hex of the group's id. `accounts`: the folded names of those who may read and write its log. */
const groupSchema = v.object({ kind: v.literal('direct'), accounts: list(userName, 2), number: count() });
export type GroupRow = v.InferOutput<typeof groupSchema>;

/** It runs elsewhere, and so has a host. */
const relayRow = v.object({ ...relaySchema.entries, host: text(253) });

const addressSchema = v.object({ user: userName, device: deviceId });

/** An entry of a mailbox's log. */
export const mailCodec = codec(
  v.object({ from: addressSchema, id: exactly(16), sealed: bytes(SEALED_BYTES), storedAt: time() }),
  ROW_BYTES,
);
export type Mail = ReturnType<typeof mailCodec.decode>;

/** An entry of a group's log. */
export const commitCodec = codec(
  v.object({ epoch: count(), commit: bytes(SEALED_BYTES), from: addressSchema }),
  ROW_BYTES,
);
export type CommitEntry = ReturnType<typeof commitCodec.decode>;

export const openTables = (store: Store, onUnreadable?: OnUnreadable) => ({
  accounts: new Table(store, 'accounts', accountCodec),
  devices: new Table(store, 'devices', codec(devicesSchema, ROW_BYTES)),
  seen: new Table(store, 'seen', codec(seenSchema, ROW_BYTES), onUnreadable),
  preferences: new Table(store, 'preferences', codec(preferencesSchema, ROW_BYTES), onUnreadable),
  certificates: new Table(store, 'certificates', codec(certificateSchema, ROW_BYTES), onUnreadable),
  revoked: new Table(store, 'revoked', codec(revokedSchema, ROW_BYTES)),
  crl: new Table(store, 'crl', codec(crlSchema, ROW_BYTES)),
  incarnation: new Table(store, 'incarnation', codec(incarnationSchema, ROW_BYTES)),
  directory: new Table(store, 'directory', codec(directorySchema, ROW_BYTES)),
  carried: new Table(store, 'ledger.carried', codec(carriedSchema, ROW_BYTES)),
  invitations: new Table(store, 'invitations', codec(invitationSchema, ROW_BYTES)),
  joinCodes: new Table(store, 'joincodes', codec(joinCodeSchema, ROW_BYTES), onUnreadable),
  keyPackages: new Table(store, 'keypackages', codec(keyPackageSchema, ROW_BYTES), onUnreadable),
  usedKeyPackages: new Table(store, 'keypackages.used', codec(usedKeyPackageSchema, ROW_BYTES), onUnreadable),
  /** Key: folded name / device. */
  lastResort: new Table(store, 'keypackages.last', codec(keyPackageSchema, ROW_BYTES), onUnreadable),
  /** Key: folded name / device. Since when a device is gone whose mail is kept. */
  leftMail: new Table(store, 'mail.left', codec(v.object({ at: time() }), ROW_BYTES), onUnreadable),
  direct: new Table(store, 'direct', codec(directSchema, ROW_BYTES)),
  groups: new Table(store, 'groups', codec(groupSchema, ROW_BYTES)),
  /** Key: the relay's. Those that the operator has registered. */
  relays: new Table(store, 'relays', codec(relayRow, ROW_BYTES), onUnreadable),
});
export type Tables = ReturnType<typeof openTables>;
