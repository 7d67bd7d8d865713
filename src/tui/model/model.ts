import { Failure } from '../../base/errors.js';
import { codeNotice, deviceNotice, historyNotice, upgradeNotice } from '../../commands/device-lines.js';
import { guestNotice } from '../../commands/guest-lines.js';
import { inWordsOf } from '../../commands/words-of-face.js';
import type {
  AccountEvent,
  ChangeEvent,
  MessageEvent,
  PeerEvent,
  TrustEvent,
  TypingEvent,
  UnreadEvent,
} from '../../peer/api/events.js';
import type { GroupMember, GroupSummary } from '../../peer/api/groups.js';
import type { ConversationNote } from '../../peer/api/notes.js';
import type { ConversationSummary, HistoryMessage, UserSummary } from '../../peer/api/peer.js';
import { cleanLine, cleanText, cleanWhole, FAILURE_CAP } from '../../wire/text.js';
import type { Entry } from '../log/entry.js';
import { failureText } from '../text/sentence.js';
import { changeSays } from './changes.js';
import { Checklist } from './checklist.js';
import { type Conversation, cleanPoll, counted, firstOfLast, HOME, newConversation } from './conversation.js';
import { Files } from './files.js';
import { GroupEvents } from './group-events.js';
import type { Groups } from './groups.js';
import type { Effect, ModelHost } from './host.js';
import { Numbers } from './numbers.js';
import { OwnMessages } from './own.js';
import { People } from './people.js';
import type { Transfers } from './transfers.js';
import { trustSays } from './trust.js';

/** A trouble that is told again so soon is the same one. */
const TROUBLE_MS = 10 * 60_000;

const shownAs = (failure: Failure): string => cleanLine(inWordsOf('slash', failureText(failure)), FAILURE_CAP);

const rank = (id: string): number => '*#@'.indexOf(id[0] ?? '');
const inOrder = (a: string, b: string): number => rank(a) - rank(b) || (a < b ? -1 : 1);

/**
 * What the screen shows, made of the peer's events and answers alone. It does no I/O and knows no terminal; times are
 * arguments. Fields are read by the painters and changed only here.
 */
export class ChatModel implements ModelHost {
  readonly user: string;
  readonly conversations = new Map<string, Conversation>();
  readonly numbers = new Numbers(this.conversations);
  readonly people: People;
  readonly own = new OwnMessages(this);
  readonly files = new Files(this);
  readonly #groupEvents = new GroupEvents(this);
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

  constructor(user: string, directory: 'online' | 'offline', checklist = new Checklist({ dismissed: true })) {
    this.user = user;
    this.directory = directory;
    this.checklist = checklist;
    this.people = new People(user);
    this.conversation(HOME).loaded = 'all';
  }

  get transfers(): Transfers {
    return this.files.transfers;
  }

  get groups(): Groups {
    return this.#groupEvents.groups;
  }

  nextNumber(): number {
    return ++this.#local;
  }

  get current(): Conversation {
    return this.conversation(this.selected);
  }

  /** The program's own page, groups, people; each by name. */
  get order(): readonly Conversation[] {
    return Array.from(this.conversations.values()).sort((a, b) => inOrder(a.id, b.id));
  }

  conversation(id: string): Conversation {
    let found = this.conversations.get(id);
    if (found === undefined) {
      found = newConversation(id, this.numbers.next(id));
      this.conversations.set(id, found);
    }
    return found;
  }

  /** Opens a conversation: the draft of the one before is the caller's to keep. */
  select(id: string): Conversation {
    const before = this.current;
    if (before.id !== id) before.firstUnread = undefined;
    this.selected = id;
    const opened = this.conversation(id);
    opened.openedAt = this.nextNumber();
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
    for (const { user, state } of users) this.people.setPresence(user, state);
  }

  /** What was left lying at conversations before. */
  setNotes(notes: readonly ConversationNote[]): void {
    for (const { conversation, number } of notes) {
      const known = this.conversations.get(conversation);
      if (known === undefined) this.numbers.keep(conversation, number);
      else if (number > 0) this.numbers.give(known, number);
    }
    for (const { conversation, draft } of notes) this.conversation(conversation).draft = draft;
  }

