import { Failure } from '../../base/errors.js';
import type { ConversationSummary, HistoryMessage, SendResult, UserSummary } from '../../peer/api.js';
import type { DeliveryState, MessageEvent, PeerEvent, SentEvent, TrustEvent, Via } from '../../peer/events.js';
import type { PresenceState } from '../../wire/directory.js';
import { cleanLine, cleanText } from '../../wire/text.js';
import type { Entry } from '../log/entry.js';
import { Checklist } from './checklist.js';
import { type Conversation, firstOfLast, newConversation, toEntry } from './conversation.js';
import { trustSays } from './trust.js';

export interface Person {
  readonly user: string;
  presence: PresenceState;
  trust: TrustEvent['change'] | undefined;
  /** How their last message came. */
  via: Via | undefined;
}

/** The program's own page: what it says while no conversation is open. */
export const HOME = '*p2pchat';

const rank = (id: string): number => '*#@'.indexOf(id[0] ?? '');

/** What an event asks of the one who drives the screen. */
export type Effect =
  | { readonly type: 'notify'; readonly conversation: string; readonly mention: boolean }
  /** One's own message that was sent elsewhere on this device: by a command, or a one-shot on the same profile. */
  | { readonly type: 'refresh'; readonly conversation: string };

const STATES: readonly (DeliveryState | 'failed')[] = ['failed', 'queued', 'stored', 'delivered', 'read'];

/**
 * What the screen shows, made of the peer's events and answers alone. It does no I/O and knows no terminal; times are
 * arguments. Fields are read by the painters and changed only here.
 */
export class ChatModel {
  readonly user: string;
  readonly conversations = new Map<string, Conversation>();
  readonly people = new Map<string, Person>();
  readonly checklist: Checklist;
  directory: 'online' | 'offline';
  /** Milliseconds since 1970 of the next try to reach the directory. */
  retryAt: number | undefined;
  selected: string = HOME;
  /** Whether somebody looks at the screen; what arrives otherwise is unread. */
  focused = true;
  /** While the peer repeats what came before: it is counted already. */
  replaying = false;
  #local = 0;
  #unconfirmed = 0;
  /** States that arrived before the answer to the sending did; kept only while one is awaited. */
  readonly #early = new Map<string, DeliveryState>();

  constructor(user: string, directory: 'online' | 'offline', checklist = new Checklist()) {
    this.user = user;
    this.directory = directory;
    this.checklist = checklist;
    this.conversation(HOME).loaded = 'all';
  }

  get current(): Conversation {
    return this.conversation(this.selected);
  }

  /** The program's own page, groups, people; each by name. */
  get order(): readonly Conversation[] {
    return Array.from(this.conversations.values()).sort((a, b) => rank(a.id) - rank(b.id) || (a.id < b.id ? -1 : 1));
  }

  conversation(id: string): Conversation {
    let found = this.conversations.get(id);
    if (found === undefined) {
      found = newConversation(id);
      this.conversations.set(id, found);
    }
    return found;
  }

  person(user: string): Person {
    let found = this.people.get(user);
    if (found === undefined) {
      found = { user, presence: 'offline', trust: undefined, via: undefined };
      this.people.set(user, found);
    }
    return found;
  }

  /** Opens a conversation: the draft of the one before is the caller's to keep. */
  select(id: string): Conversation {
    const before = this.current;
    if (before.id !== id) before.firstUnread = undefined;
    this.selected = id;
    const opened = this.conversation(id);
    this.#read(opened);
    return opened;
  }

  setFocused(focused: boolean): void {
    this.focused = focused;
    if (focused) this.#read(this.current);
  }

