import { statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Failure } from '../../src/base/errors.js';
import type { PeerEvent, TransferEvent } from '../../src/peer/api/events.js';
import type { GroupMember, GroupSummary, GroupsApi } from '../../src/peer/api/groups.js';
import type { NotesApi } from '../../src/peer/api/notes.js';
import type {
  FilesApi,
  HistoryMessage,
  HistoryQuery,
  PeerApi,
  SearchQuery,
  UserSummary,
} from '../../src/peer/api/peer.js';
import { noAccount, noBackups, noHandOver } from './no-account.js';
import { noFiles, noGuests, noUploads } from './no-files.js';
import { forgetfulNotes, noChanges, noGroups, noPins, noPolls, noPreferences } from './no-groups.js';

const nothing = async (): Promise<never> => {
  throw new Error('the fake peer has none');
};

/** A peer without network and disk: its history is an array, what it emits is what a test says. */
export class FakePeer implements PeerApi {
  readonly device = 'd1';
  directoryState: 'online' | 'offline' = 'online';
  readonly uploads = noUploads();
  readonly guests = noGuests();
  transferList: readonly TransferEvent[] = [];
  readonly files: FilesApi = {
    ...noFiles(),
    offer: async (to, paths) => [this.#offered(to, paths)],
    list: () => this.transferList,
    accept: (id) => this.#answer(id, 'accepted'),
    decline: (id) => this.#answer(id, 'declined'),
    control: (id, step) => this.#answer(id, step === 'pause' ? 'paused' : step === 'resume' ? 'running' : 'failed'),
  };
  readonly messages: HistoryMessage[] = [];
  readonly read: string[] = [];
  readonly known: UserSummary[] = [];
  /** What the next sending fails with. */
  refuses: Error | undefined;
  readonly ended: Promise<void>;
  #end: () => void = () => {};
  #sent = 0;
  readonly #listeners = new Set<(event: PeerEvent) => void>();

  constructor(readonly user: string) {
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  emit(event: PeerEvent): void {
    if (event.event === 'message') this.messages.push(event);
    if (event.event === 'transfer') {
      this.transferList = [...this.transferList.filter(({ id }) => id !== event.id), event];
    }
    for (const listener of this.#listeners) listener(event);
  }

  takeSetAside(): readonly Failure[] {
    return [];
  }

  subscribe(listener: (event: PeerEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ids of messages that came while nobody was watching. */
  readonly unseen: string[] = [];

  async replayUnseen(): Promise<void> {
    const missed = this.messages.filter(({ id }) => this.unseen.includes(id));
    for (const message of missed) {
      for (const listener of this.#listeners) listener({ event: 'message', via: 'mailbox', ...message, history: true });
    }
  }

  /** As the peer would: the offer stands, and everybody is told. */
  #offered(to: string, paths: readonly string[]): TransferEvent {
    const files = paths.map((path) => ({ name: basename(path), size: statSync(path).size }));
    const size = files.reduce((sum, file) => sum + file.size, 0);
    const id = `0ffe4${this.transferList.length}`;
    const whom = { peer: to.replace(/^@/, ''), conversation: to };
    const event = {
      event: 'transfer',
      id,
      direction: 'out',
      ...whom,
      files,
      state: 'offered',
      bytes: 0,
      size,
      rate: 0,
    } as const;
    this.emit(event);
    return event;
  }

  /** As the peer would: the transfer is that now, and everybody is told. */
  async #answer(id: string | undefined, state: TransferEvent['state']): Promise<TransferEvent> {
    const found = this.transferList.findLast((each) => id === undefined || each.id.startsWith(id));
    if (found === undefined) throw new Error('no such transfer');
    const next: TransferEvent = { ...found, state };
    this.emit(next);
    return next;
  }

  async send(to: string, text: string) {
    if (this.refuses) throw this.refuses;
    const conversation = to.startsWith('#') ? to : `@${to.replace(/^@/, '')}`;
    const at = new Date().toISOString();
    const id = `sent-${++this.#sent}`;
    this.messages.push({ id, conversation, from: this.user, text, sentAt: at, receivedAt: at, state: 'queued' });
    return { id, conversation, state: 'queued' as const };
  }

  async users() {
    return this.known;
  }

  async conversations() {
    const newest = new Map<string, HistoryMessage>();
    for (const message of this.messages) newest.set(message.conversation, message);
    return Array.from(newest, ([conversation, last]) => {
      const unread = this.messages.filter(
        (each) => each.conversation === conversation && this.unseen.includes(each.id),
      );
      return { conversation, unread: unread.length, last };
    });
  }

  async history({ conversation, before, limit = 50 }: HistoryQuery) {
    const own = this.messages.filter((message) => message.conversation === conversation);
    const end = before === undefined ? own.length : own.findIndex(({ id }) => id === before);
    return own.slice(Math.max(0, end - limit), end);
  }

  async search({ words, conversation }: SearchQuery) {
    return this.messages.filter(
      (each) => (conversation === undefined || each.conversation === conversation) && each.text.includes(words),
    );
  }

  async *export() {
    yield* this.messages;
  }

  async markRead(conversation: string) {
    this.read.push(conversation);
  }

  async waitFor(id: string) {
    return { id, conversation: '', state: 'queued' as const };
  }

  whoami() {
    return { user: this.user, device: this.device, directory: '', home: '' };
  }

  links() {
    return [];
  }

  async paths() {
    return [];
  }

  async doctor() {
    return [];
  }

  async setPresence() {}

  groupList: readonly GroupSummary[] = [];
  memberLists: Readonly<Record<string, readonly GroupMember[]>> = {};
  readonly groups: GroupsApi = {
    ...noGroups,
    list: async () => this.groupList,
    members: async (name) => this.memberLists[name] ?? [],
  };
  readonly account = noAccount();
  readonly backups = noBackups;
  readonly handOver = noHandOver;
  readonly changes = noChanges;
  readonly polls = noPolls;
  readonly pins = noPins;
  readonly preferences = noPreferences;
  readonly notes: NotesApi = forgetfulNotes();

  typing(): void {}

  async setLifetime() {}

  async lifetime() {
    return 0;
  }
  verification = nothing;
  confirm = nothing;
  acceptIdentity = nothing;
  changePassword = nothing;
  deleteAccount = nothing;

  async logout() {
    await this.close();
  }

  async close() {
    this.#end();
  }
}
