import type { Duplex } from 'node:stream';
import { fromHex, hex, sameBytes } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import { timestamp } from '../../base/clock.js';
import { Failure, hasCode, toFailure } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import type { Scope } from '../../base/scope.js';
import { signDevice } from '../../crypto/identity.js';
import { createMlsEngine, type MlsEngine } from '../../crypto/mls.js';
import type { LocalStore } from '../../store/local.js';
import type { Content } from '../../wire/content.js';
import type { DeviceAddress } from '../../wire/directory.js';
import { foldName } from '../../wire/names.js';
import type { PeerEvent } from '../api/events.js';
import type { SendOptions } from '../api/peer.js';
import { Contacts } from '../identity/contacts.js';
import type { LocalDevice } from '../identity/local-device.js';
import { OwnDevices } from '../identity/own-devices.js';
import { ContentHandlers } from '../messaging/content-handlers.js';
import { ConversationState } from '../messaging/conversation-state.js';
import { DeliveryReceipts } from '../messaging/delivery-receipts.js';
import type { DeviceQueueInit } from '../messaging/direct/device-queue.js';
import { conversationWith, DirectGroups, type DirectoryRequest } from '../messaging/direct/direct-groups.js';
import { Mailbox } from '../messaging/direct/mailbox.js';
import { Outbox } from '../messaging/direct/outbox.js';
import { DirectReceiver } from '../messaging/direct/receiver.js';
import { assertSendable, DirectSender } from '../messaging/direct/sender.js';
import { Edits } from '../messaging/edits.js';
import { EventFeed } from '../messaging/event-feed.js';
import type { GroupContext } from '../messaging/group/context.js';
import { GroupStore } from '../messaging/group/group.js';
import { Groups } from '../messaging/group/groups.js';
import { History } from '../messaging/history.js';
import { HistoryReader } from '../messaging/history-reader.js';
import { KeyPackages } from '../messaging/key-packages.js';
import { MlsGroups } from '../messaging/mls-groups.js';
import { Preferences } from '../messaging/preferences.js';
import { Queued } from '../messaging/queued.js';
import type { ListenAddress } from '../network/listen-address.js';
import type { SetAside } from '../storage/set-aside.js';
import type { MessageRow, OutboxRow, Tables } from '../storage/tables.js';
import { AcceptRules } from '../transfers/accept-rules.js';
import { TransferEndpoint } from '../transfers/transfer-endpoint.js';
import { TransferManager } from '../transfers/transfer-manager.js';
import { Uploads } from '../uploads/uploads.js';

export interface CoreInit {
  readonly self: LocalDevice;
  readonly disk: LocalStore;
  readonly tables: Tables;
  readonly clock: Clock;
  readonly random: Random;
  readonly scope: Scope;
  readonly request: DirectoryRequest;
  isOnline(): boolean;
  readonly link: DeviceQueueInit['link'];
  /** To the devices of a person that a link is up to. */
  typing(user: string, active: boolean): void;
  readonly store: DeviceQueueInit['store'];
  /** Where files go if nothing else is said. */
  readonly downloads: string;
  /** Where links come in. */
  listening(): ListenAddress;
  /** A connection of its own for a transfer; undefined where the device does not answer. */
  stream(address: DeviceAddress, transfer: Uint8Array): Promise<Duplex | undefined>;
  /** The host at the other end of the link to a device, where there is one. */
  linkedFrom(device: string): string | undefined;
}

/** How long the end waits for receipts to leave; they are kept anyway. */
const HAND_OVER_MS = 1_000;
const MESSAGE_ID = /^[0-9a-f]{32}$/;

