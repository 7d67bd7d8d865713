import { sameBytes } from '../../../base/bytes.js';
import type { Step } from '../../../store/local.js';
import type { GroupEntry } from '../../../wire/groups.js';
import type { Tables } from '../../storage/tables.js';
import { conversationIn } from '../conversation.js';
import type { Group } from './group.js';

/** The newest entries of each log are kept as they came, for a directory that loses them. */
export const ENTRIES_KEPT = 1_024;

/** The entry is kept, and an old one is not any more; without its proof nobody would take it. */
export function keep(tables: Tables, { row }: Group, entry: GroupEntry): Step[] {
  if (entry.proof === undefined) return [];
  const conversation = conversationIn(row.name);
  return [
    tables.kept.put([conversation, entry.seq], { entry }),
    tables.kept.remove([conversation, entry.seq - ENTRIES_KEPT]),
  ];
}

/** In order, with gaps where something has disappeared. */
export async function keptOf(tables: Tables, { row }: Group): Promise<GroupEntry[]> {
  const kept: GroupEntry[] = [];
  for await (const { entry } of tables.kept.range([conversationIn(row.name)], { below: row.through + 1 })) {
    kept.push(entry);
  }
  return kept;
}

/** A proof is of place and content. */
export const isSame = (one: GroupEntry, other: GroupEntry): boolean =>
  one.seq === other.seq && one.proof !== undefined && other.proof !== undefined && sameBytes(one.proof, other.proof);
