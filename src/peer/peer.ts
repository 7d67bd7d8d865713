import { join } from 'node:path';
import { hex } from '../base/bytes.js';
import { type Clock, systemClock, timestamp } from '../base/clock.js';
import { Failure, hasCode, toFailure } from '../base/errors.js';
import { type Random, systemRandom } from '../base/random.js';
import { Scope } from '../base/scope.js';
import { sealForRecovery } from '../crypto/recovery.js';
import { fingerprint, safetyNumber } from '../crypto/safety.js';
import { openVault, sealer } from '../crypto/vault.js';
import { openLevelStore } from '../store/level/open.js';
import type { LocalStore } from '../store/local.js';
import { parseLink } from '../wire/link.js';
import { foldName, parseUserName } from '../wire/names.js';
import { type Enrolled, enrolDevice } from './account.js';
import { AccountFace } from './account-face.js';
import type {
  ChangesApi,
  Check,
  ConversationSummary,
  FilesApi,
  HistoryQuery,
  LoginPeer,
  OpenPeer,
  PathReport,
  PeerApi,
  Preferences,
  PreferencesApi,
  SearchQuery,
  SendOptions,
  SendResult,
  UserSummary,
  Verification,
  Whoami,
} from './api.js';
import { conversationWith, type DirectoryRequest } from './conversations/direct.js';
import { Core } from './core.js';
import { diagnose } from './doctor.js';
import type { DeliveryState, LinkEvent, PeerEvent } from './events.js';
import type { GroupsApi } from './groups/api.js';
import { GroupsFace } from './groups/face.js';
import { Ledger } from './groups/ledger.js';
import { isAtLeast } from './history.js';
import { ANY_ADDRESS, parseListen } from './links/endpoints.js';
import { reportPaths } from './links/paths.js';
import { Network } from './network.js';
import { adoptPassword, changePassword, confirmPassword } from './password.js';
import { PasswordGuard } from './password-guard.js';
import { type Profile, readProfile, requireProfile, storeFolder, writeProfile } from './profile.js';
import { AWAY_TOO_LONG, LOGIN_MENDS, reentering } from './reenter.js';
import type { ContactRow, MessageRow } from './rows.js';
import { openTables } from './rows.js';
import { Self } from './self.js';
import { Files } from './transfers/files.js';
import type { UploadsApi } from './uploads/api.js';

const USERS_PAGE = 500;

/** A running device of an account: what faces talk to. */
class Peer implements PeerApi {
  readonly #home: string;
  readonly #scope: Scope;
  readonly #self: Self;
  readonly #core: Core;
  readonly #network: Network;
  readonly #files: Files;
  readonly #preferences: PreferencesApi;
  readonly #clock: Clock;
  readonly ended: Promise<void>;
  readonly account: AccountFace;
  readonly groups: GroupsApi;
  readonly changes: ChangesApi;
  #settleEnded!: () => void;