/** The conversations of a peer, put together: everything between the disk and the network. */
export class Core {
  readonly feed: EventFeed;
  readonly preferences: Preferences;
  readonly history: History;
  readonly scrollback: HistoryReader;
  readonly talk: ConversationState;
  readonly contacts: Contacts;
  readonly ownDevices: OwnDevices;
  readonly keyPackages: KeyPackages;
  readonly direct: DirectGroups;
  readonly groups: MlsGroups;
  readonly outbox: Outbox;
  readonly messenger: DirectSender;
  readonly inbox: DirectReceiver;
  readonly mailbox: Mailbox;
  readonly rules: AcceptRules;
  readonly transfers: TransferManager;
  readonly named: Groups;
  readonly changes: Edits;
  readonly uploads: Uploads;
  readonly #init: CoreInit;
  readonly #receipts = new DeliveryReceipts();

  constructor(init: CoreInit) {
    this.#init = init;
    const { self, disk, tables, clock, random, request } = init;
    const address = { user: self.user, device: self.device };
    const emit = (event: PeerEvent): void => this.feed.emit(event);
    const enqueue: DirectSender['enqueue'] = (user, work) => this.messenger.enqueue(user, work);
    const onStuck = (user: string, why: Failure): void => this.#stuck(user, why);
    const engine = createMlsEngine({
      verifyCredential: (certificate, key) => this.#judgeLeaf(certificate, key),
      random,
      now: () => clock.now(),
    });
    this.preferences = new Preferences({ tables, disk, self: self.user });
    this.feed = new EventFeed(tables, disk, this.preferences, clock);
    this.history = new History({
      ...{ tables, disk, clock, look: this.preferences },
      onExpiring: (row) => this.talk.expiry.add(row),
    });
    this.scrollback = new HistoryReader(tables, this.preferences);
    this.ownDevices = new OwnDevices({
      ...{ tables, disk, clock, request, device: self.device, anchor: self.anchor, scope: init.scope },
      isOnline: init.isOnline,
      isWatched: () => this.feed.isWatched,
      emit,
      report: (error) => this.#reportUnlessAway(error),
    });
    this.contacts = new Contacts({
      tables,
      store: disk,
      anchor: self.anchor,
      clock,
      self: { user: self.user, identityKey: self.identity.publicKey },
      fetchRoster: async (user) => (init.isOnline() ? request('roster.get', { user, watch: true }) : undefined),
      onOwn: (certificate) => this.ownDevices.seen(certificate),
      emit,
    });
    this.groups = new MlsGroups(tables, engine, self.anchor, self.signatureKey);
    this.keyPackages = new KeyPackages({
      tables,
      store: disk,
      clock,
      engine,
      groups: this.groups,
      signatureKey: self.signatureKey,
      certificate: () => self.certificate,
      publish: (packages, lastResort) =>
        request('keypackages.publish', { packages, ...(lastResort && { lastResort }) }),
    });
    const { contacts, groups, history, keyPackages } = this;
    this.direct = new DirectGroups({
      self: address,
      engine,
      signatureKey: self.signatureKey,
      groups,
      keyPackages,
      history,
      contacts,
      store: disk,
      random,
      request,
      isOnline: init.isOnline,
      onGone: (user) => {
        init.scope.run(
          () => this.messenger.resealStored(user),
          (error) => this.#stuck(user, toFailure(error)),
        );
      },
      enqueue,
    });
    this.outbox = new Outbox({
      tables,
      disk,
      history,
      clock,
      self: address,
      link: init.link,
      store: init.store,
      onOrphaned: (row) => {
        // The roster that named the device is old.
        this.contacts.forget(row.user);
        init.scope.run(
          () => this.messenger.takeBack(row),
          (error) => this.#stuck(row.user, toFailure(error)),
        );
      },
      onState: (id, user, state) => emit({ event: 'sent', id, conversation: conversationWith(user), state }),
      onStuck,
    });
    const { direct, outbox } = this;
    const queued = new Queued({ disk, history, messenger: () => this.messenger, named: () => this.named });
    this.messenger = new DirectSender({
      tables,
      disk,
      scope: init.scope,
      engine,
      groups,
      direct,
      history,
      outbox,
      clock,
      random,
      self: address,
      resolveName: async (user) => {
        if (this.preferences.isBlocked(user)) throw isBlockedHere(user);
        return (await contacts.resolve(user)).user;
      },
      drainMailbox: () => this.drainMailbox(),
      onFailed: (user, rows, why) => void this.#unsendable(user, rows, why),
      onStuck,
    });
    const contents = new ContentHandlers({ self: self.user, scope: init.scope, core: this });
    this.inbox = new DirectReceiver({
      tables,
      disk,
      engine,
      groups,
      direct,
      history,
      clock,
      self: address,
      enqueue,
      keep: (row) => this.talk.later.keep(row),
      isBlocked: (user) => this.preferences.isBlocked(user),
      onLine: (row, unseen) => this.#line(row, unseen),
      keepContent: (user, from, content, tx) => contents.keep(user, from, content, tx),
      onKnown: async ({ id, via }) => {
        const row = via === 'mailbox' ? await history.find(id) : undefined;
        if (row && !this.preferences.isBlocked(row.from)) this.#owesReceipt(row);
      },
      onContent: (user, from, content) => contents.take(user, from, content),
    });
    const isContact = (user: string): Promise<boolean> => this.#isContact(user);
    this.rules = new AcceptRules({ tables, disk, clock, folder: init.downloads, isContact });
    this.transfers = new TransferManager({
      ...{ tables, disk, clock, random, scope: init.scope, emit },
      self: address,
      rules: this.rules,
      sockets: new TransferEndpoint({ clock, listening: init.listening, directory: self.link }),
      enter: (to) => this.messenger.enter(to),
      members: (group) => this.named.overview.others(group),
      sharedGroup: (group, user) => this.named.overview.sharedWith(group, user),
      send: (user, content) => this.messenger.sendContent(user, content),
      reached: (message) => outbox.reached(message),
      dial: init.stream,
      linkedFrom: init.linkedFrom,
      isThere: async ({ user, device }) =>
        (await this.contacts.resolve(user)).devices.some((one) => one.device === device && one.state !== 'offline'),
    });
    this.changes = new Edits({
      ...{ history, self: address, emit },
      unsay: (row) => queued.unsay(row),
      send: (conversation, content) =>
        conversation.startsWith('#')
          ? this.named.sendContent(conversation.slice(1), content)
          : this.messenger.sendContent(conversation.slice(1), content),
    });
    this.named = new Groups(this.#groupContext(engine));
    this.talk = new ConversationState({
      ...{ tables, disk, history, clock, scope: init.scope, preferences: this.preferences, emit, queued },
      ...{ self: self.user, messenger: this.messenger, changes: this.changes, named: this.named, inbox: this.inbox },
      typing: init.typing,
      report: (error) => this.#report('', toFailure(error)),
    });
    this.uploads = new Uploads({
      ...{ tables, disk, clock, random, request, emit, scope: init.scope, isOnline: init.isOnline },
      directoryId: self.anchor.trust.directoryId,
      user: self.user,
      folder: () => this.rules.folder,
      groups: {
        joined: (name) => this.named.overview.idOf(name.replace(/^#/, '')),
        writable: (name) => this.named.overview.writableId(name.replace(/^#/, '')),
        nameOf: (id) => this.named.overview.nameOf(id),
        announce: (id, content, steps) => this.named.announce(id, content, steps),
      },
    });
    this.mailbox = new Mailbox({
      tables,
      disk,
      request,
      accept: (incoming) => this.inbox.accept(incoming),
      join: (number, welcome) => direct.join(number, welcome),
      onRefused: (entry, why) => this.#refused(entry, why),
    });
  }

  /** Everything a group's parts share. */
  #groupContext(engine: MlsEngine): GroupContext {
    const { self, disk, tables, clock, random, scope, request, isOnline } = this.#init;
    const account = { directoryId: self.anchor.trust.directoryId, folded: foldName(self.user) };
    const statement = signDevice(self.identity, account, self.key.publicKey);
    const { user, device, key, signatureKey } = self;
    return {
      ...{ engine, disk, tables, clock, random, scope, request, isOnline, anchor: self.anchor },
      self: { user, device, key, signatureKey, statement },
      role: () => self.role,
      link: this.#init.link,
      groups: this.groups,
      keep: (row) => this.talk.later.keep(row),
      isBlocked: (user) => this.preferences.isBlocked(user),
      store: new GroupStore(tables, this.groups, self.anchor.trust),
      keyPackages: this.keyPackages,
      history: this.history,
      contacts: this.contacts,
      enqueue: (group, work) => this.messenger.enqueue(`#${hex(group.id)}`, work),
      emit: (event) => {
        this.feed.emit(event);
        if (event.event === 'sent' && event.state === 'stored') this.uploads.announced(event.id);
      },
      note: (row) => this.inbox.note(row),
      onLine: (row, unseen) => this.#show(row, unseen),
      onPast: (row) => this.feed.emitPast(row),
      onChange: (conversation, from, content, tx) => this.changes.take(conversation, from, content, tx),
      onSignal: (conversation, user, signal) => this.talk.heard(conversation, user, signal),
      onUpload: ({ id }, from, content, tx, told) => this.uploads.take(id, from, content, tx, told),
      onRefused: (id, why) => this.uploads.refused(hex(id), why),
      report: (what, error) => this.#report(what, toFailure(error)),
    };
  }

  async load(aside: SetAside): Promise<void> {
    await this.history.mend(aside);
    await this.preferences.load();
    await this.ownDevices.load();
    await this.named.load();
    await this.inbox.load();
    await this.transfers.load();
    await this.uploads.load();
    await this.messenger.resume(await this.outbox.load());
    await this.talk.load();
  }

  /** @param to a name, or `#name` @throws Failure as Messenger.sendText and Poster.text; unknown 'message-unknown' */
  async send(to: string, text: string, { replyTo }: SendOptions = {}): Promise<MessageRow> {
    assertSendable(text);
    const answers = replyTo === undefined ? undefined : await this.#answered(to, replyTo);
    const row = to.startsWith('#')
      ? await this.named.send(to.slice(1), text, answers)
      : await this.messenger.sendText(to, text, answers);
    this.talk.sent(row.conversation);
    return row;
  }

  async #answered(to: string, id: string): Promise<Uint8Array> {
    const row = MESSAGE_ID.test(id) ? await this.history.find(fromHex(id)) : undefined;
    const conversation = to.startsWith('#') ? to : conversationWith(to);
    if (row && foldName(row.conversation) === foldName(conversation)) return row.id;
    throw new Failure('message-unknown', 'there is no such message in that conversation', {
      hint: 'history --json shows the ids.',
    });
  }

  get tables(): Tables {
    return this.#init.tables;
  }

  /** Empties the mailbox where the directory can be reached, and tells senders what came. */
  async drainMailbox(): Promise<void> {
    if (!this.#init.isOnline()) return;
    try {
      await this.mailbox.drain();
    } catch (error) {
      if (toFailure(error).reason !== 'unreachable') throw error;
    }
    for (const { user, content } of this.#receipts.take()) this.#sendLater(user, content);
  }

  /** A restored copy of an older state must not be used for sealing: all conversations begin anew. */
  async startAnew(): Promise<void> {
    await this.named.startAnew();
    for (const { conversation } of await this.scrollback.conversations()) {
      if (!conversation.startsWith('@')) continue;
      const user = conversation.slice(1);
      await this.messenger.enqueue(user, () => this.direct.abandon(user));
    }
  }

  /** Lets receipts of what was just read leave, where they can. */
  async handOver(): Promise<void> {
    const receipts = await this.talk.reading.flush();
    if (receipts.length === 0) return;
    const left = Promise.all(receipts.map((id) => this.outbox.reached(id)));
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, HAND_OVER_MS);
      void left.then(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  async close(): Promise<void> {
    await this.talk.close();
    await this.messenger.idle();
    await this.inbox.idle();
    await this.outbox.close();
    await this.feed.close();
  }

  /** Somebody one has written to, or verified. */
  async #isContact(user: string): Promise<boolean> {
    if ((await this.contacts.current(user)).trust === 'verified') return true;
    const own = await this.scrollback.search({
      words: '',
      conversation: conversationWith(user),
      from: this.#init.self.user,
      limit: 1,
    });
    return own.length > 0;
  }

  /** The key is the certificate's, the certificate the directory's, and the identity the one we know. */
  async #judgeLeaf(certificate: Uint8Array, key: Uint8Array): Promise<boolean> {
    const judged = this.#init.self.anchor.judgeLeaf(certificate);
    if (!sameBytes(judged.publicKey, key)) return false;
    await this.contacts.admit(judged);
    return true;
  }

  #show(row: MessageRow, unseen: number): void {
    this.talk.spoke(row);
    this.feed.emitLine(row, unseen);
  }

  #line(row: MessageRow, unseen: number): void {
    this.#show(row, unseen);
    if (row.via === 'mailbox') this.#owesReceipt(row);
  }

  #owesReceipt({ from, id }: MessageRow): void {
    if (foldName(from) !== foldName(this.#init.self.user)) this.#receipts.delivered(from, id);
  }

  #refused(
    entry: { readonly from: DeviceAddress; readonly id: Uint8Array; readonly storedAt: number },
    why: Failure,
  ): void {
    if (this.preferences.isBlocked(entry.from.user)) return;
    this.#report(`a message of ${entry.from.user} from ${timestamp(entry.storedAt)} could not be taken in`, why);
    if (why.reason !== 'trust') this.#receipts.unreadable(entry.from.user, entry.id);
  }

  #sendLater(user: string, content: Content): void {
    this.#init.scope.run(
      () => this.messenger.sendContent(user, content),
      (error) => this.#stuck(user, toFailure(error)),
    );
  }

