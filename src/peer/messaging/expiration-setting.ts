import type { Clock } from '../../base/clock.js';
import type { LocalStore } from '../../store/local.js';
import type { Content, SettingContent } from '../../wire/content.js';
import { CLOCK_SKEW_MS } from '../../wire/limits.js';
import type { SettingEvent } from '../api/events.js';
import type { ConversationRow } from '../storage/tables.js';
import { conversationWith } from './conversation.js';
import type { History } from './history.js';
import type { Transaction } from './transaction.js';

export interface ExpirationSettingInit {
  readonly disk: LocalStore;
  readonly history: History;
  readonly clock: Clock;
  readonly self: string;
  /** The person's name as registered. */
  enter(to: string): Promise<string>;
  sendContent(user: string, content: Content): Promise<unknown>;
  emit(event: SettingEvent): void;
}

type Expire = NonNullable<ConversationRow['expire']>;

/** How long messages of a direct conversation live: either of the two says so, and the latest word counts. */
export class ExpirationSetting {
  readonly #init: ExpirationSettingInit;

  constructor(init: ExpirationSettingInit) {
    this.#init = init;
  }

  /** From now on. @param seconds 0 for no end */
  async set(to: string, seconds: number): Promise<void> {
    const { history, disk, clock, self, enter, sendContent, emit } = this.#init;
    const user = await enter(to);
    const conversation = conversationWith(user);
    const head = await history.head(conversation);
    // Later than what the other said, whatever their clock says.
    const at = Math.max(clock.now(), (head.expire?.at ?? 0) + 1);
    head.expire = { seconds, at, by: self };
    await disk.write([history.saveHead(head)]);
    await sendContent(user, { type: 'setting', expire: seconds, at });
    emit({ event: 'setting', conversation, by: self, expire: seconds });
  }

  /** Somebody's word on it. */
  async take(user: string, by: string, { expire, at: said }: SettingContent, tx: Transaction): Promise<void> {
    const { history, clock, emit } = this.#init;
    const conversation = conversationWith(user);
    const head = await history.head(conversation);
    // Nobody has the last word for years to come.
    const at = Math.min(said, clock.now() + CLOCK_SKEW_MS);
    const next: Expire = { seconds: expire, at, by };
    if (head.expire && !isLater(next, head.expire)) return;
    head.expire = next;
    tx.add(history.saveHead(head));
    tx.afterCommit(() => emit({ event: 'setting', conversation, by, expire }));
  }
}

/** Of two words at one time all choose the same. */
const isLater = (one: Expire, other: Expire): boolean =>
  one.at > other.at || (one.at === other.at && one.by > other.by);
