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
  /** By conversation, the ids of the messages of which any are kept: hardly one that comes is among them, and none is read for. */
  readonly #kept = new Map<string, Set<string>>();

  constructor(tables: Tables, clock: Clock) {
    this.#tables = tables;
    this.#clock = clock;
  }

  /** Of a message that has never been here. Callers hold the conversation's queue. */
  async keep(conversation: string, { from, content }: EarlyChange, tx: Transaction): Promise<void> {
    const id = hex(content.id);
    if (await this.#tables.places.get(id)) return;
    const kept = await this.#keptOf(conversation);
    const before = kept.has(id) ? await this.#find(conversation, id) : undefined;
    if (before === undefined && kept.size >= MESSAGES) return;
    const changes = [...(before?.changes ?? []), { from, content: contentCodec.encode(content) }];
    if (changes.length > CHANGES) return;
    const row = { id: content.id, conversation, at: this.#clock.now(), changes };
    this.#remember(conversation, id, row);
    kept.add(id);
    tx.add(this.#tables.earlyChanges.put([conversation, id], row));
  }

  /** What came before this message did, in its order; from now on it is with the message. */
  async take(conversation: string, id: Uint8Array, tx: Transaction): Promise<readonly EarlyChange[]> {
    const name = hex(id);
    const kept = await this.#keptOf(conversation);
    const found = kept.has(name) ? await this.#find(conversation, name) : undefined;
    if (found === undefined) return [];
    this.#remember(conversation, name, null);
    tx.add(this.#tables.earlyChanges.remove([conversation, name]));
    tx.afterCommit(() => kept.delete(name));
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

  async #keptOf(conversation: string): Promise<Set<string>> {
    const known = this.#kept.get(conversation);
    if (known !== undefined) return known;
    const kept = new Set<string>();
    for await (const { id } of this.#tables.earlyChanges.range([conversation])) kept.add(hex(id));
    this.#kept.set(conversation, kept);
    return kept;
  }

  #remember(conversation: string, id: string, row: EarlyChangeRow | null): void {
    this.#recent.set(`${conversation} ${id}`, row);
    if (this.#recent.size > MESSAGES) this.#recent.delete(this.#recent.keys().next().value!);
  }
}
