import type { Clock } from '../../base/clock.js';
import { toFailure } from '../../base/errors.js';
import type { Scope } from '../../base/scope.js';
import type { LocalStore } from '../../store/local.js';
import type { Content } from '../../wire/content.js';
import { foldName } from '../../wire/names.js';
import type { Signal, SignalInit } from '../../wire/signals.js';
import { conversationWith } from '../conversations/direct.js';
import type { PeerEvent } from '../events.js';
import type { History } from '../history.js';
import type { MessageRow, Tables } from '../rows.js';
import type { Preferences } from './preferences.js';
import { Reading } from './reading.js';
import { Typing } from './typing.js';

export interface TalkInit {
  readonly tables: Tables;
  readonly disk: LocalStore;
  readonly history: History;
  readonly clock: Clock;
  readonly scope: Scope;
  readonly self: string;
  readonly preferences: Preferences;
  sendContent(user: string, content: Content): Promise<Uint8Array>;
  /** To the members of a group who are there. @returns false where nobody could be told now */
  signal(group: string, signal: SignalInit): Promise<boolean>;
  /** To the devices of the person that a link is up to. */
  typing(user: string, active: boolean): void;
  emit(event: PeerEvent): void;
  report(error: unknown): void;
}

/** What passes between people besides what they say: that they type, that they have read. */
export class Talk {
  readonly reading: Reading;
  readonly #typing: Typing;
  readonly #init: TalkInit;

  constructor(init: TalkInit) {
    this.#init = init;
    const { tables, disk, history, clock, self, preferences, sendContent, emit, report } = init;
    this.reading = new Reading({
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

  close(): void {
    this.reading.close();
    this.#typing.close();
  }

  #sendTyping(conversation: string, active: boolean): void {
    if (conversation.startsWith('#')) void this.#signal(conversation.slice(1), { type: 'typing', active });
    else if (!this.#init.preferences.isBlocked(conversation.slice(1))) this.#init.typing(conversation.slice(1), active);
  }

  /** What is lost is not sent again: the next one says more. */
  async #signal(group: string, signal: SignalInit): Promise<boolean> {
    try {
      return await this.#init.signal(group, signal);
    } catch (error) {
      if (toFailure(error).reason === 'internal') this.#init.report(error);
      return false;
    }
  }
}
