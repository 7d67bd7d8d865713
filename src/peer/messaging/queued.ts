import type { LocalStore, Step } from '../../store/local.js';
import type { MessageRow } from '../storage/tables.js';
import type { DirectSender } from './direct/sender.js';
import type { Groups } from './group/groups.js';
import type { History } from './history.js';

export interface QueuedInit {
  readonly disk: LocalStore;
  readonly history: History;
  messenger(): DirectSender;
  named(): Groups;
}

/** The queues of conversations, whether between two or of a group, and the messages of one's own that wait in them. */
export class Queued {
  readonly #init: QueuedInit;

  constructor(init: QueuedInit) {
    this.#init = init;
  }

  /** Runs work on a conversation, one after the other. */
  run<T>(conversation: string, work: () => Promise<T>): Promise<T> {
    const name = conversation.slice(1);
    const { named, messenger } = this.#init;
    return conversation.startsWith('#') ? named().inQueue(name, work) : messenger().enqueue(name, work);
  }

  /** What has not left of a message leaves no more. In the conversation's queue; the steps are to be written. */
  withdraw({ id, conversation, state }: MessageRow): Step[] {
    const name = conversation.slice(1);
    if (state === undefined) return [];
    const { named, messenger } = this.#init;
    return conversation.startsWith('#') ? named().withdraw(name, id) : messenger().withdraw(id, name);
  }

  /**
   * A message that nobody has yet is gone, as if it had not been written; one between two people that only some devices have
   * goes to no more of them. In a group it keeps its place: those who have it take it for one that gets there.
   * @returns whether nobody had it
   */
  unsay(row: MessageRow): Promise<boolean> {
    const { disk, history } = this.#init;
    return this.run(row.conversation, async () => {
      if (row.state === 'failed') {
        await disk.write(history.forget(row));
        return true;
      }
      if (row.state !== 'queued' || !this.#isUnsent(row)) {
        if (row.conversation.startsWith('@')) await disk.write(this.withdraw(row));
        return false;
      }
      await disk.write([...this.withdraw(row), ...history.forget(row)]);
      return true;
    });
  }

  #isUnsent({ id, conversation }: MessageRow): boolean {
    const name = conversation.slice(1);
    const { named, messenger } = this.#init;
    return conversation.startsWith('#') ? named().isUnsent(name, id) : messenger().isUnsent(id, name);
  }
}
