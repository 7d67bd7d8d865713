import { fromHex, hex } from '../../base/bytes.js';
import type { LocalStore } from '../../store/local.js';
import type { History } from '../messaging/history.js';
import { UNPLACED } from '../messaging/message-view.js';
import { Transaction } from '../messaging/transaction.js';
import type { Tables } from '../storage/tables.js';
import { mergedOrder, type Placed } from './order.js';

export interface ReorderInit {
  readonly tables: Tables;
  readonly disk: LocalStore;
  readonly history: History;
  /** A direct one. */
  readonly conversation: string;
  /** Its lines as another device has them. */
  readonly there: readonly Placed[];
}

interface Numbered extends Placed {
  readonly number: number;
}

const TOGETHER = 256;

/**
 * Lines of another device that wait behind all others come to stand where they belong. From the last one to the first, so
 * that no line is ever written over another, and whatever breaks it off leaves every line in order or still waiting.
 */
export async function reorder({ tables, disk, history, conversation, there }: ReorderInit): Promise<void> {
  const here: Numbered[] = [];
  const waiting: Placed[] = [];
  for await (const { id, sentAt, order, number } of tables.messages.range([conversation])) {
    if (number >= UNPLACED) waiting.push({ id: hex(id), at: order ?? sentAt });
    else here.push({ id: hex(id), at: order ?? sentAt, number });
  }
  if (waiting.length === 0) return;
  const named = new Set(there.map(({ id }) => id));
  const numbers = numbered(here, mergedOrder(here, [...there, ...waiting.filter(({ id }) => !named.has(id))]));
  const head = await history.head(conversation);
  const moved = new Map(here.map(({ id, number }) => [number, numbers.get(id)!]));
  // Whatever comes after a crash stands behind them all.
  head.last = Math.max(head.last, ...[...numbers.values()].slice(-1));
  // Before any line moves: what was for a former identity is never taken for what was not.
  if (head.former !== undefined) head.former = markIn(moved, head.former);
  await disk.write([history.saveHead(head)]);
  const notes = await notesOf(tables, conversation);
  const moves = [...numbers].reverse();
  for (let at = 0; at < moves.length; at += TOGETHER) {
    const tx = new Transaction();
    for (const [id, number] of moves.slice(at, at + TOGETHER)) {
      const row = await history.find(fromHex(id));
      if (row === undefined || row.number === number) continue;
      const note = notes.get(row.number);
      if (note !== undefined) tx.add(tables.unseen.put(['all', note], { order: note, conversation, number }));
      tx.add(...history.move(row, number, {}).steps);
    }
    await tx.commit(disk);
  }
  head.read = markIn(moved, head.read);
  history.reordered(conversation);
  if (head.told !== undefined) head.told = markIn(moved, head.told);
  await disk.write([history.saveHead(head)]);
}

/** None moves down, so that there is room wherever one goes. */
function numbered(here: readonly Numbered[], order: readonly Placed[]): Map<string, number> {
  const before = new Map(here.map(({ id, number }) => [id, number]));
  const numbers = new Map<string, number>();
  let last = 0;
  for (const { id } of order) {
    last = Math.max(last + 1, before.get(id) ?? 0);
    numbers.set(id, last);
  }
  return numbers;
}

/** The new number of the line that the mark stood at, or of the one before it. */
function markIn(moved: ReadonlyMap<number, number>, mark: number): number {
  let found = 0;
  let newest = 0;
  for (const [before, after] of moved) {
    if (before <= mark && before > found) [found, newest] = [before, after];
  }
  return newest;
}

async function notesOf(tables: Tables, conversation: string): Promise<Map<number, number>> {
  const notes = new Map<number, number>();
  for await (const note of tables.unseen.range(['all'])) {
    if (note.conversation === conversation) notes.set(note.number, note.order);
  }
  return notes;
}