  setConversations(summaries: readonly ConversationSummary[]): void {
    const ordered = [...summaries].sort((a, b) => inOrder(a.conversation, b.conversation));
    for (const { conversation, unread, mentions = 0, muted = false, expire = 0 } of ordered) {
      Object.assign(this.conversation(cleanLine(conversation)), { unread, mentions, muted, expire });
    }
  }

  /** @param names `@user` and `#group` */
  setMuted(names: readonly string[]): void {
    for (const conversation of this.conversations.values()) conversation.muted = names.includes(conversation.id);
  }

  /** The groups one is in or invited to get a place; what could be entered is known for completion. */
  setGroups(summaries: readonly GroupSummary[]): void {
    for (const { group, kind, state } of summaries) {
      const info = this.groups.group(cleanLine(group));
      Object.assign(info, { kind, state });
      if (state !== 'none') this.conversation(info.id);
    }
  }

  setPins(id: string, pins: readonly HistoryMessage[]): void {
    this.conversation(id).pins = pins.map((message) => this.files.entryOf(message));
  }

  setMembers(id: string, members: readonly GroupMember[]): void {
    const clean = members.map((member) => ({ ...member, user: cleanLine(member.user) }));
    this.groups.group(id).members = clean.sort((a, b) => (a.user.toLowerCase() < b.user.toLowerCase() ? -1 : 1));
    for (const { user, presence } of clean) if (presence !== undefined) this.people.setPresence(user, presence);
  }

  /** A page of history, oldest first; `whole` where nothing is older. */
  addHistory(id: string, page: readonly HistoryMessage[], whole: boolean, now: number, unread = 0): void {
    const conversation = this.mergeHistory(id, page);
    conversation.loaded = whole ? 'all' : 'part';
    this.files.place(conversation, now);
    if (unread > 0) conversation.firstUnread ??= firstOfLast(page, unread, this.user);
  }

