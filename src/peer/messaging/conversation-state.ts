import type { Clock } from '../../base/clock.js';
import type { Scope } from '../../base/scope.js';
import type { LocalStore, Step } from '../../store/local.js';
import { type Content, isChangeContent } from '../../wire/content.js';
import { foldName } from '../../wire/names.js';
import type { Signal } from '../../wire/signals.js';
import type { PeerEvent } from '../api/events.js';
import type { LaterRow, MessageRow, Tables } from '../storage/tables.js';
import { type Conversations, conversationWith, isGroupId, nameIn } from './conversation.js';
import type { DirectPins } from './direct-pins.js';
import type { Edits } from './edits.js';
import { Expiration } from './expiration.js';
import type { ExpirationSetting } from './expiration-setting.js';
import type { History } from './history.js';
import { lineOf } from './message-content.js';
import type { Preferences } from './preferences.js';
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
  readonly conversations: Conversations;
  readonly edits: Edits;
  readonly setting: ExpirationSetting;
  readonly pins: DirectPins;
  /** Notes a line as not yet shown to anybody. */
  note(row: MessageRow): { readonly step: Step };
  emit(event: PeerEvent): void;
  report(error: unknown): void;
}

/**
 * What belongs to what people say: that they type, that they have read, how long it lives, and what is not understood yet.
 */
export class ConversationState {
  readonly readMarkers: ReadMarkers;
  readonly expiration: Expiration;
  readonly unknown: UnknownContent;
  readonly #typing: Typing;
  readonly #init: ConversationStateInit;

  constructor(init: ConversationStateInit) {
    this.#init = init;
    const { tables, disk, history, clock, self, preferences, conversations, emit, report } = init;
    this.expiration = new Expiration({ tables, disk, history, clock, conversations, emit, report });
    this.unknown = new UnknownContent({
      ...{ tables, disk, conversations },
      take: (row, content, tx) => this.#takeLate(row, content, tx),
    });
    this.readMarkers = new ReadMarkers({
      ...{ tables, disk, history, clock, self, conversations, emit, report },
      isOn: () => preferences.get().readReceipts,
    });
    this.#typing = new Typing({
      clock,
      isOn: () => preferences.get().typing,
      send: (conversation, active) => conversations.of(conversation).tellTyping(active),
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
    if (signal.type === 'read') return this.readMarkers.readInGroup(conversation, user, signal.through);
    if (foldName(user) !== foldName(self)) this.#typing.heard(conversation, user, signal.active);
  }

  /** Those of what earlier runs left that need no directory; `expiration` is loaded when its clock could be asked. */
  async load(): Promise<void> {
    await this.readMarkers.load();
    await this.unknown.load();
  }

  async close(): Promise<void> {
    this.readMarkers.close();
    this.#typing.close();
    await this.expiration.close();
  }

  /** What this program has learnt to understand since it came; shown as what came while nobody watched. */
  async #takeLate(row: LaterRow, content: Content, tx: Transaction): Promise<void> {
    const { edits, setting, pins, history, note, self } = this.#init;
    const { id, conversation, from, via, seq, at } = row;
    if (isChangeContent(content)) return edits.take(conversation, from, content, tx);
    if (content.type === 'setting') return setting.take(nameIn(conversation), from, content, tx);
    if (content.type === 'pin' && !isGroupId(conversation)) return pins.take(nameIn(conversation), from, content, tx);
    if (content.type !== 'text') return;
    const head = await history.head(conversation);
    const line = { id, via, ...lineOf(content, { conversation, from, self, since: at }) };
    const added = seq === undefined ? await history.append(head, line) : history.lineAt(conversation, seq, line);
    tx.add(...added.steps, note(added.row).step);
  }
}
