import { Failure } from '../../base/errors.js';
import type { ConversationSummary, HistoryMessage, SendResult, UserSummary } from '../../peer/api.js';
import { spanOf } from '../../peer/commands/spans.js';
import type {
  ChangeEvent,
  DeliveryState,
  GroupEvent,
  MessageEvent,
  ModerationEvent,
  PeerEvent,
  SentEvent,
  SettingEvent,
  TransferEvent,
  TrustEvent,
  TypingEvent,
  UnreadEvent,
  UploadEvent,
} from '../../peer/events.js';
import type { GroupMember } from '../../peer/groups/api.js';
import type { GroupSummary } from '../../peer/groups/named-groups.js';
import { foldName } from '../../wire/names.js';
import { cleanLine, cleanText } from '../../wire/text.js';
import type { Entry } from '../log/entry.js';
import { failureText } from '../text/sentence.js';
import { Checklist } from './checklist.js';
import { type Conversation, counted, firstOfLast, newConversation, toEntry } from './conversation.js';
import { Groups, groupSays, moderationSays, type Said } from './groups.js';
import { People } from './people.js';
import { isOver, isWaiting, Transfers, transferEntry } from './transfers.js';
import { trustSays } from './trust.js';

/** The program's own page: what it says while no conversation is open. */
export const HOME = '*p2pchat';

const rank = (id: string): number => '*#@'.indexOf(id[0] ?? '');

/** What an event asks of the one who drives the screen. */
export type Effect =
  | { readonly type: 'notify'; readonly conversation: string; readonly mention: boolean }
  /** One's own message that was sent elsewhere on this device: by a command, or a one-shot on the same profile. */
  | { readonly type: 'refresh'; readonly conversation: string }
  /** Who is in a group may be others now. */
  | { readonly type: 'members'; readonly conversation: string };

const STATES: readonly (DeliveryState | 'failed')[] = ['failed', 'queued', 'stored', 'delivered', 'read'];

/** A state never goes back; of those who have read it, each is known once. */
function raise(entry: Entry, state: DeliveryState, by: string | undefined): Entry {
  const readBy = by === undefined ? entry.readBy : [...new Set([...(entry.readBy ?? []), cleanLine(by)])];
  const higher = STATES.indexOf(entry.state ?? 'queued') < STATES.indexOf(state);
  return { ...entry, ...(higher && { state }), ...(readBy !== undefined && { readBy }) };
}

/**
 * What the screen shows, made of the peer's events and answers alone. It does no I/O and knows no terminal; times are
 * arguments. Fields are read by the painters and changed only here.
 */
export class ChatModel {
  readonly user: string;
  readonly conversations = new Map<string, Conversation>();
  readonly people: People;
  readonly groups = new Groups();
  readonly transfers = new Transfers();
  readonly uploads = new Map<string, UploadEvent>();
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

  constructor(user: string, directory: 'online' | 'offline', checklist = new Checklist({ dismissed: true })) {
    this.user = user;
    this.directory = directory;
    this.checklist = checklist;
    this.people = new People(user);
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
    for (const { user, state } of users) this.people.setPresence(user, state);
  }

