import type { Clock } from '../../base/clock.js';
import { toFailure } from '../../base/errors.js';
import type { PeerApi } from '../../peer/api/peer.js';
import { type Conversation, HOME } from '../model/conversation.js';
import type { ChatModel } from '../model/model.js';

const FIRST_PAGE = 60;
const PAGE = 500;

/** Brings what is kept by the peer into the model, no more than is looked at. */
export class Loader {
  readonly #peer: PeerApi;
  readonly #model: ChatModel;
  readonly #clock: Clock;
  readonly #changed: () => void;
  /** Conversations whose newest page is on its way; true where it is wanted once more after that. */
  readonly #refreshing = new Map<string, boolean>();
  /** Groups whose members are being asked for; true where once more after that. */
  readonly #asking = new Map<string, boolean>();

  constructor(peer: PeerApi, model: ChatModel, clock: Clock, changed: () => void) {
    this.#peer = peer;
    this.#model = model;
    this.#clock = clock;
    this.#changed = changed;
  }

  /**
   * Who and what there is, and the conversation that was written in last.
   * @param otherwise the conversation to open where nothing was said yet
   */
  async start(otherwise?: string): Promise<void> {
    try {
      const summaries = await this.#peer.conversations();
      this.#model.setConversations(summaries);
      this.#model.files.setTransfers(this.#peer.files.list(), this.#clock.now());
      for (const link of this.#peer.links()) this.#model.apply(link, this.#clock.now());
      const newest = summaries.reduce(
        (found, each) => ((each.last?.receivedAt ?? '') > (found?.last?.receivedAt ?? '') ? each : found),
        summaries[0],
      );
      const first = newest?.conversation ?? otherwise;
      if (first !== undefined) await this.open(first);
      await this.#replay();
    } catch (error) {
      this.#fail(error);
    }
    void this.#users();
  }

  /** One's groups and invitations, and what can be entered. */
  async groups(): Promise<void> {
    try {
      this.#model.setGroups(await this.#peer.groups.list());
      this.#changed();
    } catch {
      // As with the users: those that are known from the history are there.
    }
  }

  /** Files that were uploaded to a group, with what became of them here. */
  async uploads(id: string): Promise<void> {
    if (!id.startsWith('#')) return;
    try {
      this.#model.files.setUploads(await this.#peer.uploads.list(id));
      this.#changed();
    } catch {
      // Their messages are there; /files says why the rest is not.
    }
  }

  /** What is pinned there now. */
  async pins(id: string): Promise<void> {
    if (id === HOME) return;
    try {
      this.#model.setPins(id, await this.#peer.pins.list(id));
      this.#changed();
    } catch {
      // Nothing stands above the log then; /pins says why.
    }
  }

  /** Who is in a group, as it is now; asked for again where something changes meanwhile. */
  async members(id: string): Promise<void> {
    if (!id.startsWith('#') || this.#model.groups.get(id)?.state === 'none') return;
    if (this.#asking.has(id)) {
      this.#asking.set(id, true);
      return;
    }
    do {
      this.#asking.set(id, false);
      await this.#members(id);
    } while (this.#asking.get(id));
    this.#asking.delete(id);
  }

  async #members(id: string): Promise<void> {
    try {
      this.#model.setMembers(id, await this.#peer.groups.members(id));
      this.#changed();
    } catch {
      // Nothing is beside the log then; /who says why.
    }
  }

  async #users(): Promise<void> {
    try {
      this.#model.setUsers(await this.#peer.users());
      this.#changed();
    } catch {
      // Without the directory there is no list of users; the status line says that it is away.
    }
  }

  /** What came while nobody was watching is on disk and counted as unread there already. */
  async #replay(): Promise<void> {
    this.#model.replaying = true;
    try {
      await this.#peer.replayUnseen();
    } finally {
      this.#model.replaying = false;
    }
  }

  /** Opens a conversation; the first time, loads its newest page. */
  async open(id: string): Promise<void> {
    const { unread } = this.#model.conversation(id);
    const conversation = this.#model.select(id);
    void this.members(id);
    void this.pins(id);
    if (conversation.loaded !== 'nothing') return;
    conversation.loaded = 'loading';
    await this.#load(conversation, { limit: FIRST_PAGE }, unread);
    void this.uploads(id);
  }

  /** One page of what stands before what is loaded. */
  older(conversation: Conversation): void {
    if (conversation.loaded === 'part') void this.#older(conversation);
  }

  /** Loads back until that message is there, or nothing older is. */
  async until(conversation: Conversation, id: string): Promise<void> {
    while (conversation.loaded === 'part' && conversation.log.find(id) === undefined) await this.#older(conversation);
  }

  async #older(conversation: Conversation): Promise<void> {
    const { log } = conversation;
    let first = 0;
    while (first < log.length && (log.at(first)!.kind !== 'message' || log.at(first)!.id.startsWith('local-'))) first++;
    const before = log.at(first)?.id;
    conversation.loaded = 'loading';
    await this.#load(conversation, { limit: PAGE, ...(before !== undefined && { before }) });
  }

  async #load(
    conversation: Conversation,
    query: { readonly limit: number; readonly before?: string },
    unread = 0,
  ): Promise<void> {
    try {
      const page = await this.#peer.history({ conversation: conversation.id, ...query });
      this.#model.addHistory(conversation.id, page, page.length < query.limit, this.#clock.now(), unread);
    } catch (error) {
      conversation.loaded = 'all';
      this.#fail(error);
    }
    this.#changed();
  }

  /** The newest page again: something was added that no event told of. */
  async refresh(conversation: Conversation): Promise<void> {
    if (this.#refreshing.has(conversation.id)) {
      this.#refreshing.set(conversation.id, true);
      return;
    }
    do {
      this.#refreshing.set(conversation.id, false);
      await this.#newest(conversation);
    } while (this.#refreshing.get(conversation.id));
    this.#refreshing.delete(conversation.id);
  }

  async #newest(conversation: Conversation): Promise<void> {
    try {
      const page = await this.#peer.history({ conversation: conversation.id, limit: FIRST_PAGE });
      this.#model.mergeHistory(conversation.id, page);
    } catch (error) {
      this.#fail(error);
    }
    this.#changed();
  }

  /** Tells the peer what was read; only once it was painted. */
  markRead(conversation: Conversation): void {
    if (!conversation.readPending || !this.#model.focused || conversation.id === HOME) return;
    conversation.readPending = false;
    this.#peer.markRead(conversation.id).catch((error: unknown) => this.#fail(error));
  }

  #fail(error: unknown): void {
    this.#model.fail(toFailure(error), this.#clock.now());
    this.#changed();
  }
}
