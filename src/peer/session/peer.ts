import { fromHex, hex } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import type { Scope } from '../../base/scope.js';
import { fingerprint } from '../../crypto/safety.js';
import { formatLink } from '../../wire/link.js';
import { foldName } from '../../wire/names.js';
import { AccountService } from '../account/account-service.js';
import { changePassword, confirmPassword } from '../account/password.js';
import type { AccountApi } from '../api/account.js';
import type { BackupsApi } from '../api/backup.js';
import type { ChangesApi } from '../api/changes.js';
import type { DeliveryState, LinkEvent } from '../api/events.js';
import type { GroupsApi } from '../api/groups.js';
import type { GuestsApi } from '../api/guests.js';
import type { NotesApi } from '../api/notes.js';
import type { PairingsApi } from '../api/pairing.js';
import type { PathReport } from '../api/paths.js';
import type {
  Check,
  ConversationSummary,
  FilesApi,
  HistoryQuery,
  Listener,
  PeerApi,
  PinsApi,
  PreferencesApi,
  SearchQuery,
  SendOptions,
  SendResult,
  UserSummary,
  Verification,
  Whoami,
} from '../api/peer.js';
import type { PollsApi } from '../api/polls.js';
import type { UploadsApi } from '../api/uploads.js';
import type { HandOver } from '../backup/hand-over.js';
import type { LocalDevice } from '../identity/local-device.js';
import { VerificationService } from '../identity/verification-service.js';
import { awaitDelivery } from '../messaging/await-delivery.js';
import { isGroupId, nameIn } from '../messaging/conversation.js';
import { GroupService } from '../messaging/group/group-service.js';
import { PreferencesService } from '../messaging/preferences.js';
import { conversationTo, recipient } from '../messaging/recipient.js';
import type { LinkEvents } from '../network/link-events.js';
import type { Network } from '../network/network.js';
import { reportPaths } from '../network/path-report.js';
import { requireProfile, writeProfile } from '../storage/profile.js';
import type { SetAside } from '../storage/set-aside.js';
import type { MessageRow } from '../storage/tables.js';
import { FileService } from '../transfers/file-service.js';
import { allUsers } from './all-users.js';
import { diagnose } from './doctor.js';
import { giveUpFormer } from './give-up.js';
import { letReceiptsLeave } from './last-receipts.js';
import type { Services } from './services.js';

const MESSAGE_ID = /^[0-9a-f]{32}$/;

export interface PeerInit {
  readonly home: string;
  readonly scope: Scope;
  readonly self: LocalDevice;
  readonly services: Services;
  readonly network: Network;
  readonly linkEvents: LinkEvents;
  readonly clock: Clock;
  readonly random: Random;
  readonly aside: SetAside;
  readonly backups: BackupsApi;
  readonly handOver: HandOver;
  readonly pairings: PairingsApi;
}

/** A running device of an account: what faces talk to. */
export class Peer implements PeerApi {
  readonly #home: string;
  readonly #scope: Scope;
  readonly #self: LocalDevice;
  readonly #services: Services;
  readonly #linkEvents: LinkEvents;
  readonly #network: Network;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #verifications: VerificationService;
  readonly account: AccountApi;
  readonly backups: BackupsApi;
  readonly handOver: HandOver;
  readonly changes: ChangesApi;
  readonly polls: PollsApi;
  readonly pins: PinsApi;
  readonly files: FilesApi;
  readonly groups: GroupsApi;
  readonly preferences: PreferencesApi;
  readonly notes: NotesApi;
  readonly uploads: UploadsApi;
  readonly guests: GuestsApi;
  readonly takeSetAside: PeerApi['takeSetAside'];
  readonly ended: Promise<void>;
  /** The directory's last word is what was asked for, then. */
  #leaving = false;
  #settleEnded!: () => void;