  setConversations(summaries: readonly ConversationSummary[]): void {
    for (const { conversation, unread, mentions = 0, muted = false, expire = 0 } of summaries) {
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

  setMembers(id: string, members: readonly GroupMember[]): void {
    const clean = members.map((member) => ({ ...member, user: cleanLine(member.user) }));
    this.groups.group(id).members = clean.sort((a, b) => (a.user.toLowerCase() < b.user.toLowerCase() ? -1 : 1));
    for (const { user, presence } of clean) if (presence !== undefined) this.people.setPresence(user, presence);
  }

  /** Transfers of before stand where they were offered, as far as the log is loaded. */
  setTransfers(events: readonly TransferEvent[], now: number): void {
    for (const event of events) {
      this.transfers.update(event, now);
      const conversation = this.conversation(cleanLine(event.conversation));
      this.#placeTransfers(conversation, now);
    }
  }

  #placeTransfers(conversation: Conversation, now: number): void {
    const { log, loaded, id } = conversation;
    if (loaded === 'nothing' || loaded === 'loading') return;
    const oldest = loaded === 'all' ? Number.NEGATIVE_INFINITY : (log.at(0)?.at ?? now);
    for (const transfer of this.transfers.in(id)) {
      const entry = transferEntry(transfer, this.user, now);
      if (entry.at >= oldest) log.place(entry);
    }
  }

  /** A page of history, oldest first; `whole` where nothing is older. */
  addHistory(id: string, page: readonly HistoryMessage[], whole: boolean, now: number, unread = 0): void {
    const conversation = this.mergeHistory(id, page);
    conversation.loaded = whole ? 'all' : 'part';
    this.#placeTransfers(conversation, now);
    if (unread > 0) conversation.firstUnread ??= firstOfLast(page, unread, this.user);
  }

  /** Messages that belong in the log, wherever in it. */
  mergeHistory(id: string, page: readonly HistoryMessage[]): Conversation {
    const conversation = this.conversation(id);
    conversation.log.merge(page.map((message) => this.#entryOf(message)));
    return conversation;
  }

  /** A message, with how it stands with the file it is about. */
  #entryOf(message: MessageEvent | HistoryMessage): Entry {
    const entry = toEntry(message, this.user);
    if (entry.upload === undefined) return entry;
    this.conversation(cleanLine(message.conversation)).log.remove(`local-upload-${entry.upload.id}`);
    const uploadState = this.uploads.get(entry.upload.id);
    return uploadState === undefined ? entry : { ...entry, uploadState };
  }

  /** Files of groups, as the peer lists them. */
  setUploads(events: readonly UploadEvent[]): void {
    for (const event of events) {
      this.uploads.set(event.id, event);
      const { log } = this.conversation(cleanLine(event.group));
      const known = log.findUpload(event.id);
      if (known !== undefined) log.replace(known, (entry) => ({ ...entry, uploadState: event }));
    }
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
      case 'change':
        return this.#change(event);
      case 'transfer':
        return this.#transfer(event, now);
      case 'upload':
        this.#upload(event, now);
        return [];
      case 'group':
        return this.#group(event, now);
      case 'moderation':
        return this.#moderation(event, now);
      case 'typing':
        this.#typing(event);
        return [];
      case 'unread':
        return this.#unread(event);
      case 'setting':
        this.#setting(event, now);
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
      case 'account':
        if (event.change === 'recovery') this.checklist.tick('phrase');
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
    const entry = this.#entryOf(event);
    if (this.replaying) return this.#repeated(conversation, entry);
    if (!conversation.log.append(entry)) return [];
    conversation.typing.delete(entry.from);
    if (entry.own) return [];
    if (event.history !== true && event.via !== 'group') this.people.person(entry.from).via = event.via;
    return this.#arrived(conversation, entry, event.history !== true, event.muted ?? event.hidden);
  }

  /** Something of somebody else stands in a log: it is read, or counts until it is. */
  #arrived(conversation: Conversation, entry: Entry, live: boolean, quiet = conversation.muted): readonly Effect[] {
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

  #setting({ conversation, by, expire }: SettingEvent, now: number): void {
    const found = this.conversation(cleanLine(conversation));
    found.expire = expire;
    const who = foldName(by) === foldName(this.user) ? 'You' : cleanLine(by);
    const text =
      expire === 0
        ? `${who} let messages stay from now on`
        : `${who} let new messages disappear after ${spanOf(expire)}`;
    this.#happened(found, 'settings', { sign: '⚑', text }, now);
  }

  #sent({ id, conversation, state, by }: SentEvent): readonly Effect[] {
    const { log, loaded } = this.conversation(cleanLine(conversation));
    if (conversation.startsWith('@') && (state === 'delivered' || state === 'read')) this.checklist.tick('message');
    const raised = log.replace(id, (entry) => raise(entry, state, by));
    if (raised !== undefined) return [];
    if (this.#unconfirmed > 0) this.#early.set(id, state);
    return loaded === 'nothing' || this.#unconfirmed > 0 ? [] : [{ type: 'refresh', conversation }];
  }

  #change({ id, conversation, change, text, reactions }: ChangeEvent): readonly Effect[] {
    const { log } = this.conversation(cleanLine(conversation));
    if (change === 'expired') log.remove(id);
    log.replace(id, (entry) => {
      if (change === 'reaction') return { ...entry, reactions: counted(reactions ?? []) };
      if (change === 'deleted') return { ...entry, text: '', deleted: true, reactions: new Map() };
      return { ...entry, text: cleanText(text ?? ''), edited: true };
    });
    return [];
  }

