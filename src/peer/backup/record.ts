import * as v from 'valibot';
import type { Clock } from '../../base/clock.js';
import { BACKUP_RECORD_BYTES } from '../../wire/limits.js';
import { codec, count, exactly, list, text, time } from '../../wire/schema.js';
import { messageRow } from '../storage/message-row.js';
import { preferencesRow } from '../storage/preferences-row.js';
import {
  acceptRow,
  contactRow,
  conversationRow,
  laterRow,
  noteRow,
  positionRow,
  uploadRow,
} from '../storage/tables.js';
import { type TransferRow, transferRow } from '../storage/transfer-row.js';

/**
 * What a history is made of when it leaves this device: one record for each thing that is kept, in the words of the rows
 * that keep it here. Nothing of it opens a conversation's keys or speaks for a device.
 */

/** Who speaks: stands in front of what a device gives, each time. */
const account = v.object({
  kind: v.literal('account'),
  user: text(64),
  /** `p2pchat://HOST:PORT#FINGERPRINT` */
  directory: text(512),
  device: text(16),
  at: time(),
});
export type AccountRecord = v.InferOutput<typeof account>;

export const speaking = (init: {
  readonly self: { readonly user: string; readonly device: string };
  readonly directory: string;
  readonly clock: Clock;
}): AccountRecord => {
  const { user, device } = init.self;
  return { kind: 'account', user, directory: init.directory, device, at: init.clock.now() };
};

const line = v.object({ kind: v.literal('line'), ...messageRow.entries });
export type LineRecord = v.InferOutput<typeof line>;

const conversation = v.object({
  kind: v.literal('conversation'),
  ...v.omit(conversationRow, ['number', 'group', 'adopted']).entries,
});
export type ConversationRecord = v.InferOutput<typeof conversation>;

const contact = v.object({
  kind: v.literal('contact'),
  ...v.omit(contactRow, ['roster', 'rosterSignature']).entries,
});

/** The keys of a room's shared history, and how far its log was read; more keys than one record has stand in further ones. */
const room = v.object({
  kind: v.literal('room'),
  group: exactly(16),
  name: text(64),
  through: count(),
  keys: list(v.object({ epoch: count(), key: exactly(32) }), 4_096),
});
export type RoomRecord = v.InferOutput<typeof room>;

const STAYS = ['secret', 'shape', 'candidates', 'source', 'folder', 'device', 'paused', 'deposit', 'unseen'] as const;

/** A transfer that is over; what it was secured with, and where its files came from, stays where it ran. */
const transfer = v.object({
  kind: v.literal('transfer'),
  ...v.omit(transferRow, STAYS).entries,
});

/** The part of a transfer that goes into a backup. */
export const keptOf = (row: TransferRow) => {
  const stays: ReadonlySet<string> = new Set(STAYS);
  const kept = Object.entries(row).filter(([name]) => !stays.has(name));
  return Object.fromEntries(kept) as Omit<TransferRow, (typeof STAYS)[number]>;
};

/** All that the device had, up to that time; the last record of each piece of work. */
const end = v.object({ kind: v.literal('end'), at: time(), lines: count() });

const record = v.variant('kind', [
  account,
  line,
  conversation,
  contact,
  room,
  transfer,
  end,
  v.object({ kind: v.literal('preferences'), ...preferencesRow.entries }),
  v.object({ kind: v.literal('note'), ...noteRow.entries }),
  v.object({ kind: v.literal('rule'), ...acceptRow.entries }),
  v.object({ kind: v.literal('upload'), ...v.omit(uploadRow, ['path']).entries }),
  v.object({ kind: v.literal('position'), conversation: text(64), ...positionRow.entries }),
  v.object({ kind: v.literal('later'), ...laterRow.entries }),
]);
export type HistoryRecord = v.InferOutput<typeof record>;

export const recordCodec = codec(record, BACKUP_RECORD_BYTES);

const known = new Set<unknown>(record.options.map((option) => option.entries.kind.literal));

/** Of a newer program there may be kinds that this one doesn't know: they are passed over. */
export const isKnownKind = (kind: unknown): boolean => known.has(kind);
/** What every record says, also one that this program doesn't know. */
export const kindCodec = codec(v.object({ kind: text(64) }), BACKUP_RECORD_BYTES);
