import { hex } from '../../base/bytes.js';
import { type Clock, timestamp } from '../../base/clock.js';
import type { Scope } from '../../base/scope.js';
import { fingerprint } from '../../crypto/safety.js';
import type { LocalStore } from '../../store/local.js';
import { AccountService } from '../account/account-service.js';
import { changePassword, confirmPassword } from '../account/password.js';
import type { AccountApi } from '../api/account.js';
import type { DeliveryState, LinkEvent, PeerEvent } from '../api/events.js';
import type { GroupsApi } from '../api/groups.js';
import type {
  ChangesApi,
  Check,
  ConversationSummary,
  FilesApi,
  HistoryQuery,
  PathReport,
  PeerApi,
  PreferencesApi,
  SearchQuery,
  SendOptions,
  SendResult,
  UserSummary,
  Verification,
  Whoami,
} from '../api/peer.js';
import type { UploadsApi } from '../api/uploads.js';
import type { LocalDevice } from '../identity/local-device.js';
import { VerificationService } from '../identity/verification-service.js';
import { awaitDelivery } from '../messaging/await-delivery.js';
import { conversationWith, type DirectoryRequest } from '../messaging/direct/direct-groups.js';
import { GroupService } from '../messaging/group/group-service.js';
import { ModerationLog } from '../messaging/group/moderation-log.js';
import { recipient } from '../messaging/recipient.js';
import { wishesOf } from '../messaging/wishes.js';
import type { Network } from '../network/network.js';
import { reportPaths } from '../network/path-report.js';
import { requireProfile, writeProfile } from '../storage/profile.js';
import type { SetAside } from '../storage/set-aside.js';
import type { MessageRow } from '../storage/tables.js';
import { FileService } from '../transfers/file-service.js';
import type { Core } from './core.js';
import { diagnose } from './doctor.js';

const USERS_PAGE = 500;

export interface PeerInit {
  readonly home: string;
  readonly scope: Scope;
  readonly self: LocalDevice;
  readonly disk: LocalStore;
  readonly core: Core;
  readonly network: Network;
  readonly clock: Clock;
  readonly aside: SetAside;
}

/** A running device of an account: what faces talk to. */
export class Peer implements PeerApi {
  readonly #home: string;
  readonly #scope: Scope;
  readonly #self: LocalDevice;
  readonly #core: Core;
  readonly #network: Network;
  readonly #clock: Clock;
  readonly #verifications: VerificationService;
  readonly account: AccountApi;
  readonly changes: ChangesApi;
  readonly files: FilesApi;
  readonly groups: GroupsApi;
  readonly preferences: PreferencesApi;
  readonly uploads: UploadsApi;
  readonly takeSetAside: PeerApi['takeSetAside'];
  readonly ended: Promise<void>;
  #settleEnded!: () => void;

  constructor({ home, scope, self, disk, core, network, clock, aside }: PeerInit) {
    this.takeSetAside = () => aside.take();
    this.#home = home;
    this.#scope = scope;
    this.#self = self;
    this.#core = core;
    this.#network = network;
    this.#clock = clock;
    const { anchor, key } = self;
    const request: DirectoryRequest = (method, params) => network.client.request(method, params);
    const addressed = (to: string): string => this.#addressee(to);
    this.account = new AccountService({
      ...{ self, home, clock, ownDevices: core.ownDevices },
      client: () => network.client,
      emit: (event) => core.feed.emit(event),
    });
    this.changes = core.changes;
    this.files = new FileService(core.transfers, core.rules, addressed);
    this.uploads = core.uploads;
    this.preferences = wishesOf({ core, part: (user) => network.part(user), addressee: addressed });
    this.#verifications = new VerificationService({ self, core });
    this.groups = new GroupService({
      named: core.named,
      anchor,
      ledger: new ModerationLog({ tables: core.tables, disk, anchor, clock, key, request }),
      users: () => this.users(),
    });
    this.ended = new Promise((resolve) => {
      this.#settleEnded = resolve;
    });
  }

  get user(): string {
    return this.#self.user;
  }

  get device(): string {
    return this.#self.device;
  }

  get directoryState(): 'online' | 'offline' {
    return this.#network.directoryState;
  }

  subscribe(listener: (event: PeerEvent) => void): () => void {
    return this.#core.feed.subscribe(listener);
  }

  async replayUnseen(): Promise<void> {
    await this.#core.feed.replayUnseen();
    await this.#core.ownDevices.tell();
    for (const offer of this.#core.transfers.waiting()) this.#core.feed.emit(offer);
  }

  async send(to: string, text: string, options?: SendOptions): Promise<SendResult> {
    return this.#sent(await this.#core.send(to.startsWith('#') ? to : this.#addressee(to), text, options));
  }

  typing(conversation: string, active: boolean): void {
    this.#core.talk.typing(this.#conversation(conversation), active);
  }

  #sent(row: MessageRow): SendResult {
    const state = row.state ?? 'queued';
    const sent = { id: hex(row.id), conversation: row.conversation, state };
    this.#core.feed.emit({ event: 'sent', ...sent });
    return sent;
  }