  /** Said once; the text stays in the history. */
  async #unsendable(user: string, rows: readonly OutboxRow[], why: Failure): Promise<void> {
    const shown = rows.filter((row) => row.shown);
    for (const { id } of shown) {
      const failed = await this.history.update(id, (line) =>
        line.state === 'queued' ? { ...line, state: 'failed' } : undefined,
      );
      if (failed) this.feed.emit({ event: 'sent', id: hex(id), conversation: failed.conversation, state: 'failed' });
    }
    if (shown.length === 0) return;
    const what = shown.length === 1 ? 'a message' : `${shown.length} messages`;
    const hint = 'The text stays in the history, marked as failed; /delete takes it away, p2pchat delete ID too.';
    this.#report(`${what} to ${user} could not be sent and is not tried again`, Failure.from({ ...why.plain, hint }));
  }

  #stuck(user: string, why: Failure): void {
    if (hasCode(why, 'directory-offline') || hasCode(why, 'connection-lost') || hasCode(why, 'closed')) return;
    this.#report(`messages to ${user} wait`, why);
  }

  /** What could not be asked now is asked when the directory is back. */
  #reportUnlessAway(error: unknown): void {
    const failure = toFailure(error);
    if (failure.reason !== 'unreachable') this.#report('', failure);
  }

  #report(what: string, { code, message, hint }: Failure): void {
    this.feed.emit({ event: 'error', code, message: what === '' ? message : `${what}: ${message}`, hint });
  }
}

const isBlockedHere = (user: string): Failure =>
  new Failure('user-blocked', `you have blocked ${user}`, {
    hint: `To write to them again: /unblock ${user}, or p2pchat unblock ${user}.`,
    details: { user },
  });
