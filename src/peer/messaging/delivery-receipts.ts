import { hex } from '../../base/bytes.js';
import type { Content } from '../../wire/content.js';

const IDS_PER_CONTENT = 256;

/**
 * What a sender has to be told of messages that came by the mailbox: that they are here, or that they can't be opened
 * here and are to be sealed again. Gathered while the mailbox is emptied, and sent together.
 */
export class DeliveryReceipts {
  readonly #delivered = new Map<string, Uint8Array[]>();
  readonly #unreadable = new Map<string, Uint8Array[]>();
  /** Asked for once by this program: what comes unreadable again stays so. */
  readonly #asked = new Set<string>();

  delivered(user: string, id: Uint8Array): void {
    add(this.#delivered, user, id);
  }

  unreadable(user: string, id: Uint8Array): void {
    if (this.#asked.has(hex(id))) return;
    this.#asked.add(hex(id));
    add(this.#unreadable, user, id);
  }

  /** What is due, and no longer noted here. */
  *take(): Generator<{ user: string; content: Content }> {
    for (const [user, ids] of drained(this.#delivered))
      yield { user, content: { type: 'receipt', state: 'delivered', ids } };
    for (const [user, ids] of drained(this.#unreadable)) yield { user, content: { type: 'resend', ids } };
  }
}

function add(notes: Map<string, Uint8Array[]>, user: string, id: Uint8Array): void {
  const ids = notes.get(user) ?? [];
  ids.push(id);
  notes.set(user, ids);
}

function* drained(notes: Map<string, Uint8Array[]>): Generator<[string, Uint8Array[]]> {
  for (const [user, ids] of notes) {
    while (ids.length > 0) yield [user, ids.splice(0, IDS_PER_CONTENT)];
    notes.delete(user);
  }
}
