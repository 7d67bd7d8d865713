import { sameBytes } from '../../base/bytes.js';
import { Failure } from '../../base/errors.js';
import type { LocalStore } from '../../store/local.js';
import type { IncarnationId } from '../../wire/directory.js';
import { CLOCK_SKEW_MS } from '../../wire/limits.js';
import { conversationWith, isGroupId, nameIn } from '../messaging/conversation.js';
import type { DirectGroups } from '../messaging/direct/direct-groups.js';
import type { MailReceiver } from '../messaging/direct/mail-receiver.js';
import type { Outbox } from '../messaging/direct/outbox.js';
import type { DirectSender } from '../messaging/direct/sender.js';
import type { EventFeed } from '../messaging/event-feed.js';
import type { Groups } from '../messaging/group/groups.js';
import type { ModerationLog } from '../messaging/group/moderation-log.js';
import type { History } from '../messaging/history.js';
import type { HistoryReader } from '../messaging/history-reader.js';
import type { Tables } from '../storage/tables.js';
import type { Reporter } from './reporter.js';

export interface SetBackInit {
  readonly tables: Tables;
  readonly disk: LocalStore;
  readonly services: {
    readonly directGroups: DirectGroups;
    readonly feed: EventFeed;
    readonly groups: Groups;
    readonly history: History;
    readonly mail: MailReceiver;
    readonly moderation: ModerationLog;
    readonly outbox: Outbox;
    readonly reader: HistoryReader;
    readonly reporter: Reporter;
    readonly sender: DirectSender;
  };
  isOnline(): boolean;
}

/**
 * What this device does where the directory's store was put back from an older copy: its positions and numbers begin
 * anew, so everything is read from the start; what the directory lost, and is held here, goes back to it.
 */
export class SetBack {
  readonly #init: SetBackInit;
  #heard: Promise<unknown> = Promise.resolve();
  #id: Uint8Array | undefined;
  #incarnations = false;
  #comparing = 0;
  /** For the next hello. */
  stamp: Uint8Array | undefined;

  constructor(init: SetBackInit) {
    this.#init = init;
  }

  async load(): Promise<void> {
    const known = await this.#init.tables.incarnation.get('self');
    this.#id = known?.id;
    this.stamp = known?.stamp;
  }

  /** Whether the directory has incarnations at all. */
  get isTold(): boolean {
    return this.#incarnations;
  }

  /** What the directory has is not known to be what this device has read. */
  get isComparing(): boolean {
    return this.#comparing > 0;
  }

  /** To be said at once, before anything waits: until `hear` has ended nothing new is said to groups. */
  expect(incarnation: IncarnationId): () => void {
    if (!this.isOther(incarnation)) return () => {};
    this.#comparing++;
    return () => {
      this.#comparing--;
      this.#init.services.groups.flush();
    };
  }

  /** Whether this device has compared itself with another life than this one, and not yet with this one. */
  isOther({ id }: IncarnationId): boolean {
    return this.#id !== undefined && !sameBytes(id, this.#id);
  }

  /** Which life of its store the directory is in. Resolves when this device has compared itself with it. */
  hear(incarnation: IncarnationId, stamp = this.stamp): Promise<void> {
    this.#incarnations = true;
    const compared = this.#heard.catch(() => {}).then(() => this.#hear(incarnation, stamp));
    this.#heard = compared;
    return compared;
  }

  async #hear({ id, since }: IncarnationId, stamp: Uint8Array | undefined): Promise<void> {
    const { tables, disk } = this.#init;
    const known = await tables.incarnation.get('self');
    const isSame = known !== undefined && sameBytes(known.id, id);
    const isStamped = stamp !== undefined && known?.stamp !== undefined && sameBytes(stamp, known.stamp);
    if (isSame && isStamped) return;
    if (known !== undefined && !isSame) await this.#compare(since === 0 ? 0 : since - CLOCK_SKEW_MS);
    // Last: what was broken off begins again.
    await disk.write([tables.incarnation.put(['self'], { id, ...(stamp && { stamp }) })]);
    this.#id = id;
    this.stamp = stamp;
  }

  async #compare(since: number): Promise<void> {
    const { feed, mail, groups, reader, sender, directGroups, history, outbox, moderation } = this.#init.services;
    const { code, message, hint } = wasSetBack();
    feed.emit({ event: 'error', code, message, hint });
    await mail.again();
    await this.#try(() => moderation.setBack());
    await this.#try(() => groups.setBack());
    for (const { conversation } of await reader.conversations()) {
      if (isGroupId(conversation)) continue;
      const user = nameIn(conversation);
      await this.#try(() => sender.enqueue(user, () => directGroups.compare(user)), user);
    }
    const groupOf = async (user: string) => (await history.head(conversationWith(user))).group;
    await sender.sealAnew(await outbox.again(since, groupOf));
  }

  /** One that fails must not stop the others; without the directory all of it is done again. */
  async #try(work: () => Promise<unknown>, what = ''): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!this.#init.isOnline()) throw error;
      this.#init.services.reporter.report(what, error);
    }
  }
}

const wasSetBack = (): Failure => new Failure('directory-set-back');
