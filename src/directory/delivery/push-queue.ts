import type { MailboxEntry } from '../../wire/directory.js';

export interface PushQueueInit {
  /** Whether the reader keeps up. */
  hasRoom(): boolean;
  send(entry: MailboxEntry): void;
  /** Entries after a position, from the log. */
  read(after: number): Promise<{ readonly entries: readonly MailboxEntry[]; readonly more: boolean }>;
  onError(error: unknown): void;
}

/**
 * Pushes a mailbox's entries to its device in order of their positions. What can't be pushed at once, because the reader
 * is slow or a position is missing, is not held: it is read from the log when there is room.
 */
export class PushQueue {
  readonly #init: PushQueueInit;
  /** The last position pushed; undefined before the first: what was there before, the device reads itself. */
  #pushed: number | undefined;
  #behind = false;
  #reading = false;
  #arrived = false;

  constructor(init: PushQueueInit) {
    this.#init = init;
  }

  push(entries: readonly MailboxEntry[]): void {
    for (const entry of entries) {
      this.#pushed ??= entry.position - 1;
      if (entry.position <= this.#pushed) continue;
      if (this.#behind || entry.position !== this.#pushed + 1 || !this.#init.hasRoom()) {
        this.#behind = true;
        this.#arrived = true;
      } else {
        this.#send(entry);
      }
    }
    if (this.#behind) this.drained();
  }

  /** There may be room again. */
  drained(): void {
    if (!this.#behind || this.#reading || !this.#init.hasRoom()) return;
    this.#reading = true;
    this.#catchUp()
      .catch(this.#init.onError)
      .finally(() => {
        this.#reading = false;
      });
  }

  async #catchUp(): Promise<void> {
    while (this.#init.hasRoom()) {
      this.#arrived = false;
      const { entries, more } = await this.#init.read(this.#pushed ?? 0);
      for (const entry of entries) if (entry.position > (this.#pushed ?? 0)) this.#send(entry);
      if (more || this.#arrived) continue;
      this.#behind = false;
      return;
    }
  }

  #send(entry: MailboxEntry): void {
    this.#pushed = entry.position;
    this.#init.send(entry);
  }
}
