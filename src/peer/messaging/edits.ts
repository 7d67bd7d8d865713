import { fromHex, hex } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import type { LocalStore } from '../../store/local.js';
import type { ChangeContent } from '../../wire/content.js';
import { foldName } from '../../wire/names.js';
import { cleanLine, cleanText } from '../../wire/text.js';
import type { ChangesApi } from '../api/changes.js';
import type { ChangeEvent } from '../api/events.js';
import type { MessageRow, Tables } from '../storage/tables.js';
import type { Conversations } from './conversation.js';
import { EarlyChanges } from './early-changes.js';
import type { History } from './history.js';
import { isMentioned } from './message-content.js';
import { closed, pollState, voted } from './poll.js';
import { sendable } from './sendable.js';
import { takeBack } from './take-back.js';
import type { Transaction } from './transaction.js';

export interface EditsInit {
  readonly history: History;
  readonly self: { readonly user: string };
  readonly disk: LocalStore;
  readonly tables: Tables;
  readonly clock: Clock;
  readonly conversations: Conversations;
  emit(event: ChangeEvent): void;
}

const REACTIONS = 64;

/** What a change looks at, also of a line that has no number yet. */
type Line = Pick<MessageRow, 'id' | 'from' | 'body' | 'deleted' | 'edited' | 'mentioned' | 'reactions' | 'poll'>;

/** What is done to messages that were said: edits, deletions, reactions, votes. */
export class Edits implements ChangesApi {
  readonly #init: EditsInit;
  readonly #early: EarlyChanges;

  constructor(init: EditsInit) {
    this.#init = init;
    this.#early = new EarlyChanges(init.tables, init.clock);
  }

  /**
   * Takes in what `from` did to a message; nothing where they may not. Where the message has not come yet, it is kept until
   * that does. Callers hold the conversation's queue.
   */
  async take(conversation: string, from: string, content: ChangeContent, tx: Transaction): Promise<void> {
    const { history, emit } = this.#init;
    const head = await history.head(conversation);
    let before: MessageRow | undefined;
    const changed = await history.changed(content.id, (row) => {
      before = row;
      return row.conversation === conversation ? this.#applied(row, from, content) : undefined;
    });
    if (changed === undefined) {
      if (before === undefined) await this.#early.keep(conversation, { from, content }, tx);
      return;
    }
    tx.add(...changed.steps);
    if (history.countAgain(head, before!, changed.row)) tx.add(history.saveHead(head));
    tx.afterCommit(() => emit(eventOf(changed.row, from, content)));
  }

  /** A line that comes, as it is after what came before it. Callers hold the conversation's queue. */
  async settled<L extends Line>(conversation: string, line: L, tx: Transaction): Promise<L> {
    let row = line;
    for (const { from, content } of await this.#early.take(conversation, line.id, tx)) {
      row = this.#applied({ ...row, conversation }, from, content) ?? row;
    }
    return row;
  }

  /** @throws Failure usage 'text-empty', limit 'text-too-long' */
  async edit(id: string, text: string): Promise<void> {
    await this.do({ type: 'edit', id: fromHex(id), body: sendable(text) });
  }

  remove(id: string): Promise<void> {
    return this.do({ type: 'delete', id: fromHex(id) });
  }

  /** The same again takes it back. */
  react(id: string, emoji: string): Promise<void> {
    return this.do({ type: 'reaction', id: fromHex(id), emoji: cleanLine(emoji, 16) });
  }

  /** Here, and at the others. @throws Failure as of the changes */
  async do(content: ChangeContent): Promise<void> {
    const { history, self, conversations, emit } = this.#init;
    const row = await history.find(content.id);
    if (row === undefined) throw unknown();
    if (content.type === 'edit' && row.poll) throw new Failure('poll-fixed');
    if (this.#applied(row, self.user, content) === undefined) throw notYours();
    const conversation = conversations.of(row.conversation);
    if (content.type === 'delete' && (await takeBack(conversation, row, this.#init)))
      return emit(eventOf(row, self.user, content));
    await conversation.sendContent(content);
    const changed = await history.update(content.id, (newest) => this.#applied(newest, self.user, content));
    if (changed) emit(eventOf(changed, self.user, content));
  }

  #applied<R extends Line & { readonly conversation: string }>(
    row: R,
    from: string,
    content: ChangeContent,
  ): R | undefined {
    if (row.deleted) return undefined;
    if (content.type === 'reaction') return reacted(row, from, content.emoji);
    if (content.type === 'vote')
      return withPoll(row, row.poll && voted(row.poll, { user: from, ...answerOf(content) }));
    if (foldName(row.from) !== foldName(from)) return undefined;
    if (content.type === 'close') return withPoll(row, row.poll && closed(row.poll, content.at));
    const rest = { ...row };
    delete rest.mentioned;
    if (content.type === 'delete') {
      // An edit that comes behind it is not taken in: nor does one that came before leave a trace.
      delete rest.edited;
      delete rest.poll;
      return { ...rest, body: '', deleted: true, reactions: [] };
    }
    // Who has voted has voted on what it said.
    if (row.poll) return undefined;
    const body = cleanText(content.body);
    const named = isMentioned(body, { conversation: row.conversation, from: row.from, self: this.#init.self.user });
    return { ...rest, body, edited: true, ...(named && { mentioned: true }) };
  }
}

const answerOf = ({ choices, at }: Extract<ChangeContent, { type: 'vote' }>) => ({ choices, at });

const withPoll = <R extends Line>(row: R, poll: Line['poll']): R | undefined => poll && { ...row, poll };

function reacted<R extends Pick<MessageRow, 'reactions'>>(row: R, user: string, emoji: string): R | undefined {
  const before = row.reactions ?? [];
  const others = before.filter((one) => foldName(one.user) !== foldName(user) || one.emoji !== emoji);
  if (others.length < before.length) return { ...row, reactions: others };
  if (before.length >= REACTIONS || emoji === '') return undefined;
  return { ...row, reactions: [...before, { user, emoji: cleanLine(emoji, 16) }] };
}

function eventOf(row: MessageRow, from: string, content: ChangeContent): ChangeEvent {
  const { id, conversation, body } = row;
  const common = { event: 'change' as const, id: hex(id), conversation, from };
  if (content.type === 'edit') return { ...common, change: 'edited', text: body };
  if (content.type === 'delete') return { ...common, change: 'deleted' };
  const poll = row.poll && { poll: pollState(row.poll) };
  if (content.type === 'vote') return { ...common, change: 'voted', ...poll };
  if (content.type === 'close') return { ...common, change: 'closed', ...poll };
  return { ...common, change: 'reaction', reactions: row.reactions ?? [] };
}

const unknown = (): Failure =>
  new Failure('message-unknown', 'there is no such message here', { hint: 'history --json shows the ids.' });

const notYours = (): Failure => new Failure('message-of-others');