  /** What is in sight is read. */
  #read(conversation: Conversation): void {
    conversation.readPending ||= conversation.unread > 0;
    conversation.unread = 0;
    conversation.mentions = 0;
  }

  setUsers(users: readonly UserSummary[]): void {
    for (const { user, state } of users) if (user !== this.user) this.person(cleanLine(user)).presence = state;
  }

  setConversations(summaries: readonly ConversationSummary[]): void {
    for (const { conversation, unread } of summaries) this.conversation(cleanLine(conversation)).unread = unread;
  }

  /** A page of history, oldest first; `whole` where nothing is older. */
  addHistory(id: string, page: readonly HistoryMessage[], whole: boolean, unread = 0): void {
    const conversation = this.mergeHistory(id, page);
    conversation.loaded = whole ? 'all' : 'part';
    if (unread > 0) conversation.firstUnread ??= firstOfLast(page, unread, this.user);
  }

  /** Messages that belong in the log, wherever in it. */
  mergeHistory(id: string, page: readonly HistoryMessage[]): Conversation {
    const conversation = this.conversation(id);
    conversation.log.merge(page.map((message) => toEntry(message, this.user)));
    return conversation;
  }

  apply(event: PeerEvent, now: number): readonly Effect[] {
    switch (event.event) {
      case 'ready':
        this.directory = event.directory;
        return [];
      case 'message':
        return this.#message(event);
      case 'sent':
        return this.#sent(event);
      case 'presence':
        if (event.user !== this.user) this.person(cleanLine(event.user)).presence = event.state;
        return [];
      case 'directory':
        this.directory = event.state;
        this.retryAt = event.retryIn === undefined ? undefined : now + event.retryIn;
        return [];
      case 'trust':
        this.#trust(event, now);
        return [];
      case 'error':
        this.fail(new Failure('internal', event.code, event.message, { hint: event.hint }), now);
        return [];
      default:
        return [];
    }
  }

  #message(event: MessageEvent): readonly Effect[] {
    const conversation = this.conversation(cleanLine(event.conversation));
    const entry = toEntry(event, this.user);
    if (this.replaying) return this.#repeated(conversation, entry);
    if (!conversation.log.append(entry)) return [];
    if (entry.own) return [];
    if (event.history !== true && event.via !== 'group') this.person(entry.from).via = event.via;
    const seen = this.selected === conversation.id && this.focused && conversation.view.following;
    if (seen) {
      conversation.readPending = true;
      return [];
    }
    conversation.unread += 1;
    if (entry.mentioned) conversation.mentions += 1;
    conversation.firstUnread ??= entry.id;
    const speaks = event.history !== true && (entry.mentioned === true || conversation.id.startsWith('@'));
    return speaks ? [{ type: 'notify', conversation: conversation.id, mention: entry.mentioned === true }] : [];
  }

  /** Opening its conversation will load it; until then a mention in it is to be seen. */
  #repeated(conversation: Conversation, entry: Entry): readonly Effect[] {
    if (conversation.loaded !== 'nothing') conversation.log.append(entry);
    else if (entry.mentioned && conversation.unread > 0) conversation.mentions += 1;
    return [];
  }

  #sent({ id, conversation, state }: SentEvent): readonly Effect[] {
    const { log, loaded } = this.conversation(cleanLine(conversation));
    if (state === 'delivered' || state === 'read') this.checklist.tick('message');
    const raised = log.replace(id, (entry) =>
      STATES.indexOf(entry.state ?? 'queued') >= STATES.indexOf(state) ? entry : { ...entry, state },
    );
    if (raised !== undefined) return [];
    if (this.#unconfirmed > 0) this.#early.set(id, state);
    return loaded === 'nothing' || this.#unconfirmed > 0 ? [] : [{ type: 'refresh', conversation }];
  }

  #trust({ user, change }: TrustEvent, now: number): void {
    const name = cleanLine(user);
    this.person(name).trust = change;
    if (change === 'verified') this.checklist.tick('verify');
    const { text, kind } = trustSays(change, name);
    this.notice(text, now, { conversation: `@${name}`, kind });
  }

  /** One's own message, shown before the peer has it on disk. @returns the id it has until `confirmed` */
  sending(conversation: string, text: string, now: number): string {
    const id = `local-${++this.#local}`;
    this.#unconfirmed += 1;
    const opened = this.conversation(conversation);
    opened.firstUnread = undefined;
    opened.view.toEnd();
    opened.log.append({
      id,
      kind: 'message',
      at: now,
      from: this.user,
      own: true,
      text: cleanText(text),
      state: 'queued',
    });
    this.checklist.tick('hi');
    return id;
  }

  /** The peer has it: from now on the message goes by its own id. */
  confirmed(localId: string, to: string, result: SendResult): void {
    const state = this.#early.get(result.id) ?? result.state;
    this.#settled();
    this.conversation(to).log.replace(localId, (entry) => ({ ...entry, id: result.id, state }));
  }

  /** It was not even queued. */
  refused(localId: string, to: string, failure: Failure, now: number): void {
    this.#settled();
    this.conversation(to).log.replace(localId, (entry) => ({ ...entry, state: 'failed' }));
    this.fail(failure, now, to);
  }

  #settled(): void {
    this.#unconfirmed -= 1;
    if (this.#unconfirmed === 0) this.#early.clear();
  }

  /** A line of the program itself, in the open conversation unless another is named. */
  notice(
    text: string,
    now: number,
    init: { readonly conversation?: string; readonly kind?: Entry['kind'] } = {},
  ): void {
    const where = init.conversation ?? this.selected;
    const kind = init.kind ?? 'notice';
    const id = `local-${++this.#local}`;
    this.conversation(where).log.append({ id, kind, at: now, from: '', own: false, text: cleanText(text) });
  }

  /** An error always says the next step, where one is known. */
  fail(failure: Failure, now: number, conversation?: string): void {
    const text = failure.hint === '' ? failure.message : `${failure.message} ${failure.hint}`;
    this.notice(text, now, { kind: 'error', ...(conversation !== undefined && { conversation }) });
  }
}
