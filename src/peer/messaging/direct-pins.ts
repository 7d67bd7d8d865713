import { hex, sameBytes } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import type { LocalStore } from '../../store/local.js';
import type { Content, PinContent } from '../../wire/content.js';
import { CLOCK_SKEW_MS, PINS } from '../../wire/limits.js';
import type { ChangeEvent } from '../api/events.js';
import type { ConversationRow } from '../storage/tables.js';
import { conversationWith } from './conversation.js';
import type { History } from './history.js';
import type { Transaction } from './transaction.js';

export interface DirectPinsInit {
  readonly disk: LocalStore;
  readonly history: History;
  readonly clock: Clock;
  readonly self: string;
  /** The person's name as registered. */
  enter(to: string): Promise<string>;
  sendContent(user: string, content: Content): Promise<unknown>;
  emit(event: ChangeEvent): void;
}

type Words = NonNullable<ConversationRow['pins']>;
type Word = Words[number];

/** Words on messages that are pinned no more are kept as well: a late one must not pin them again. */
const KEPT = PINS * 4;

/** Which messages two people keep in sight: either pins and unpins, and of each message the latest word counts. */
export class DirectPins {
  readonly #init: DirectPinsInit;

  constructor(init: DirectPinsInit) {
    this.#init = init;
  }

  async list(user: string): Promise<readonly Uint8Array[]> {
    const { pins = [] } = await this.#init.history.head(conversationWith(user));
    return pinned(pins).map(({ id }) => id);
  }

  /** @throws Failure limit 'pins-full' */
  async set(to: string, { id, pinned: wanted, words }: Omit<PinContent, 'type' | 'at'>): Promise<void> {
    const { history, disk, clock, self, enter, sendContent, emit } = this.#init;
    const user = await enter(to);
    const conversation = conversationWith(user);
    const head = await history.head(conversation);
    const { pins = [] } = head;
    const others = pinned(pins).filter((one) => !sameBytes(one.id, id));
    if (wanted && others.length >= PINS) throw new Failure('pins-full');
    const before = pins.find((one) => sameBytes(one.id, id));
    if ((before?.pinned ?? false) === wanted) return;
    const at = Math.max(clock.now(), (before?.at ?? 0) + 1);
    head.pins = joinedPins(pins, [{ id, pinned: wanted, at }]);
    await disk.write([history.saveHead(head)]);
    await sendContent(user, { type: 'pin', id, pinned: wanted, at, words });
    emit(eventOf(conversation, self, { id, pinned: wanted }));
  }

  /** Somebody's word on it. */
  async take(user: string, by: string, { id, pinned: wanted, at: said }: PinContent, tx: Transaction): Promise<void> {
    const { history, clock, emit } = this.#init;
    const conversation = conversationWith(user);
    const head = await history.head(conversation);
    const { pins = [] } = head;
    // Nobody has the last word for years to come.
    const word = { id, pinned: wanted, at: Math.min(said, clock.now() + CLOCK_SKEW_MS) };
    const now = joinedPins(pins, [word]);
    if (now === pins) return;
    const before = pins.find((one) => sameBytes(one.id, id));
    head.pins = now;
    tx.add(history.saveHead(head));
    if ((before?.pinned ?? false) !== wanted) tx.afterCommit(() => emit(eventOf(conversation, by, word)));
  }
}

/** Of two words at one time all choose the same. */
const isLater = (one: Word, other: Word): boolean =>
  one.at > other.at || (one.at === other.at && one.pinned && !other.pinned);

const pinned = (words: Words): Words => words.filter((word) => word.pinned).slice(-PINS);

/** What is known of pins with further words on them; the same object where these say nothing new. */
export const joinedPins = (known: Words, further: Words): Words => further.reduce(withWord, known);

function withWord(words: Words, word: Word): Words {
  const before = words.find((one) => sameBytes(one.id, word.id));
  if (before && !isLater(word, before)) return words;
  const all = [...words.filter((one) => one !== before), word].sort((one, other) => one.at - other.at);
  return all.slice(-KEPT);
}

const eventOf = (conversation: string, from: string, word: Pick<Word, 'id' | 'pinned'>): ChangeEvent => ({
  ...{ event: 'change', id: hex(word.id), conversation, from },
  change: word.pinned ? 'pinned' : 'unpinned',
});