  /** Messages that belong in the log, wherever in it. */
  mergeHistory(id: string, page: readonly HistoryMessage[]): Conversation {
    const conversation = this.conversation(id);
    conversation.log.merge(page.map((message) => this.files.entryOf(message)));
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
        return this.own.sent(event);
      case 'change':
        return this.#change(event, now);
      case 'transfer':
        return this.files.transfer(event, now);
      case 'upload':
        this.files.upload(event, now);
        return [];
      case 'guest':
        for (const line of guestNotice(event, now)) this.notice(line.replace(/^-- /, ''), now);
        return [];
      case 'group':
        return this.#groupEvents.group(event, now);
      case 'moderation':
        return this.#groupEvents.moderation(event, now);
      case 'typing':
        this.#typing(event);
        return [];
      case 'unread':
        return this.#unread(event);
      case 'setting':
        this.#groupEvents.setting(event, now);
        return [];
      case 'presence':
        this.people.setPresence(event.user, event.state);
        return [];
      case 'link':
        this.people.setLink(event);
        return [];
      case 'directory':
        this.directory = event.state;
        this.retryAt = event.retryIn === undefined ? undefined : now + event.retryIn;
        return [];
      case 'trust':
        this.#trust(event, now);
        return [];
      case 'seed':
        return [];
      case 'account':
        this.#account(event, now);
        return [];
      case 'error':
        this.#trouble(Failure.from({ reason: 'internal', ...event }), now);
        return [];
    }
  }

  #message(event: MessageEvent): readonly Effect[] {
    const conversation = this.conversation(cleanLine(event.conversation));
    const entry = this.files.entryOf(event);
    if (this.replaying) return this.#repeated(conversation, entry);
    if (!conversation.log.append(entry)) return [];
    conversation.typing.delete(entry.from);
    if (entry.own) return [];
    if (event.history !== true && event.via !== 'group') this.people.person(entry.from).via = event.via;
    return this.arrived(conversation, entry, event.history !== true, event.muted ?? event.hidden);
  }

  /** Something of somebody else stands in a log: it is read, or counts until it is. */
  arrived(conversation: Conversation, entry: Entry, live: boolean, quiet = conversation.muted): readonly Effect[] {
    const seen = this.selected === conversation.id && this.focused && conversation.view.following;
    if (seen) {
      conversation.readPending = true;
      return [];
    }
    conversation.firstUnread ??= entry.id;
    if (quiet && !entry.mentioned) return [];
    conversation.unread += 1;
    if (entry.mentioned) conversation.mentions += 1;
    const speaks = live && !quiet && (entry.mentioned === true || conversation.id.startsWith('@'));
    return speaks ? [{ type: 'notify', conversation: conversation.id, mention: entry.mentioned === true }] : [];
  }

  /** Opening its conversation will load it; until then a mention in it is to be seen. */
  #repeated(conversation: Conversation, entry: Entry): readonly Effect[] {
    if (conversation.loaded !== 'nothing') conversation.log.append(entry);
    else if (entry.mentioned && conversation.unread > 0) conversation.mentions += 1;
    return [];
  }

  #typing({ conversation, user, state }: TypingEvent): void {
    const { typing } = this.conversation(cleanLine(conversation));
    if (state === 'started' && user !== this.user) typing.add(cleanLine(user));
    else typing.delete(cleanLine(user));
  }

  /** It was read elsewhere; what is in sight here is read anyway. */
  #unread({ conversation, unread, mentions }: UnreadEvent): readonly Effect[] {
    const found = this.conversation(cleanLine(conversation));
    if (found.id !== this.selected || !this.focused) Object.assign(found, { unread, mentions });
    return [];
  }

  #change(event: ChangeEvent, now: number): readonly Effect[] {
    const { id, change, text, reactions, poll } = event;
    const { id: conversation, log } = this.conversation(cleanLine(event.conversation));
    const said = changeSays(event);
    if (said !== undefined) this.notice(said, now, { conversation, kind: 'event' });
    if (change === 'expired') log.remove(id);
    log.replace(id, (entry) => {
      if (change === 'pinned' || change === 'unpinned') return { ...entry, pinned: change === 'pinned' };
      if (change === 'voted' || change === 'closed') return poll ? { ...entry, poll: cleanPoll(poll) } : entry;
      if (change === 'reaction') return { ...entry, reactions: counted(reactions ?? []) };
      if (change === 'deleted') return { ...entry, text: '', deleted: true, reactions: new Map() };
      return { ...entry, text: cleanText(text ?? ''), edited: true };
    });
    return change === 'pinned' || change === 'unpinned' || change === 'deleted' ? [{ type: 'pins', conversation }] : [];
  }

  #account(event: AccountEvent, now: number): void {
    if (event.change === 'recovery') this.checklist.tick('phrase');
    else if (event.change === 'preferences') this.setMuted(event.muted);
    else if (event.change === 'second-factor')
      this.notice(`The second factor of your account is ${event.state} now.`, now);
    else if (event.change === 'upgrade') this.notice(upgradeNotice(event, 'slash'), now);
    else if (event.change === 'code')
      this.notice(codeNotice(event), now, { kind: event.state === 'done' ? 'notice' : 'error' });
    else if (event.change === 'history')
      this.notice(historyNotice(event, 'slash'), now, { kind: event.state === 'asked' ? 'error' : 'notice' });
    else this.notice(deviceNotice(event, 'slash', now), now, { kind: event.state === 'added' ? 'error' : 'notice' });
  }

  #trust({ user, change }: TrustEvent, now: number): void {
    const name = cleanLine(user);
    this.people.person(name).trust = change;
    if (change === 'verified') this.checklist.tick('verify');
    const { text, kind } = trustSays(change, name);
    this.notice(text, now, { conversation: `@${name}`, kind });
  }

  /** A line of the program itself, in the open conversation unless another is named. */
  notice(
    text: string,
    now: number,
    init: { readonly conversation?: string; readonly kind?: Entry['kind'] } = {},
  ): void {
    const where = init.conversation ?? this.selected;
    const kind = init.kind ?? 'notice';
    const id = `local-${this.nextNumber()}`;
    this.conversation(where).log.append({ id, kind, at: now, from: '', own: false, text: cleanWhole(text) });
  }

  /** What nobody asked for is told once: it lasts until somebody says something. */
  #trouble(failure: Failure, now: number): void {
    if (!this.current.log.says(shownAs(failure), now - TROUBLE_MS)) this.fail(failure, now);
  }

  /** An error always says the next step, where one is known. */
  fail(failure: Failure, now: number, conversation?: string): void {
    this.notice(shownAs(failure), now, {
      kind: 'error',
      ...(conversation !== undefined && { conversation }),
    });
  }
}