  constructor(init: PeerInit) {
    const { home, scope, self, services, network, linkEvents, clock, random, aside } = init;
    this.takeSetAside = () => aside.take();
    this.#home = home;
    this.#scope = scope;
    this.#self = self;
    this.#services = services;
    this.#linkEvents = linkEvents;
    this.#network = network;
    this.#clock = clock;
    this.#random = random;
    const addressed = (to: string): string => this.#addressee(to);
    this.account = new AccountService({
      ...{ self, home, clock, ownDevices: services.ownDevices, pairings: init.pairings },
      client: () => network.client,
      emit: (event) => services.feed.emit(event),
    });
    this.backups = init.backups;
    this.handOver = init.handOver;
    this.changes = services.edits;
    this.polls = services.polls;
    this.pins = services.pins;
    this.files = new FileService({
      ...{ clock, transfers: services.transfers, rules: services.rules },
      recipient: addressed,
    });
    this.uploads = services.uploads;
    this.guests = services.guests;
    this.preferences = new PreferencesService({
      preferences: services.preferences,
      recount: () => services.state.readMarkers.recount(),
      ...{ part: (user) => network.part(user), obey: () => network.obey() },
      recipient: addressed,
    });
    this.notes = services.notes;
    this.#verifications = new VerificationService({
      ...{ self, contacts: services.contacts },
      giveUpFormer: (user) => giveUpFormer(services, user),
    });
    this.groups = new GroupService({
      groups: services.groups,
      anchor: self.anchor,
      ledger: services.moderation,
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

  get trouble(): Failure | undefined {
    return this.#leaving ? undefined : this.#network.trouble;
  }

  subscribe(listener: Listener): () => void {
    return this.#services.feed.subscribe(listener);
  }

  async replayUnseen(): Promise<void> {
    await this.#services.feed.replayUnseen();
    await this.#services.ownDevices.tell();
    await this.handOver.tell();
    await this.#services.moderation.tell();
    await this.#services.transfers.tell();
    this.#services.guests.look();
  }

  async send(to: string, text: string, { replyTo }: SendOptions = {}): Promise<SendResult> {
    const id = conversationTo(this.user, to);
    const answers = replyTo === undefined ? undefined : await this.#answered(id, replyTo);
    const row = await this.#services.conversations.of(id).send(text, answers && { answers });
    this.#services.state.sent(row.conversation);
    return this.#sent(row);
  }

  typing(conversation: string, active: boolean): void {
    this.#services.state.typing(this.#conversation(conversation), active);
  }

  #sent(row: MessageRow): SendResult {
    const state = row.state ?? 'queued';
    const sent = { id: hex(row.id), conversation: row.conversation, state };
    this.#services.feed.emit({ event: 'sent', ...sent });
    return sent;
  }

  waitFor(id: string, until: DeliveryState, timeout: number): Promise<SendResult> {
    const subscribe: PeerApi['subscribe'] = (listener) => this.subscribe(listener);
    return awaitDelivery({ clock: this.#clock, history: this.#services.history, subscribe }, id, until, timeout);
  }

  users(): Promise<readonly UserSummary[]> {
    return allUsers(this.#network);
  }

  async conversations(): Promise<readonly ConversationSummary[]> {
    const summaries = await this.#services.reader.conversations();
    return Promise.all(
      summaries.map(async (summary) => {
        const expire = await this.#services.conversations.of(summary.conversation).lifetime();
        return { ...summary, ...(expire > 0 && { expire }) };
      }),
    );
  }

  async setLifetime(to: string, seconds: number): Promise<void> {
    const id = conversationTo(this.user, to);
    await this.#services.conversations.of(id).setLifetime(seconds);
  }

  lifetime(conversation: string): Promise<number> {
    return this.#services.conversations.of(this.#conversation(conversation)).lifetime();
  }

  history(query: HistoryQuery) {
    return this.#services.reader.page({ ...query, conversation: this.#conversation(query.conversation) });
  }

  search(query: SearchQuery) {
    const { conversation } = query;
    return this.#services.reader.search({
      ...query,
      ...(conversation !== undefined && { conversation: this.#conversation(conversation) }),
    });
  }

  export(conversation?: string) {
    return this.#services.reader.all(conversation === undefined ? undefined : this.#conversation(conversation));
  }

  markRead(conversation: string): Promise<void> {
    return this.#services.state.readMarkers.mark(this.#conversation(conversation));
  }

  verification(user: string): Promise<Verification> {
    return this.#verifications.of(this.#addressee(user));
  }

  confirm(user: string): Promise<Verification> {
    return this.#verifications.confirm(this.#addressee(user));
  }

  acceptIdentity(user: string, shown?: string): Promise<Verification> {
    return this.#verifications.accept(this.#addressee(user), shown);
  }

  whoami(): Whoami {
    const { user, device, link, identity, role } = this.#self;
    return {
      user,
      device,
      directory: formatLink(link),
      home: this.#home,
      fingerprint: fingerprint(identity.publicKey),
      role,
    };
  }

  links(): readonly LinkEvent[] {
    return this.#linkEvents.list();
  }

  paths(user: string): Promise<readonly PathReport[]> {
    const { contacts, transfers } = this.#services;
    const isOnline = (): boolean => this.directoryState === 'online';
    const about = { transfers: () => transfers.list(), resolve: (who: string) => contacts.resolve(who) };
    const advice = (): string | undefined => this.#network.mapped?.advice();
    const trouble = (): Failure | undefined => this.#network.trouble;
    return reportPaths({ links: this.#network.links, isOnline, trouble, advice, ...about }, this.#addressee(user));
  }

  doctor(): Promise<readonly Check[]> {
    const { sockets } = this.#services.transfers;
    return diagnose({ self: this.#self, network: this.#network, clock: this.#clock, sockets });
  }

  setPresence(state: 'online' | 'away'): Promise<void> {
    return this.#network.setPresence(state);
  }

  async changePassword(current: string, next: string): Promise<void> {
    await changePassword(this.#network.client, this.#self, this.#home, { current, next, random: this.#random });
  }

  async logout(everywhere: boolean, password?: string): Promise<void> {
    if (everywhere) await confirmPassword(this.#network.client, this.#self, password);
    this.#leaving = true;
    await this.#network.client.request('logout', { everywhere });
    await this.#leave();
  }

  async deleteAccount(password: string): Promise<void> {
    await confirmPassword(this.#network.client, this.#self, password);
    this.#leaving = true;
    await this.#network.client.request('account.delete', {});
    await this.#leave();
  }

  async #leave(): Promise<void> {
    const profile = await requireProfile(this.#home);
    await writeProfile(this.#home, { ...profile, loggedOut: true });
    await this.close();
  }

  async close(): Promise<void> {
    await letReceiptsLeave(this.#services, this.#clock);
    await this.#scope.close();
    this.#settleEnded();
  }

  async #answered(conversation: string, id: string): Promise<Uint8Array> {
    const row = MESSAGE_ID.test(id) ? await this.#services.history.find(fromHex(id)) : undefined;
    if (row && foldName(row.conversation) === foldName(conversation)) return row.id;
    throw new Failure('message-unknown', 'there is no such message in that conversation', {
      hint: 'history --json shows the ids.',
    });
  }

  #addressee(to: string): string {
    return recipient(this.user, to);
  }

  #conversation(text: string): string {
    if (isGroupId(text)) return this.#services.groups.queries.conversation(nameIn(text)) ?? text;
    return conversationTo(this.user, text);
  }
}