  waitFor(id: string, until: DeliveryState, timeout: number): Promise<SendResult> {
    const subscribe: PeerApi['subscribe'] = (listener) => this.subscribe(listener);
    return awaitDelivery({ history: this.#core.history, subscribe }, id, until, timeout);
  }

  async users(): Promise<readonly UserSummary[]> {
    const all: UserSummary[] = [];
    let after: string | undefined;
    for (let more = true; more; ) {
      const page = await this.#network.client.request('users.list', {
        limit: USERS_PAGE,
        ...(after !== undefined && { after }),
      });
      for (const { lastSeen, ...user } of page.users) all.push({ ...user, lastSeen: timestamp(lastSeen) });
      after = page.users.at(-1)?.user;
      more = page.more && after !== undefined;
    }
    return all;
  }

  async conversations(): Promise<readonly ConversationSummary[]> {
    const summaries = await this.#core.scrollback.conversations();
    return Promise.all(
      summaries.map(async (summary) => {
        const expire = await this.#core.talk.lifetime(summary.conversation);
        return { ...summary, ...(expire > 0 && { expire }) };
      }),
    );
  }

  async setLifetime(to: string, seconds: number): Promise<void> {
    if (to.startsWith('#')) await this.#core.named.deeds.setExpire(to.slice(1), seconds);
    else await this.#core.talk.lifetimes.set(this.#addressee(to), seconds);
  }

  lifetime(conversation: string): Promise<number> {
    return this.#core.talk.lifetime(this.#conversation(conversation));
  }

  history(query: HistoryQuery) {
    return this.#core.scrollback.page({ ...query, conversation: this.#conversation(query.conversation) });
  }

  search(query: SearchQuery) {
    const { conversation } = query;
    return this.#core.scrollback.search({
      ...query,
      ...(conversation !== undefined && { conversation: this.#conversation(conversation) }),
    });
  }

  export(conversation?: string) {
    return this.#core.scrollback.all(conversation === undefined ? undefined : this.#conversation(conversation));
  }

  markRead(conversation: string): Promise<void> {
    return this.#core.talk.reading.mark(this.#conversation(conversation));
  }

  verification(user: string): Promise<Verification> {
    return this.#verifications.of(this.#addressee(user));
  }

  confirm(user: string): Promise<Verification> {
    return this.#verifications.confirm(this.#addressee(user));
  }

  acceptIdentity(user: string): Promise<Verification> {
    return this.#verifications.accept(this.#addressee(user));
  }

  whoami(): Whoami {
    const { user, device, link, identity, role } = this.#self;
    return {
      user,
      device,
      directory: `p2pchat://${link.host}:${link.port}#${link.fingerprint}`,
      home: this.#home,
      fingerprint: fingerprint(identity.publicKey),
      role,
    };
  }

  links(): readonly LinkEvent[] {
    return this.#network.linkEvents.list();
  }

  paths(user: string): Promise<readonly PathReport[]> {
    const { links } = this.#network;
    const isOnline = (): boolean => this.directoryState === 'online';
    const resolve = (who: string) => this.#core.contacts.resolve(who);
    return reportPaths({ links, isOnline, resolve }, this.#addressee(user));
  }

  doctor(): Promise<readonly Check[]> {
    const { sockets } = this.#core.transfers;
    return diagnose({ self: this.#self, network: this.#network, clock: this.#clock, sockets });
  }

  setPresence(state: 'online' | 'away'): Promise<void> {
    return this.#network.setPresence(state);
  }

  async changePassword(current: string, next: string): Promise<void> {
    await changePassword(this.#network.client, this.#self, this.#home, { current, next });
  }

  async logout(everywhere: boolean): Promise<void> {
    await this.#network.client.request('logout', { everywhere });
    await this.#leave();
  }

  async deleteAccount(password: string): Promise<void> {
    await confirmPassword(this.#network.client, this.#self, password);
    await this.#network.client.request('account.delete', {});
    await this.#leave();
  }

  async #leave(): Promise<void> {
    const profile = await requireProfile(this.#home);
    await writeProfile(this.#home, { ...profile, loggedOut: true });
    await this.close();
  }

  async close(): Promise<void> {
    await this.#core.handOver();
    await this.#scope.close();
    this.#settleEnded();
  }

  #addressee(to: string): string {
    return recipient(this.user, to);
  }

  #conversation(text: string): string {
    if (text.startsWith('#')) return this.#core.named.overview.conversation(text.slice(1)) ?? text;
    return conversationWith(this.#addressee(text));
  }
}
