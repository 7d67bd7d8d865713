import type { HistoryCursor } from '../../wire/peer-link.js';
import { isGroupId } from '../messaging/conversation.js';
import { UNPLACED } from '../messaging/message-view.js';
import type { Tables } from '../storage/tables.js';
import { conversationsSince, stateSince } from './collect.js';
import { PieceBuilder } from './frames.js';
import type { AccountRecord, HistoryRecord } from './record.js';

export interface Asked {
  /** What was written here since that revision. */
  readonly since: number;
  /** Lines that came before are not wanted. */
  readonly from?: number | undefined;
  readonly at?: HistoryCursor | undefined;
}

export interface Page {
  readonly piece: Uint8Array;
  /** Where the next one begins; undefined behind the last. */
  readonly next?: HistoryCursor;
}

/** Of each conversation, these come first: a screenful. */
const RECENT = 50;

interface Step {
  readonly record: HistoryRecord;
  readonly next: HistoryCursor;
}

/**
 * One piece of what this device keeps, for another device of the account: first what is known of people and rooms, then
 * the newest lines of each conversation, then all of them, the newest first. Whoever asks says where it stands, so that
 * nothing is remembered here between two pieces.
 */
export async function pageOf(tables: Tables, account: AccountRecord, asked: Asked): Promise<Page> {
  const piece = new PieceBuilder();
  piece.add(account);
  for await (const { record, next } of steps(tables, asked)) {
    if (piece.add(record)) return { piece: piece.take(), next };
  }
  return { piece: piece.take() };
}

async function* steps(tables: Tables, { since, from = 0, at = { stage: 'state' } }: Asked): AsyncGenerator<Step> {
  let cursor = at;
  if (cursor.stage === 'state') {
    yield* state(tables, since, cursor.skip ?? 0);
    cursor = { stage: 'recent' };
  }
  const names = await namesOf(tables);
  if (cursor.stage === 'recent') {
    for (const conversation of names.filter((name) => name > (cursor.conversation ?? ''))) {
      yield* recent(tables, conversation, { since, from });
    }
    cursor = { stage: 'lines' };
  }
  for (const conversation of names.filter((name) => name >= (cursor.conversation ?? ''))) {
    const below = conversation === cursor.conversation ? cursor.below : undefined;
    yield* lines(tables, conversation, { since, from, below });
  }
}

async function* state(tables: Tables, since: number, skip: number): AsyncGenerator<Step> {
  let count = 0;
  for await (const record of known(tables, since)) {
    if (++count > skip) yield { record, next: { stage: 'state', skip: count } };
  }
}

/** A device that runs has transfers and drafts of its own, under the same numbers: nobody would take these in. */
const STAYS: readonly HistoryRecord['kind'][] = ['note', 'transfer'];

async function* known(tables: Tables, since: number): AsyncGenerator<HistoryRecord> {
  for await (const record of stateSince(tables, since)) if (!STAYS.includes(record.kind)) yield record;
  yield* conversationsSince(tables, since);
}

async function* recent(
  tables: Tables,
  conversation: string,
  { since, from }: { since: number; from: number },
): AsyncGenerator<Step> {
  let count = 0;
  for await (const { record } of lines(tables, conversation, { since, from })) {
    yield { record, next: { stage: 'recent', conversation } };
    if (++count === RECENT) return;
  }
}

/** Without what has not left this device yet, or has no place in its group: that comes by itself. */
async function* lines(
  tables: Tables,
  conversation: string,
  { since, from, below = UNPLACED }: { since: number; from: number; below?: number | undefined },
): AsyncGenerator<Step> {
  for await (const row of tables.messages.changedSince(since, [conversation], { below, reverse: true })) {
    if (row.state === 'queued' || row.receivedAt < from) continue;
    yield { record: { kind: 'line', ...row }, next: { stage: 'lines', conversation, below: row.number } };
  }
}

async function namesOf(tables: Tables): Promise<string[]> {
  const names: string[] = [];
  for await (const { conversation, last } of tables.conversations.range([])) {
    if (last > 0 || isGroupId(conversation)) names.push(conversation);
  }
  return names.sort();
}
