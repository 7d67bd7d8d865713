import type { Entry } from './entry.js';
import type { MessageLog } from './log.js';

/** A message and everything that answers it, or answers an answer; oldest first. */
export type Thread = readonly Entry[];

/** The threads of what is loaded of a log, those with the newest answer first. */
export function threadsOf(log: MessageLog): Thread[] {
  const rootOf = new Map<string, string>();
  const threads = new Map<string, Entry[]>();
  for (let at = 0; at < log.length; at++) {
    const entry = log.at(at)!;
    const answered = entry.replyTo === undefined ? undefined : log.find(entry.replyTo);
    if (entry.kind !== 'message' || answered === undefined) continue;
    const root = rootOf.get(answered.id) ?? answered.id;
    rootOf.set(entry.id, root);
    const thread = threads.get(root) ?? [log.find(root)!];
    // The one answered last stands last.
    threads.delete(root);
    threads.set(root, [...thread, entry]);
  }
  return [...threads.values()].reverse();
}
