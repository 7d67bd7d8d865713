import type { Step } from '../../../store/local.js';
import type { Content, UploadContent } from '../../../wire/content.js';
import type { DirectoryNotices } from '../../../wire/directory.js';
import { notJoined } from '../../../wire/group-roster.js';
import type { Notice } from '../../../wire/rpc.js';
import type { SignalInit } from '../../../wire/signals.js';
import type { ExportRecord } from '../../../wire/signed-export.js';
import type { MessageRow } from '../../storage/tables.js';
import { type Also, conversationIn } from '../conversation.js';
import { UNPLACED } from '../message-view.js';
import { GroupActions } from './actions.js';
import type { GroupContext } from './context.js';
import type { Group } from './group.js';
import { HistoryKeys } from './history-keys.js';
import { GroupJoiner } from './joining.js';
import { LogFollower } from './log-follower.js';
import { LogSync } from './log-sync.js';
import { OfflineDelivery, type OfflineMessage } from './offline-delivery.js';
import { GroupQueries } from './queries.js';
import { GroupRegistry } from './registry.js';
import { GroupSender } from './sender.js';
import { GroupSetBack } from './set-back.js';
import { Signals } from './signals.js';
import { SignedExport } from './signed-export.js';

/** The named groups of this peer, put together, and what is said in them. */
export class Groups {
  readonly actions: GroupActions;
  readonly queries: GroupQueries;
  readonly #context: GroupContext;
  readonly #registry: GroupRegistry;
  readonly #follower: LogFollower;
  readonly #joiner: GroupJoiner;
  readonly #setBack: GroupSetBack;
  readonly #sync: LogSync;
  readonly #sender: GroupSender;
  readonly #signals: Signals;
  readonly #offline: OfflineDelivery;
  readonly #archive: HistoryKeys;
  readonly #export: SignedExport;

