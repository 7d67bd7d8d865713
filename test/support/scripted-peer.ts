import type { Failure } from '../../src/base/errors.js';
import type { DeliveryState, PeerEvent } from '../../src/peer/api/events.js';
import type { NotesApi } from '../../src/peer/api/notes.js';
import type {
  Check,
  ConversationSummary,
  HistoryMessage,
  HistoryQuery,
  PeerApi,
  SearchQuery,
  SendResult,
  UserSummary,
  Verification,
  Whoami,
} from '../../src/peer/api/peer.js';
import { noAccount, noBackups, noHandOver } from './no-account.js';
import { noFiles, noGuests, noUploads } from './no-files.js';
import { forgetfulNotes, noChanges, noGroups, noPins, noPolls, noPreferences } from './no-groups.js';

/** A peer that says what a test gave it to say, and notes what it was asked. For tests of the faces alone. */
export class ScriptedPeer implements PeerApi {
  readonly account = noAccount();
  readonly backups = noBackups;
  readonly handOver = noHandOver;
  readonly groups = noGroups;
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
  readonly user: string = 'alice';
  readonly device: string = '00112233445566ff';
  directoryState: 'online' | 'offline' = 'online';
  readonly files = noFiles();
  readonly uploads = noUploads();
  readonly guests = noGuests();
  readonly calls: unknown[][] = [];
  readonly ended: Promise<void>;
  userList: UserSummary[] = [];
  messages: HistoryMessage[] = [];
  unseen: PeerEvent[] = [];
  checks: Check[] = [];
  state: DeliveryState = 'delivered';
  failure: Error | undefined;
  #end: () => void = () => {};
  #listeners = new Set<(event: PeerEvent) => void>();
  #sent = 0;

  constructor() {
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  emit(event: PeerEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  takeSetAside(): readonly Failure[] {
    return [];
  }

  subscribe(listener: (event: PeerEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async replayUnseen(): Promise<void> {
    for (const event of this.unseen.splice(0)) this.emit(event);
  }

  async send(to: string, text: string): Promise<SendResult> {
    this.#note('send', to, text);
    const sent: SendResult = { id: `id${++this.#sent}`, conversation: to, state: 'queued' };
    this.emit({ event: 'sent', ...sent });
    return sent;
  }

  async waitFor(id: string, until: DeliveryState, timeout: number): Promise<SendResult> {
    this.#note('waitFor', id, until, timeout);
    return { id, conversation: '@bob', state: this.state };
  }

  async users(): Promise<readonly UserSummary[]> {
    return this.userList;
  }

  async conversations(): Promise<readonly ConversationSummary[]> {
    return [{ conversation: '@bob', unread: 2 }];
  }

  async history(query: HistoryQuery): Promise<readonly HistoryMessage[]> {
    this.#note('history', query);
    return this.messages;
  }

  async search(query: SearchQuery): Promise<readonly HistoryMessage[]> {
    this.#note('search', query);
    return this.messages;
  }

  async *export(conversation?: string): AsyncIterable<HistoryMessage> {
    this.#note('export', conversation);
    yield* this.messages;
  }

  async markRead(conversation: string): Promise<void> {
    this.#note('markRead', conversation);
  }

  async verification(user: string): Promise<Verification> {
    return { user, safetyNumber: '1234567890'.repeat(6), fingerprint: 'ab12', trust: 'new' };
  }

  async confirm(user: string): Promise<Verification> {
    this.#note('confirm', user);
    return this.verification(user);
  }

  async acceptIdentity(user: string): Promise<Verification> {
    this.#note('acceptIdentity', user);
    return this.verification(user);
  }

  whoami(): Whoami {
    return { user: this.user, device: this.device, directory: 'p2pchat://127.0.0.1:1#ff', home: '/home/alice' };
  }

  links() {
    return [];
  }

  async paths() {
    return [];
  }

  async doctor(): Promise<readonly Check[]> {
    return this.checks;
  }

  async setPresence(): Promise<void> {}

  async changePassword(current: string, next: string): Promise<void> {
    this.#note('changePassword', current, next);
  }

  async logout(everywhere: boolean): Promise<void> {
    this.#note('logout', everywhere);
    this.#end();
  }

  async deleteAccount(password: string): Promise<void> {
    this.#note('deleteAccount', password);
    this.#end();
  }

  async close(): Promise<void> {
    this.#note('close');
    this.#end();
  }

  #note(...call: unknown[]): void {
    this.calls.push(call);
    if (this.failure && call[0] !== 'close') throw this.failure;
  }
}

export const scriptedMessage = (text: string, more: Partial<HistoryMessage> = {}): HistoryMessage => ({
  id: 'm1',
  conversation: '@bob',
  from: 'bob',
  text,
  sentAt: '2026-01-01T10:00:00.000Z',
  receivedAt: '2026-01-01T10:00:00.100Z',
  via: 'direct',
  ...more,
});
