import type { Step } from '../../../store/local.js';
import type { GroupEntry } from '../../../wire/groups.js';

export type Entry<K extends GroupEntry['kind']> = Extract<GroupEntry, { kind: K }>;

/** What follows from entries once they are on disk. */
export interface Taken {
  readonly steps: Step[];
  readonly effects: (() => void)[];
}

export interface Batch extends Taken {
  /** Of the messages in it, which are not on disk yet. */
  readonly ids: Set<string>;
  /** All of them are lines, which are known by their ids when they are read again. */
  areLines: boolean;
}
