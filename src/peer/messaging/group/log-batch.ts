import type { GroupEntry } from '../../../wire/groups.js';
import { Transaction } from '../transaction.js';

export type Entry<K extends GroupEntry['kind']> = Extract<GroupEntry, { kind: K }>;

/** Entries of a log that are taken in with one write. */
export class LogBatch extends Transaction {
  /** Of the messages in it, which are not on disk yet. */
  readonly ids = new Set<string>();
  /** All of them are lines, which are known by their ids when they are read again. */
  areLines = true;
}