  constructor(context: GroupContext) {
    this.#context = context;
    const follower = new LogFollower({
      ...context,
      onOwn: (group, entry, tx) => this.#sender.settle(group, entry, tx),
      onContent: async (group, _from, content, { seq }) =>
        content.type === 'archive' ? archive.keys(group, content, seq) : [],
      onChanged: (group) => this.#sync.changed(group),
    });
    const catchUp = (group: Group): Promise<void> => follower.catchUp(group);
    const flush = (group: Group): void => this.#sender.flush(group);
    const known = new GroupRegistry({ ...context, catchUp });
    const find = (id: Uint8Array): Group | undefined => known.get(id);
    const joiner = new GroupJoiner({ ...context, follower, flush });
    const sender = new GroupSender({
      ...context,
      ...{ catchUp, find, membership: follower.membership },
      enter: (group) => joiner.enter(group),
      onWaiting: (group, row) => this.#offline.spread(group, row),
    });
    const send = (group: Group, content: Content): Promise<void> => sender.content(group, content, true);
    const archive = new HistoryKeys({ ...context, follower, send });
    this.#archive = archive;
    this.#export = new SignedExport({ ...context, follower });
    this.#registry = known;
    this.#follower = follower;
    this.#joiner = joiner;
    this.#sender = sender;
    this.#offline = new OfflineDelivery({
      ...{ ...context, find },
      nextLine: () => sender.nextLine(),
      leaves: (group, row) => sender.leavesAside(group, row),
    });
    this.#signals = new Signals({ ...context, find });
    this.#setBack = new GroupSetBack({ ...context, follower, joiner, sender, archive });
    this.#sync = new LogSync({ ...context, known, follower, joiner, archive });
    this.actions = new GroupActions({ ...context, known, follower, joiner, flush });
    this.queries = new GroupQueries({ ...context, known, catchUp });
  }

  async load(): Promise<void> {
    await this.#registry.load();
    await this.#sender.load();
    for (const { row } of this.#registry.all()) {
      const lines = this.#context.tables.messages.range([conversationIn(row.name)], { from: UNPLACED });
      for await (const { number } of lines) this.#sender.reserve(number);
    }
  }

  // --- What comes ---

  /** After the directory has let this device in. */
  async sync(): Promise<void> {
    await this.#sync.all();
    this.#sender.flushAll();
  }

  /** The directory's store was set back: the logs are compared with what this device holds of them. */
  async setBack(): Promise<void> {
    for (const group of this.#registry.all()) {
      try {
        await this.#context.enqueue(group, () => this.#setBack.compare(group));
      } catch (error) {
        if (!this.#context.isOnline()) throw error;
        this.#context.report(`#${group.row.name}`, error);
      }
    }
    await this.#sync.all();
  }

  /** Another device of this account has given keys of a group's shared history. */
  keysCame(id: Uint8Array): void {
    const group = this.#registry.get(id);
    if (group) this.#archive.came(group);
  }

  /** What is shown here of a group with shared history, so that anybody can verify it. */
  async *signedExport(name: string): AsyncGenerator<ExportRecord> {
    yield* this.#export.of(await this.#registry.joined(name));
  }

  /** Sends what waits. */
  flush(): void {
    this.#sender.flushAll();
  }

  onEntry(entry: Notice<DirectoryNotices, 'groups.entry'>): Promise<void> {
    return this.#sync.onEntry(entry);
  }

  onChanged(change: Notice<DirectoryNotices, 'groups.changed'>): Promise<void> {
    return this.#sync.onChanged(change);
  }

  onSignal(signal: Notice<DirectoryNotices, 'groups.signal'>): Promise<void> {
    return this.#signals.heard(signal);
  }

  /** A message that comes over a direct link. @returns false where it is of no named group */
  takeAside(incoming: OfflineMessage): Promise<boolean> {
    return this.#offline.take(incoming);
  }

  /** A link is up, or the directory is (still) away: what waits goes over the links there are. */
  spread(): void {
    if (this.#context.isOnline()) return;
    for (const group of this.#registry.all()) {
      for (const row of this.#sender.waiting(group)) this.#offline.spread(group, row);
    }
  }

  /** Certificates were revoked, or devices have changed. */
  reconsider(): void {
    for (const group of this.#registry.all()) this.#joiner.considerCleaning(group);
  }

  /** A restored copy of an older state must not be used: this device comes into its groups anew. */
  async startAnew(): Promise<void> {
    for (const group of this.#registry.all()) {
      await this.#context.enqueue(group, () => this.#follower.epochs.forget(group));
    }
  }

  // --- What is said ---

  async send(name: string, text: string, also?: Also): Promise<MessageRow> {
    return this.#sender.text(await this.#registry.joined(name), text, also);
  }

  async sendContent(name: string, content: Content): Promise<void> {
    const group = await this.#registry.joined(name);
    const { self, role, clock } = this.#context;
    group.roster.assertMayWrite({ user: self.user, role: role(), now: clock.now() });
    await this.#sender.content(group, content, false);
  }

  async announce(id: Uint8Array, content: UploadContent, steps: readonly Step[]): Promise<void> {
    const group = this.#registry.get(id);
    if (!group?.roster.isMember(this.#context.self.user)) throw notJoined(group?.row.name ?? '');
    await this.#sender.upload(group, content, steps);
  }

  /** As of `GroupSender`. */
  isUnsent(name: string, id: Uint8Array): boolean {
    const group = this.#registry.named(name);
    return group !== undefined && this.#sender.isUnsent(group, id);
  }

  /** As of `GroupSender`. */
  withdraw(name: string, id: Uint8Array): Step[] {
    const group = this.#registry.named(name);
    return group ? this.#sender.withdraw(group, id) : [];
  }

  /** Runs work on a group that is known here, one after the other. */
  inQueue<T>(name: string, work: () => Promise<T>): Promise<T> {
    const group = this.#registry.named(name);
    return group ? this.#context.enqueue(group, work) : work();
  }

  /** To the members who are there. @returns false where nobody could be told now */
  async signal(name: string, signal: SignalInit): Promise<boolean> {
    const group = this.#registry.named(name);
    return group?.roster.isMember(this.#context.self.user) ? this.#signals.send(group, signal) : true;
  }
}