  constructor(init: {
    home: string;
    scope: Scope;
    self: Self;
    disk: LocalStore;
    core: Core;
    network: Network;
    clock: Clock;
  }) {
    this.#home = init.home;
    this.#scope = init.scope;
    this.#self = init.self;
    this.#core = init.core;
    this.#network = init.network;
    this.#files = new Files(init.core.transfers, init.core.rules, (to) => this.#addressee(to));
    const wishes = init.core.preferences;
    this.#preferences = {
      get: () => wishes.get(),
      set: (wanted) => wishes.set(wanted),
      mute: async (who, muted) => {
        await wishes.mute(who.startsWith('#') ? who : `@${this.#addressee(who)}`, muted);
        return this.#wished();
      },
      block: async (user, blocked) => {
        await wishes.block(this.#addressee(user), blocked);
        if (blocked) this.#network.part(user.replace(/^@/, ''));
        return this.#wished();
      },
    };
    this.#clock = init.clock;
    const { self, disk, core, network, clock } = init;
    const request: DirectoryRequest = (method, params) => network.client.request(method, params);
    const { anchor, key } = self;
    this.account = new AccountFace({
      self,
      home: init.home,
      clock,
      client: () => network.client,
      emit: (event) => core.feed.emit(event),
    });
    this.changes = core.changes;
    this.groups = new GroupsFace({
      named: core.named,
      anchor,
      ledger: new Ledger({ tables: core.tables, disk, anchor, clock, key, request }),
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

  get files(): FilesApi {
    return this.#files;
  }

  get uploads(): UploadsApi {
    return this.#core.uploads;
  }

  async replayUnseen(): Promise<void> {
    await this.#core.feed.replayUnseen();
    for (const offer of this.#core.transfers.waiting()) this.#core.feed.emit(offer);
  }

  async send(to: string, text: string, options?: SendOptions): Promise<SendResult> {
    return this.#sent(await this.#core.send(to.startsWith('#') ? to : this.#addressee(to), text, options));
  }

  typing(conversation: string, active: boolean): void {
    this.#core.talk.typing(this.#conversation(conversation), active);
  }

  /** What counts as not read depends on it. */
  async #wished(): Promise<Preferences> {
    await this.#core.talk.reading.recount();
    return this.#core.preferences.get();
  }

  get preferences(): PreferencesApi {
    return this.#preferences;
  }

  #sent(row: MessageRow): SendResult {
    const state = row.state ?? 'queued';
    const sent = { id: hex(row.id), conversation: row.conversation, state };
    this.#core.feed.emit({ event: 'sent', ...sent });
    return sent;
  }

  waitFor(id: string, until: DeliveryState, timeout: number): Promise<SendResult> {
    return new Promise((resolve, reject) => {
      const settle = (result: SendResult): void => {
        unsubscribe();
        cancel();
        resolve(result);
      };
      const look = async (): Promise<void> => {
        const row = await this.#core.history.find(new Uint8Array(Buffer.from(id, 'hex')));
        if (row === undefined)
          throw new Failure('unknown', 'message-unknown', `there is no message ${id}`, {
            hint: 'See /history for the messages there are.',
          });
        latest = { id, conversation: row.conversation, state: row.state ?? 'delivered' };
        if (isAtLeast(latest.state, until)) settle(latest);
      };
      let latest: SendResult | undefined;
      const unsubscribe = this.subscribe((event) => {
        if (event.event !== 'sent' || event.id !== id) return;
        latest = { id, conversation: event.conversation, state: event.state };
        if (isAtLeast(event.state, until)) settle(latest);
      });
      // Not the unreferenced timer of the clock: somebody is waiting, and the process with them.
      const timer = setTimeout(() => (latest ? settle(latest) : undefined), timeout);
      const cancel = (): void => clearTimeout(timer);
      look().catch((error: unknown) => {
        unsubscribe();
        cancel();
        reject(toFailure(error));
      });
    });
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
    const summaries = await this.#core.history.conversations();
    return Promise.all(
      summaries.map(async (summary) => {
        const expire = await this.#core.talk.lifetime(summary.conversation);
        return { ...summary, ...(expire > 0 && { expire }) };
      }),
    );
  }

  async setLifetime(to: string, seconds: number): Promise<void> {
    if (to.startsWith('#')) await this.#core.named.setExpire(to.slice(1), seconds);
    else await this.#core.talk.lifetimes.set(this.#addressee(to), seconds);
  }

  lifetime(conversation: string): Promise<number> {
    return this.#core.talk.lifetime(this.#conversation(conversation));
  }

  history(query: HistoryQuery) {
    return this.#core.history.page({ ...query, conversation: this.#conversation(query.conversation) });
  }

  search(query: SearchQuery) {
    const { conversation } = query;
    return this.#core.history.search({
      ...query,
      ...(conversation !== undefined && { conversation: this.#conversation(conversation) }),
    });
  }

  export(conversation?: string) {
    return this.#core.history.all(conversation === undefined ? undefined : this.#conversation(conversation));
  }

  markRead(conversation: string): Promise<void> {
    return this.#core.talk.reading.mark(this.#conversation(conversation));
  }

  async verification(user: string): Promise<Verification> {
    return this.#verification(await this.#core.contacts.current(this.#addressee(user)));
  }

  async confirm(user: string): Promise<Verification> {
    return this.#verification(await this.#core.contacts.verify(this.#addressee(user)));
  }

  async acceptIdentity(user: string): Promise<Verification> {
    const row = await this.#core.contacts.accept(this.#addressee(user));
    await this.#core.messenger.enqueue(row.user, () => this.#core.direct.abandon(row.user));
    this.#core.messenger.flush(row.user);
    return this.#verification(row);
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
    return diagnose({ self: this.#self, network: this.#network, clock: this.#clock });
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

  /** @throws Failure usage 'name-invalid', 'send-self' */
  #addressee(to: string): string {
    const { name, folded } = parseUserName(to.startsWith('@') ? to.slice(1) : to);
    if (folded === foldName(this.user)) {
      throw new Failure('usage', 'send-self', 'that is you', {
        hint: 'Name another person; /activeuser lists who is there.',
      });
    }
    return name;
  }

  #conversation(text: string): string {
    if (text.startsWith('#')) return this.#core.named.conversation(text.slice(1)) ?? text;
    return conversationWith(this.#addressee(text));
  }

  #verification(row: ContactRow): Verification {
    const { directoryId } = this.#self.anchor.trust;
    const key = row.trust === 'changed' ? row.offeredKey! : row.identityKey;
    return {
      user: row.user,
      trust: row.trust,
      fingerprint: fingerprint(key),
      safetyNumber: safetyNumber(
        { directoryId, folded: foldName(this.user), identityKey: this.#self.identity.publicKey },
        { directoryId, folded: foldName(row.user), identityKey: key },
      ),
    };
  }
}

interface Means {
  readonly clock: Clock;
  readonly random: Random;
}

const SYSTEM: Means = { clock: systemClock, random: systemRandom };

/**
 * Opens the profile with its password and starts the peer. The directory needn't be there. A device whose certificate has
 * expired, because it was away for so long, gets a new one by that password.
 * @throws Failure credentials 'not-logged-in', 'wrong-password', 'second-factor-needed'; blocked; storage 'store-in-use';
 *   usage 'port-busy'
 */
export async function openPeer(init: OpenPeer, means: Means = SYSTEM): Promise<PeerApi> {
  const profile = await requireProfile(init.home);
  return reentering(
    AWAY_TOO_LONG,
    (reasons) => open(init, means, reasons),
    () => enrolHere(init, profile, means),
  );
}

/** @param reasons what is thrown, where the directory refuses the device for it */
async function open(init: LoginPeer, means: Means, reasons: readonly string[]): Promise<PeerApi> {
  const profile = relink(await requireProfile(init.home), init.directory);
  const key = await unlock(init, profile, means);
  const scope = new Scope();
  try {
    return await start(init, profile, key, scope, means, reasons);
  } catch (error) {
    await scope.close();
    throw error;
  }
}

/** Logs in on this installation: a new device, or again after a logout, or after a long time; then opens the peer. */
export async function loginPeer(init: LoginPeer, means: Means = SYSTEM): Promise<PeerApi> {
  const profile = await readProfile(init.home);
  if (profile && !profile.loggedOut) {
    assertOwner(profile, init.user);
    return reentering(
      init.rejoin ? LOGIN_MENDS : AWAY_TOO_LONG,
      (reasons) => open(init, means, reasons),
      () => enrolHere(init, profile, means),
    );
  }
  await enrolHere(init, profile, means);
  return open(init, means, []);
}

async function enrolHere(init: LoginPeer, profile: Profile | undefined, means: Means): Promise<Enrolled> {
  const user = init.user ?? profile?.user;
  const directory = init.directory ?? profile?.directory;
  if (user === undefined || directory === undefined) {
    throw new Failure('usage', 'login-incomplete', 'a first login needs a name and the directory', {
      hint: 'Run: p2pchat login NAME --directory p2pchat://HOST:PORT#FINGERPRINT',
    });
  }
  const { home, password, code, askCode } = init;
  return enrolDevice(
    {
      ...{ home, password, directory, user },
      ...(code !== undefined && { code }),
      ...(askCode !== undefined && { askCode }),
    },
    means,
  );
}

function assertOwner(profile: Profile, user: string | undefined): void {
  if (user === undefined || foldName(user) === foldName(profile.user)) return;
  throw new Failure('usage', 'profile-taken', `this installation belongs to ${profile.user}`, {
    hint: `Log in with: p2pchat login ${profile.user}. For another account set P2PCHAT_HOME to another folder.`,
  });
}

/** Another address for the same directory. @throws Failure trust 'directory-changed' */
function relink(profile: Profile, directory: string | undefined): Profile {
  if (directory === undefined) return profile;
  if (parseLink(directory).fingerprint === parseLink(profile.directory).fingerprint) return { ...profile, directory };
  throw new Failure(
    'trust',
    'directory-changed',
    'that link is of another directory than the one you registered with',
    {
      hint: 'Leave --directory out, or set P2PCHAT_HOME to another folder for an account on the other directory.',
    },
  );
}

async function unlock(init: LoginPeer, profile: Profile, { clock, random }: Means): Promise<Uint8Array> {
  const { home, password } = init;
  const guard = new PasswordGuard(home, clock);
  await guard.assertOpen();
  try {
    const { key } = await openVault(profile.vault, password);
    await guard.succeeded();
    return key;
  } catch (error) {
    if (!hasCode(error, 'wrong-password')) throw error;
    const identity = await guard.failed(parseLink(profile.directory), { ...init, user: profile.user }, error);
    return adoptPassword(home, identity, password, random);
  }
}

async function start(
  init: OpenPeer,
  profile: Profile,
  key: Uint8Array,
  scope: Scope,
  { clock, random }: Means,
  reasons: readonly string[],
): Promise<Peer> {
  const disk = await openLevelStore({ folder: storeFolder(init.home) });
  scope.defer(() => disk.close());
  const tables = openTables(disk, sealer(key, random));
  const self = await Self.load(profile, disk, tables, clock);
  if (profile.recovery === undefined) {
    const recovery = sealForRecovery(key, self.identity, random);
    await writeProfile(init.home, { ...(await requireProfile(init.home)), recovery });
  }
  const online = new Scope();
  let peer: Peer;
  const network = new Network({
    self,
    clock,
    random,
    scope: online,
    core: () => core,
    onRefused: (why) => refused(why),
  });
  const core: Core = new Core({
    self,
    disk,
    tables,
    clock,
    random,
    scope: online,
    request: (method, params) => network.client.request(method, params),
    isOnline: () => network.directoryState === 'online',
    link: (address) => network.link(address),
    typing: (user, active) => network.typing(user, active),
    store: (address, items) => network.store(address, items),
    downloads: join(init.home, 'downloads'),
    listening: () => network.links.address,
    stream: (address, transfer) => network.stream(address, transfer),
  });
  let refusal: Failure | undefined;
  const refused = (why: Failure): void => {
    refusal = why;
    const { code, message, hint } = why;
    core.feed.emit({ event: 'error', code, message, hint });
    void peer?.close();
  };
  // The disk closes last: what the network brings in until its end is still written.
  scope.defer(() => core.close());
  scope.defer(() => online.close());
  scope.defer(() => core.transfers.close());
  await core.load();
  await network.start(init.listen === undefined ? ANY_ADDRESS : parseListen(init.listen));
  // Who is banned is told, with the reason and the end.
  if (['account-banned', ...reasons].some((code) => hasCode(refusal, code))) throw refusal;
  core.transfers.resume();
  await core.talk.expiry.load(network.welcome?.now);
  peer = new Peer({ home: init.home, scope, self, disk, core, network, clock });
  return peer;
}
