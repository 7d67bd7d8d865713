import { fromHex } from '../../base/bytes.js';
import { Failure } from '../../base/errors.js';
import type { HistoryMessage, PinsApi } from '../api/peer.js';
import type { MessageRow } from '../storage/tables.js';
import type { Conversations } from './conversation.js';
import type { History } from './history.js';
import { conversationTo } from './recipient.js';

export interface PinsInit {
  readonly history: History;
  readonly conversations: Conversations;
  readonly self: { readonly user: string };
  /** As the history shows it. */
  line(row: MessageRow): HistoryMessage;
}

const EXCERPT = 80;

/** Messages kept in sight: in a group an act of it says which, between two people the latest word of either. */
export class Pins implements PinsApi {
  readonly #init: PinsInit;

  constructor(init: PinsInit) {
    this.#init = init;
  }

  async pin(id: string, pinned: boolean): Promise<void> {
    const { history, conversations } = this.#init;
    const row = await history.find(fromHex(id));
    if (row === undefined || row.deleted) throw new Failure('message-unknown', 'there is no such message here');
    const flat = row.body.replace(/\s+/g, ' ');
    const excerpt = flat.length <= EXCERPT ? flat : `${flat.slice(0, EXCERPT).replace(/[\ud800-\udbff]$/, '')}…`;
    await conversations
      .of(row.conversation)
      .pin(row.id, pinned, `${pinned ? 'Pinned' : 'Not pinned any more'}: ${excerpt}`);
  }

  async list(to: string): Promise<readonly HistoryMessage[]> {
    const { history, conversations, self, line } = this.#init;
    const id = conversationTo(self.user, to);
    const rows = await Promise.all((await conversations.of(id).pins()).map((pin) => history.find(pin)));
    return rows.filter((row) => row && !row.deleted).map((row) => ({ ...line(row!), pinned: true }));
  }
}
