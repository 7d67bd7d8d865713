import { fromHex, hex } from '../base/bytes.js';
import { Failure } from '../base/errors.js';
import type { LocalStore } from '../store/local.js';
import type { ChangeContent, Content } from '../wire/content.js';
import { foldName } from '../wire/names.js';
import { cleanLine, cleanText } from '../wire/text.js';
import type { ChangeEvent } from './events.js';
import type { History } from './history.js';
import type { MessageRow } from './rows.js';

export interface ChangesInit {
  readonly history: History;
  readonly disk: LocalStore;
  readonly self: { readonly user: string };
  /** To everybody who has the message. */
  send(conversation: string, content: Content): Promise<unknown>;
  emit(event: ChangeEvent): void;
}

const REACTIONS = 64;

/** What is done to messages that were said: edits, deletions, reactions. */
export class Changes {
  readonly #init: ChangesInit;
  #last: Promise<void> = Promise.resolve();

  constructor(init: ChangesInit) {
    this.#init = init;
  }

  /** Carries out what `from` did, one after the other; nothing where he may not, or the message is not there. */
  take(conversation: string, from: string, content: ChangeContent): Promise<void> {
    const taken = this.#last.then(() => this.#take(conversation, from, content));
    this.#last = taken.catch(() => {});
    return taken;
  }

  async #take(conversation: string, from: string, content: ChangeContent): Promise<void> {
    const { history, disk, emit } = this.#init;
    const row = await history.find(content.id);
    const changed = row?.conversation === conversation ? applied(row, from, content) : undefined;
    if (changed === undefined) return;
    await disk.write([history.replace(changed)]);
    emit(eventOf(changed, from, content));
  }

  edit(id: string, text: string): Promise<void> {
    return this.#do({ type: 'edit', id: fromHex(id), body: cleanText(text) });
  }

  remove(id: string): Promise<void> {
    return this.#do({ type: 'delete', id: fromHex(id) });
  }

  /** The same again takes it back. */
  react(id: string, emoji: string): Promise<void> {
    return this.#do({ type: 'reaction', id: fromHex(id), emoji: cleanLine(emoji, 16) });
  }

  async #do(content: ChangeContent): Promise<void> {
    const { history, self, send } = this.#init;
    const row = await history.find(content.id);
    if (row === undefined) throw unknown();
    if (applied(row, self.user, content) === undefined) throw notYours();
    await send(row.conversation, content);
    await this.take(row.conversation, self.user, content);
  }
}

function applied(row: MessageRow, from: string, content: ChangeContent): MessageRow | undefined {
  if (row.deleted) return undefined;
  if (content.type === 'reaction') return reacted(row, from, content.emoji);
  if (foldName(row.from) !== foldName(from)) return undefined;
  if (content.type === 'delete') return { ...row, body: '', deleted: true, reactions: [] };
  return { ...row, body: cleanText(content.body), edited: true };
}

function reacted(row: MessageRow, user: string, emoji: string): MessageRow | undefined {
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
  return { ...common, change: 'reaction', reactions: row.reactions ?? [] };
}

const unknown = (): Failure =>
  new Failure('unknown', 'message-unknown', 'there is no such message here', { hint: 'history --json shows the ids.' });

const notYours = (): Failure =>
  new Failure('denied', 'message-of-others', 'that message cannot be changed by you', {
    hint: 'Only its author edits or deletes a message.',
  });
