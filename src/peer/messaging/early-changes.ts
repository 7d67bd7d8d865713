import { hex } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import { type ChangeContent, contentCodec, isChangeContent } from '../../wire/content.js';
import type { EarlyChangeRow, Tables } from '../storage/tables.js';
import { decodeContent } from './decode-content.js';
import type { Transaction } from './transaction.js';

/** Changes kept of one message, and messages of one conversation: beyond, it is not the network that mixes them up. */
const CHANGES = 16;
const MESSAGES = 256;

export interface EarlyChange {
  readonly from: string;
  readonly content: ChangeContent;
}

/**
 * Changes that have come before what they change, kept until that comes: whichever way round the two arrive, a device ends
 * with the same line.
 */
export class EarlyChanges {
  readonly #tables: Tables;
  readonly #clock: Clock;
  /** What is being written is not yet found on disk. By conversation and id. */
  readonly #recent = new Map<string, EarlyChangeRow | null>();

  constructor(tables: Tables, clock: Clock) {
    this.#tables = tables;
    this.#clock = clock;
  }

  /** Of a message that has never been here. Callers hold the conversation's queue. */
  async keep(conversation: string, { from, content }: EarlyChange, tx: Transaction): Promise<void> {
    const id = hex(content.id);
    if (await this.#tables.places.get(id)) return;
    const before = await this.#find(conversation, id);
    if (before === undefined && (await this.#isFull(conversation))) return;
    const changes = [...(before?.changes ?? []), { from, content: contentCodec.encode(content) }];
    if (changes.length > CHANGES) return;
    const row = { id: content.id, conversation, at: this.#clock.now(), changes };
    this.#remember(conversation, id, row);
    tx.add(this.#tables.earlyChanges.put([conversation, id], row));
  }

  /** What came before this message did, in its order; from now on it is with the message. */
  async take(conversation: string, id: Uint8Array, tx: Transaction): Promise<readonly EarlyChange[]> {
    const found = await this.#find(conversation, hex(id));
    if (found === undefined) return [];
    this.#remember(conversation, hex(id), null);
    tx.add(this.#tables.earlyChanges.remove([conversation, hex(id)]));
    return found.changes.flatMap(({ from, content: encoded }) => {
      const content = decodeContent(encoded);
      return content && isChangeContent(content) ? [{ from, content }] : [];
    });
  }

  async #find(conversation: string, id: string): Promise<EarlyChangeRow | undefined> {
    const recent = this.#recent.get(`${conversation} ${id}`);
    if (recent !== undefined) return recent ?? undefined;
    return this.#tables.earlyChanges.get(conversation, id);
  }

  async #isFull(conversation: string): Promise<boolean> {
    let kept = 0;
    for await (const _ of this.#tables.earlyChanges.range([conversation], { limit: MESSAGES })) kept++;
    return kept >= MESSAGES;
  }

  #remember(conversation: string, id: string, row: EarlyChangeRow | null): void {
    this.#recent.set(`${conversation} ${id}`, row);
    if (this.#recent.size > MESSAGES) this.#recent.delete(this.#recent.keys().next().value!);
  }
}
