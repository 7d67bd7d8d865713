import type { Clock } from '../../base/clock.js';
import { toFailure } from '../../base/errors.js';
import type { Scope } from '../../base/scope.js';
import type { LocalStore } from '../../store/local.js';
import { type Content, isChangeContent } from '../../wire/content.js';
import { foldName } from '../../wire/names.js';
import type { Signal, SignalInit } from '../../wire/signals.js';
import type { PeerEvent } from '../api/events.js';
import type { LaterRow, MessageRow, Tables } from '../storage/tables.js';
import { conversationWith } from './direct/direct-groups.js';
import type { DirectReceiver } from './direct/receiver.js';
import type { DirectSender } from './direct/sender.js';
import type { Edits } from './edits.js';
import { Expiration } from './expiration.js';
import { ExpirationSetting } from './expiration-timer.js';
import type { Groups } from './group/groups.js';
import type { History } from './history.js';
import { lineOf } from './message-content.js';
import type { Preferences } from './preferences.js';
import type { Queued } from './queued.js';
import { ReadMarkers } from './read-markers.js';
import type { Transaction } from './transaction.js';
import { Typing } from './typing.js';
import { UnknownContent } from './unknown-content.js';

export interface ConversationStateInit {
  readonly tables: Tables;
  readonly disk: LocalStore;
  readonly history: History;
  readonly clock: Clock;
  readonly scope: Scope;
  readonly self: string;
  readonly preferences: Preferences;
  readonly queued: Queued;
  readonly messenger: DirectSender;
  readonly named: Groups;
  readonly inbox: DirectReceiver;
  readonly changes: Edits;
  /** To the devices of the person that a link is up to. */
  typing(user: string, active: boolean): void;
  emit(event: PeerEvent): void;
  report(error: unknown): void;
}

/**
 * What belongs to what people say: that they type, that they have read, how long it lives, and what is not understood yet.
 */
export class ConversationState {
  readonly reading: ReadMarkers;
  readonly expiry: Expiration;
  readonly lifetimes: ExpirationSetting;
  readonly later: UnknownContent;
  readonly #typing: Typing;
  readonly #init: ConversationStateInit;

  constructor(init: ConversationStateInit) {
    this.#init = init;
    const { tables, disk, history, clock, self, preferences, queued, messenger, emit, report } = init;
    const sendContent = (user: string, content: Content): Promise<Uint8Array> => messenger.sendContent(user, content);
    this.expiry = new Expiration({ tables, disk, history, clock, queued, emit, report });
    this.later = new UnknownContent({
      tables,
      disk,
      queued,
      take: (row, content, tx) => this.#takeLate(row, content, tx),
    });
    this.lifetimes = new ExpirationSetting({
      ...{ disk, history, clock, self, sendContent, emit },
      enter: (to) => messenger.enter(to),
    });
    this.reading = new ReadMarkers({
      ...{ tables, disk, history, clock, self, sendContent, emit, report },
      isOn: () => preferences.get().readReceipts,
      isBlocked: (user) => preferences.isBlocked(user),
      signal: (group, through) => this.#signal(group, { type: 'read', through }),
    });
    this.#typing = new Typing({
      clock,
      isOn: () => preferences.get().typing,
      send: (conversation, active) => this.#sendTyping(conversation, active),
      emit,
    });
  }

  /** This person presses keys in the conversation, or has emptied the line. */
  typing(conversation: string, active: boolean): void {
    this.#typing.say(conversation, active);
  }

  /** A message of this person's is on its way. */
  sent(conversation: string): void {
    this.#typing.sent(conversation);
  }

  /** A message of somebody else's is about to be shown. */
  spoke({ conversation, from }: MessageRow): void {
    this.#typing.spoke(conversation, from);
  }

  /** Over the link to one of the person's devices. */
  typingOf(user: string, active: boolean): void {
    const { history, preferences, scope, self, report } = this.#init;
    if (preferences.isBlocked(user) || foldName(user) === foldName(self)) return;
    const conversation = conversationWith(user);
    scope.run(async () => {
      // A stranger says something first.
      if ((await history.head(conversation)).last > 0) this.#typing.heard(conversation, user, active);
    }, report);
  }

  /** Of a member of a group. */
  async heard(conversation: string, user: string, signal: Signal): Promise<void> {
    const { preferences, self } = this.#init;
    if (preferences.isBlocked(user)) return;
    if (signal.type === 'read') return this.reading.readInGroup(conversation, user, signal.through);
    if (foldName(user) !== foldName(self)) this.#typing.heard(conversation, user, signal.active);
  }

  /** Those of what earlier runs left that need no directory; `expiry` is loaded when its clock could be asked. */
  async load(): Promise<void> {
    await this.reading.load();
    await this.later.load();
  }

  /** Seconds that new messages of the conversation live; 0 for no end. */
  async lifetime(conversation: string): Promise<number> {
    if (conversation.startsWith('#')) return this.#init.named.overview.expire(conversation.slice(1));
    return (await this.#init.history.head(conversation)).expire?.seconds ?? 0;
  }

  async close(): Promise<void> {
    this.reading.close();
    this.#typing.close();
    await this.expiry.close();
  }

  /** What this program has learnt to understand since it came; shown as what came while nobody watched. */
  async #takeLate(
    { id, conversation, from, via, seq, at }: LaterRow,
    content: Content,
    tx: Transaction,
  ): Promise<void> {
    const { changes, history, inbox, self } = this.#init;
    if (isChangeContent(content)) return changes.take(conversation, from, content, tx);
    if (content.type === 'setting') return this.lifetimes.take(conversation.slice(1), from, content, tx);
    if (content.type !== 'text') return;
    const head = await history.head(conversation);
    const line = { id, via, ...lineOf(content, { conversation, from, self, since: at }) };
    const added = seq === undefined ? history.append(head, line) : history.lineAt(conversation, seq, line);
    tx.add(...added.steps, inbox.note(added.row).step);
  }

  #sendTyping(conversation: string, active: boolean): void {
    if (conversation.startsWith('#')) void this.#signal(conversation.slice(1), { type: 'typing', active });
    else if (!this.#init.preferences.isBlocked(conversation.slice(1))) this.#init.typing(conversation.slice(1), active);
  }

  /** What is lost is not sent again: the next one says more. */
  async #signal(group: string, signal: SignalInit): Promise<boolean> {
    try {
      return await this.#init.named.signal(group, signal);
    } catch (error) {
      if (toFailure(error).reason === 'internal') this.#init.report(error);
      return false;
    }
  }
}
