import { hex } from '../../base/bytes.js';
import { foldText } from '../../wire/text.js';
import type { ConversationSummary, HistoryMessage, HistoryQuery, SearchQuery } from '../api/peer.js';
import type { MessageRow, PositionRow, Tables } from '../storage/tables.js';
import { isGroupId } from './conversation.js';
import { unreadOf } from './history.js';
import { hide, type LineLook, seqOf, toLine, UNPLACED } from './message-view.js';

const DEFAULT_PAGE = 50;
const DEFAULT_FINDS = 100;

/** The history as a person reads it: page by page, by words, or all of it. */
export class HistoryReader {
  readonly #tables: Tables;
  readonly #look: LineLook;
  readonly #pins: (conversation: string) => Promise<readonly Uint8Array[]>;

  constructor(tables: Tables, look: LineLook, pins: (conversation: string) => Promise<readonly Uint8Array[]>) {
    this.#pins = pins;
    this.#tables = tables;
    this.#look = look;
  }

  async page({ conversation, before, limit = DEFAULT_PAGE }: HistoryQuery): Promise<readonly HistoryMessage[]> {
    const place = before === undefined ? undefined : await this.#tables.places.get(before);
    const rows = await collect(
      this.#tables.messages.range([conversation], {
        ...{ limit, reverse: true },
        ...shown(conversation),
        ...(place && { below: place.number }),
      }),
    );
    return this.#lines(conversation, rows.reverse());
  }

  /** Of groups, with who has read them. */
  async #lines(conversation: string, rows: readonly MessageRow[]): Promise<HistoryMessage[]> {
    const positions = isGroupId(conversation) ? await collect(this.#tables.positions.range([conversation])) : [];
    const pins = new Set((await this.#pins(conversation)).map(hex));
    return rows.map((row) => {
      const line = this.line(row, positions);
      return pins.has(line.id) ? { ...line, pinned: true as const } : line;
    });
  }

  /** Without the reactions of those who are blocked. */
  #seen(row: MessageRow): MessageRow {
    const { reactions } = row;
    if (!reactions?.some(({ user }) => this.#look.isBlocked(user))) return row;
    return { ...row, reactions: reactions.filter(({ user }) => !this.#look.isBlocked(user)) };
  }

  line(row: MessageRow, positions: readonly PositionRow[] = []): HistoryMessage {
    const seq = seqOf(row);
    const by = row.state === undefined || seq === undefined ? [] : positions.filter((one) => isReadAt(one, seq));
    const line = { ...toLine(this.#seen(row)), ...(by.length > 0 && { readBy: by.map(({ user }) => user).sort() }) };
    return this.#look.isHidden(row) ? hide(line) : line;
  }

  async conversations(): Promise<readonly ConversationSummary[]> {
    const summaries: ConversationSummary[] = [];
    for await (const head of this.#tables.conversations.range([])) {
      if (head.last === 0) continue;
      const last = (
        await collect(
          this.#tables.messages.range([head.conversation], { limit: 1, reverse: true, ...shown(head.conversation) }),
        )
      )[0];
      summaries.push({
        conversation: head.conversation,
        unread: unreadOf(head),
        mentions: head.mentions ?? 0,
        ...(this.#look.isMuted({ conversation: head.conversation, from: '' } as MessageRow) && { muted: true }),
        ...(last && { last: this.line(last) }),
      });
    }
    return summaries.sort((a, b) => (b.last?.receivedAt ?? '').localeCompare(a.last?.receivedAt ?? ''));
  }

  /** The newest matches, oldest first. */
  async search(query: SearchQuery): Promise<readonly HistoryMessage[]> {
    const words = foldText(query.words).split(/\s+/).filter(Boolean);
    const limit = query.limit ?? DEFAULT_FINDS;
    const found: MessageRow[] = [];
    for (const name of await this.#names(query.conversation)) {
      const wanted = (row: MessageRow): boolean => !this.#look.isHidden(row) && matches(row, words, query);
      found.push(...(await this.#newest(name, limit, wanted)));
    }
    return found
      .sort((a, b) => a.receivedAt - b.receivedAt)
      .slice(-limit)
      .map((row) => this.line(row));
  }

  async #newest(conversation: string, limit: number, wanted: (row: MessageRow) => boolean): Promise<MessageRow[]> {
    const found: MessageRow[] = [];
    for await (const row of this.#tables.messages.range([conversation], { reverse: true, ...shown(conversation) })) {
      if (wanted(row)) found.push(row);
      if (found.length === limit) break;
    }
    // Lines of one millisecond keep their order through the sort by time.
    return found.reverse();
  }

  async #names(conversation: string | undefined): Promise<readonly string[]> {
    if (conversation !== undefined) return [conversation];
    return (await this.conversations()).map((one) => one.conversation);
  }

  async *all(conversation?: string): AsyncGenerator<HistoryMessage> {
    for (const name of await this.#names(conversation)) {
      for await (const row of this.#tables.messages.range([name], shown(name))) yield this.line(row);
    }
  }
}

/** Lines of another device wait behind all others of a direct conversation until their place is known. */
const shown = (conversation: string): { below?: number } => (isGroupId(conversation) ? {} : { below: UNPLACED });

function matches(row: MessageRow, words: readonly string[], { from, since, until }: SearchQuery): boolean {
  if (from !== undefined && row.from !== from) return false;
  if (since !== undefined && row.sentAt < since) return false;
  if (until !== undefined && row.sentAt >= until) return false;
  const body = foldText(row.body);
  return words.every((word) => body.includes(word));
}

const isReadAt = ({ earlier = [], ...now }: PositionRow, seq: number): boolean =>
  [now, ...earlier].some(({ through, from = 0 }) => seq >= from && seq <= through);

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
