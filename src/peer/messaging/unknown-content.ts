import type { LocalStore, Step } from '../../store/local.js';
import type { Content } from '../../wire/content.js';
import type { LaterRow, Tables } from '../storage/tables.js';
import type { Conversations } from './conversation.js';
import { decodeContent } from './decode-content.js';
import { Transaction } from './transaction.js';

export interface UnknownContentInit {
  readonly tables: Tables;
  readonly disk: LocalStore;
  readonly conversations: Conversations;
  /** Takes in what has become known. */
  take(row: LaterRow, content: Content, tx: Transaction): Promise<void>;
}

/** Kept at most, so that nobody fills the disk with what nobody understands: the oldest go first. */
const KEPT = 256;
const KEPT_BYTES = 64 << 10;

/** What newer programs have said and this one does not understand: kept, until a newer one on this profile does. */
export class UnknownContent {
  readonly #init: UnknownContentInit;
  readonly #orders: number[] = [];

  constructor(init: UnknownContentInit) {
    this.#init = init;
  }

  /** Steps that keep it, beside the memory that it came. */
  keep(row: Omit<LaterRow, 'order'>): Step[] {
    if (row.content.length > KEPT_BYTES) return [];
    const { later } = this.#init.tables;
    const order = (this.#orders.at(-1) ?? 0) + 1;
    this.#orders.push(order);
    const oldest = this.#orders.length > KEPT ? this.#orders.splice(0, 1) : [];
    return [later.put(['all', order], { ...row, order }), ...oldest.map((one) => later.remove(['all', one]))];
  }

  /** Takes in what has become known since it came. */
  async load(): Promise<void> {
    const { tables, disk, conversations, take } = this.#init;
    for await (const row of tables.later.range(['all'])) {
      const content = decodeContent(row.content);
      if (content === undefined) {
        this.#orders.push(row.order);
        continue;
      }
      await conversations.of(row.conversation).enqueue(async () => {
        const tx = new Transaction();
        tx.add(tables.later.remove(['all', row.order]));
        await take(row, content, tx);
        await tx.commit(disk);
      });
    }
  }
}