  #transfer(event: TransferEvent, now: number): readonly Effect[] {
    const known = this.transfers.find(event.id);
    const transfer = this.transfers.update(event, now);
    const conversation = this.conversation(cleanLine(event.conversation));
    if (event.direction === 'out' && event.state === 'done') this.checklist.tick('file');
    const entry = transferEntry(transfer, this.user, now);
    const shown = conversation.log.replace(entry.id, (before) => ({ ...before, ...entry, at: before.at }));
    if (shown === undefined) conversation.log.append(entry);
    const fresh = known === undefined && isWaiting(event);
    const ended = known !== undefined && !isOver(known.event) && isOver(event) && event.direction === 'in';
    return fresh || ended ? this.#arrived(conversation, entry, true) : [];
  }

  /** A file of a group: its message has its place; one's own has a place of its own until that message is there. */
  #upload(event: UploadEvent, now: number): void {
    this.uploads.set(event.id, event);
    const { log } = this.conversation(cleanLine(event.group));
    const known = log.findUpload(event.id);
    if (known !== undefined) log.replace(known, (entry) => ({ ...entry, uploadState: event }));
    else if (event.state === 'uploading' || event.state === 'failed') {
      const { id, name, size, type } = event;
      const upload = { id, name, size, ...(type !== undefined && { type }) };
      const said = { kind: 'message' as const, at: now, from: this.user, own: true, text: '' };
      log.append({ ...said, id: `local-upload-${id}`, upload, uploadState: event });
    }
  }

  #group(event: GroupEvent, now: number): readonly Effect[] {
    const id = cleanLine(event.group);
    const conversation = this.conversation(id);
    const info = this.groups.group(id);
    const me = foldName(event.user) === foldName(this.user);
    if (me) {
      const left = event.change === 'left' || event.change === 'removed' || event.change === 'kicked';
      info.state = event.change === 'invited' ? 'invited' : left ? 'none' : 'member';
      info.invitedBy = event.change === 'invited' ? cleanLine(event.by) : undefined;
    }
    const { change, user } = event;
    const entry = this.#happened(
      conversation,
      `${change === 'kicked' ? 'kick' : change} ${user}`,
      groupSays(event, this.user),
      now,
    );
    const effects: Effect[] = [{ type: 'members', conversation: id }];
    if (!me || event.by === this.user || entry === undefined) return effects;
    return [...effects, ...this.#arrived(conversation, { ...entry, mentioned: true }, true)];
  }

  #moderation(event: ModerationEvent, now: number): readonly Effect[] {
    const id = event.group === undefined ? HOME : cleanLine(event.group);
    const entry = this.#happened(
      this.conversation(id),
      event.action === 'settings' ? 'settings' : `${event.action} ${event.user}`,
      moderationSays(event, this.user),
      now,
    );
    const me = foldName(event.user) === foldName(this.user);
    if (me && event.group !== undefined && event.action === 'ban') this.groups.group(id).state = 'none';
    const effects: Effect[] = [{ type: 'members', conversation: id }];
    if (!me || entry === undefined) return effects;
    return [...effects, ...this.#arrived(this.conversation(id), { ...entry, mentioned: true }, true)];
  }

  /** A line about something that happened; the same told twice in a row, once more fully, is one line. */
  #happened({ log }: Conversation, key: string, { text, sign }: Said, now: number): Entry | undefined {
    const prefix = `event-${key}-`;
    const { last } = log;
    const entry: Entry = { id: `${prefix}${++this.#local}`, kind: 'event', at: now, from: '', own: false, text, sign };
    if (last?.kind === 'event' && last.id.startsWith(prefix)) {
      if (text.length >= last.text.length) log.replace(last.id, () => ({ ...entry, id: last.id }));
      return undefined;
    }
    log.append(entry);
    return entry;
  }

  #trust({ user, change }: TrustEvent, now: number): void {
    const name = cleanLine(user);
    this.people.person(name).trust = change;
    if (change === 'verified') this.checklist.tick('verify');
    const { text, kind } = trustSays(change, name);
    this.notice(text, now, { conversation: `@${name}`, kind });
  }

  /** One's own message, shown before the peer has it on disk. @returns the id it has until `confirmed` */
  sending(conversation: string, text: string, now: number, replyTo?: string): string {
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
      ...(replyTo !== undefined && { replyTo }),
    });
    if (conversation.startsWith('#')) this.checklist.tick('hi');
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
    this.notice(failureText(failure), now, { kind: 'error', ...(conversation !== undefined && { conversation }) });
  }
}
