import type { Step } from '../../../store/local.js';
import type { Content, UploadContent } from '../../../wire/content.js';
import type { DirectoryNotices } from '../../../wire/directory.js';
import { notJoined } from '../../../wire/group-roster.js';
import type { Notice } from '../../../wire/rpc.js';
import type { SignalInit } from '../../../wire/signals.js';
import type { MessageRow } from '../../storage/tables.js';
import { UNPLACED } from '../message-view.js';
import { GroupActions } from './actions.js';
import type { GroupContext } from './context.js';
import { conversationOf, type Group } from './group.js';
import { HistoryKeys } from './history-keys.js';
import { GroupJoiner } from './joining.js';
import { LogFollower } from './log-follower.js';
import { LogSync } from './log-sync.js';
import { OfflineDelivery, type OfflineMessage } from './offline-delivery.js';
import { GroupQueries } from './queries.js';
import { GroupRegistry } from './registry.js';
import { GroupSender } from './sender.js';
import { Signals } from './signals.js';

/** The named groups of this peer, put together, and what is said in them. */
export class Groups {
  readonly deeds: GroupActions;
  readonly overview: GroupQueries;
  readonly #context: GroupContext;
  readonly #known: GroupRegistry;
  readonly #follower: LogFollower;
  readonly #entrance: GroupJoiner;
  readonly #sync: LogSync;
  readonly #poster: GroupSender;
  readonly #signals: Signals;
  readonly #aside: OfflineDelivery;

  constructor(context: GroupContext) {
    this.#context = context;
    const follower = new LogFollower({
      ...context,
      onOwn: (group, entry, tx) => this.#poster.settle(group, entry, tx),
      onContent: async (group, _from, content, { seq }) =>
        content.type === 'archive' ? archive.keys(group, content, seq) : [],
      onChanged: (group) => this.#sync.changed(group),
    });
    const catchUp = (group: Group): Promise<void> => follower.catchUp(group);
    const flush = (group: Group): void => this.#poster.flush(group);
    const known = new GroupRegistry({ ...context, catchUp });
    const find = (id: Uint8Array): Group | undefined => known.get(id);
    const entrance = new GroupJoiner({ ...context, follower, flush });
    const poster = new GroupSender({
      ...context,
      ...{ catchUp, find, membership: follower.membership },
      enter: (group) => entrance.enter(group),
      onWaiting: (group, row) => this.#aside.spread(group, row),
    });
    const send = (group: Group, content: Content): Promise<void> => poster.content(group, content, true);
    const archive = new HistoryKeys({ ...context, follower, send });
    this.#known = known;
    this.#follower = follower;
    this.#entrance = entrance;
    this.#poster = poster;
    this.#aside = new OfflineDelivery({
      ...{ ...context, find },
      nextLine: () => poster.nextLine(),
      leaves: (group, row) => poster.leavesAside(group, row),
    });
    this.#signals = new Signals({ ...context, find });
    this.#sync = new LogSync({ ...context, known, follower, entrance, archive });
    this.deeds = new GroupActions({ ...context, known, follower, entrance, flush });
    this.overview = new GroupQueries({ ...context, known, catchUp });
  }

  async load(): Promise<void> {
    await this.#known.load();
    await this.#poster.load();
    for (const { row } of this.#known.all()) {
      const lines = this.#context.tables.messages.range([conversationOf(row.name)], { from: UNPLACED });
      for await (const { number } of lines) this.#poster.reserve(number);
    }
  }

  // --- What comes ---

  /** After the directory has let this device in. */
  async sync(): Promise<void> {
    await this.#sync.all();
    this.#poster.flushAll();
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
    return this.#aside.take(incoming);
  }

  /** A link is up, or the directory is (still) away: what waits goes over the links there are. */
  spread(): void {
    if (this.#context.isOnline()) return;
    for (const group of this.#known.all()) {
      for (const row of this.#poster.waiting(group)) this.#aside.spread(group, row);
    }
  }

  /** Certificates were revoked, or devices have changed. */
  reconsider(): void {
    for (const group of this.#known.all()) this.#entrance.considerCleaning(group);
  }

  /** A restored copy of an older state must not be used: this device comes into its groups anew. */
  async startAnew(): Promise<void> {
    for (const group of this.#known.all()) {
      await this.#context.enqueue(group, () => this.#follower.epochs.forget(group));
    }
  }

  // --- What is said ---

  async send(name: string, text: string, answers?: Uint8Array): Promise<MessageRow> {
    return this.#poster.text(await this.#known.joined(name), text, answers);
  }

  async sendContent(name: string, content: Content): Promise<void> {
    const group = await this.#known.joined(name);
    group.roster.assertMayWrite(this.#context.role());
    await this.#poster.content(group, content, false);
  }

  async announce(id: Uint8Array, content: UploadContent, steps: readonly Step[]): Promise<void> {
    const group = this.#known.get(id);
    if (!group?.roster.isMember(this.#context.self.user)) throw notJoined(group?.row.name ?? '');
    await this.#poster.upload(group, content, steps);
  }

  /** As Poster's. */
  isUnsent(name: string, id: Uint8Array): boolean {
    const group = this.#known.named(name);
    return group !== undefined && this.#poster.isUnsent(group, id);
  }

  /** As Poster's. */
  withdraw(name: string, id: Uint8Array): Step[] {
    const group = this.#known.named(name);
    return group ? this.#poster.withdraw(group, id) : [];
  }

  /** Runs work on a group that is known here, one after the other. */
  inQueue<T>(name: string, work: () => Promise<T>): Promise<T> {
    const group = this.#known.named(name);
    return group ? this.#context.enqueue(group, work) : work();
  }

  /** To the members who are there. @returns false where nobody could be told now */
  async signal(name: string, signal: SignalInit): Promise<boolean> {
    const group = this.#known.named(name);
    return group?.roster.isMember(this.#context.self.user) ? this.#signals.send(group, signal) : true;
  }
}
