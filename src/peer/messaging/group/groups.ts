import type { Step } from '../../../store/local.js';
import type { Content, UploadContent } from '../../../wire/content.js';
import type { DirectoryNotices } from '../../../wire/directory.js';
import { notJoined } from '../../../wire/group-roster.js';
import type { Notice } from '../../../wire/rpc.js';
import type { SignalInit } from '../../../wire/signals.js';
import type { MessageRow } from '../../storage/tables.js';
import { UNPLACED } from '../message-view.js';
import { Deeds } from './actions.js';
import type { GroupContext } from './context.js';
import { conversationOf, type NamedGroup } from './group.js';
import { Archive } from './history-keys.js';
import { Entrance } from './joining.js';
import { Follower } from './log-follower.js';
import { GroupSync } from './log-sync.js';
import { Aside, type AsideMessage } from './offline-delivery.js';
import { Overview } from './queries.js';
import { KnownGroups } from './registry.js';
import { Poster } from './sender.js';
import { Signals } from './signals.js';

/** The named groups of this peer, put together, and what is said in them. */
export class NamedGroups {
  readonly deeds: Deeds;
  readonly overview: Overview;
  readonly #context: GroupContext;
  readonly #known: KnownGroups;
  readonly #follower: Follower;
  readonly #entrance: Entrance;
  readonly #sync: GroupSync;
  readonly #poster: Poster;
  readonly #signals: Signals;
  readonly #aside: Aside;

  constructor(context: GroupContext) {
    this.#context = context;
    const follower = new Follower({
      ...context,
      onOwn: (group, entry) => this.#poster.settle(group, entry),
      onContent: async (group, _from, content, { seq }) =>
        content.type === 'archive' ? archive.keys(group, content, seq) : [],
      onChanged: (group) => this.#sync.changed(group),
    });
    const catchUp = (group: NamedGroup): Promise<void> => follower.catchUp(group);
    const flush = (group: NamedGroup): void => this.#poster.flush(group);
    const known = new KnownGroups({ ...context, catchUp });
    const find = (id: Uint8Array): NamedGroup | undefined => known.get(id);
    const entrance = new Entrance({ ...context, follower, flush });
    const poster = new Poster({
      ...context,
      ...{ catchUp, find, membership: follower.membership },
      enter: (group) => entrance.enter(group),
      onWaiting: (group, row) => this.#aside.spread(group, row),
    });
    const send = (group: NamedGroup, content: Content): Promise<void> => poster.content(group, content, true);
    const archive = new Archive({ ...context, follower, send });
    this.#known = known;
    this.#follower = follower;
    this.#entrance = entrance;
    this.#poster = poster;
    this.#aside = new Aside({
      ...{ ...context, find },
      nextLine: () => poster.nextLine(),
      leaves: (group, row) => poster.leavesAside(group, row),
    });
    this.#signals = new Signals({ ...context, find });
    this.#sync = new GroupSync({ ...context, known, follower, entrance, archive });
    this.deeds = new Deeds({ ...context, known, follower, entrance, flush });
    this.overview = new Overview({ ...context, known, catchUp });
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
  takeAside(incoming: AsideMessage): Promise<boolean> {
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
