import { hex } from '../../base/bytes.js';
import { isGroupId } from '../messaging/conversation.js';
import type { Tables } from '../storage/tables.js';
import { type HistoryRecord, keptOf, type LineRecord } from './record.js';

const KEYS_TOGETHER = 4_096;
const OVER = ['done', 'failed', 'declined'];

/**
 * What this device keeps of its account's history and was written since the store gave out `since`; with 0 all of it.
 * What may go on changing meanwhile is found by asking again with the revision of before.
 */
export async function* changedSince(tables: Tables, since: number): AsyncGenerator<HistoryRecord> {
  yield* stateSince(tables, since);
  yield* conversationsSince(tables, since);
  yield* lines(tables, since);
  for await (const row of tables.later.changedSince(since, ['all'])) yield { kind: 'later', ...row };
}

export async function* conversationsSince(tables: Tables, since: number): AsyncGenerator<HistoryRecord> {
  for await (const row of tables.conversations.changedSince(since)) {
    const { number: _, group: __, adopted: ___, ...head } = row;
    if (head.last > 0) yield { kind: 'conversation', ...head };
  }
}

/** What is known of people, rooms, files and wishes. */
export async function* stateSince(tables: Tables, since: number): AsyncGenerator<HistoryRecord> {
  yield* people(tables, since);
  yield* rooms(tables, since);
}

async function* people(tables: Tables, since: number): AsyncGenerator<HistoryRecord> {
  for await (const row of tables.preferences.changedSince(since)) yield { kind: 'preferences', ...row };
  for await (const { roster: _, rosterSignature: __, ...row } of tables.contacts.changedSince(since)) {
    yield { kind: 'contact', ...row };
  }
  for await (const row of tables.accepts.changedSince(since)) yield { kind: 'rule', ...row };
  for await (const row of tables.notes.changedSince(since)) yield { kind: 'note', ...row };
  for await (const { path: _, ...row } of tables.uploads.changedSince(since)) yield { kind: 'upload', ...row };
  for await (const row of tables.transfers.changedSince(since, ['all'])) {
    if (OVER.includes(row.state)) yield { kind: 'transfer', ...keptOf(row) };
  }
}

async function* rooms(tables: Tables, since: number): AsyncGenerator<HistoryRecord> {
  for await (const { group, name, through } of tables.namedGroups.range([])) {
    const room = { kind: 'room', group, name, through } as const;
    let keys: { epoch: number; key: Uint8Array }[] = [];
    for await (const key of tables.archiveKeys.changedSince(since, [hex(group)])) {
      if (keys.push(key) < KEYS_TOGETHER) continue;
      yield { ...room, keys };
      keys = [];
    }
    yield { ...room, keys };
  }
  for await (const { conversation } of tables.conversations.range([])) {
    if (!isGroupId(conversation)) continue;
    for await (const row of tables.positions.changedSince(since, [conversation])) {
      yield { kind: 'position', conversation, ...row };
    }
  }
}

/** A file can't forget: a message that disappears is in no backup. */
async function* lines(tables: Tables, since: number): AsyncGenerator<LineRecord> {
  for await (const row of tables.messages.changedSince(since)) {
    if (row.expires === undefined) yield { kind: 'line', ...row };
  }
}
