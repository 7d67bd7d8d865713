import type { Duplex } from 'node:stream';
import { hex, sameBytes } from '../base/bytes.js';
import type { Clock } from '../base/clock.js';
import { timestamp } from '../base/clock.js';
import { type Failure, hasCode, toFailure } from '../base/errors.js';
import type { Random } from '../base/random.js';
import type { Scope } from '../base/scope.js';
import { signDevice } from '../crypto/identity.js';
import { createMlsEngine, type MlsEngine } from '../crypto/mls.js';
import type { LocalStore } from '../store/local.js';
import { type ChangeContent, type Content, isChangeContent, isTransferContent } from '../wire/content.js';
import type { DeviceAddress } from '../wire/directory.js';
import { foldName } from '../wire/names.js';
import { Changes } from './changes.js';
import { Contacts } from './contacts.js';
import { conversationWith, DirectGroups, type DirectoryRequest } from './conversations/direct.js';
import { Groups } from './conversations/groups.js';
import { Inbox } from './conversations/inbox.js';
import { KeyPackages } from './conversations/key-packages.js';
import type { LaneInit } from './conversations/lane.js';
import { assertSendable, Messenger } from './conversations/messenger.js';
import { Outbox } from './conversations/outbox.js';
import type { PeerEvent } from './events.js';
import { Feed } from './feed.js';
import type { GroupContext } from './groups/context.js';
import { NamedGroupStore } from './groups/group.js';
import { NamedGroups } from './groups/named-groups.js';
import { History } from './history.js';
import type { ListenAddress } from './links/endpoints.js';
import { Mailbox } from './mailbox.js';
import { Receipts } from './receipts.js';
import type { MessageRow, Tables } from './rows.js';
import type { Self } from './self.js';
import { Rules } from './transfers/rules.js';
import { Sockets } from './transfers/sockets.js';
import { TransferDesk } from './transfers/transfers.js';

export interface CoreInit {
  readonly self: Self;
  readonly disk: LocalStore;
  readonly tables: Tables;
  readonly clock: Clock;
  readonly random: Random;
  readonly scope: Scope;
  readonly request: DirectoryRequest;
  isOnline(): boolean;
  readonly link: LaneInit['link'];
  readonly store: LaneInit['store'];
  /** Where files go if nothing else is said. */
  readonly downloads: string;
  /** Where links come in. */
  listening(): ListenAddress;
  /** A connection of its own for a transfer; undefined where the device does not answer. */
  stream(address: DeviceAddress, transfer: Uint8Array): Promise<Duplex | undefined>;
}

/** The conversations of a peer, put together: everything between the disk and the network. */
export class Core {
  readonly feed: Feed;
  readonly history: History;
  readonly contacts: Contacts;
  readonly keyPackages: KeyPackages;
  readonly direct: DirectGroups;
  readonly groups: Groups;
  readonly outbox: Outbox;
  readonly messenger: Messenger;
  readonly inbox: Inbox;
  readonly mailbox: Mailbox;
  readonly rules: Rules;
  readonly transfers: TransferDesk;
  readonly named: NamedGroups;
  readonly changes: Changes;
  readonly #init: CoreInit;
  readonly #receipts = new Receipts();

  constructor(init: CoreInit) {
    this.#init = init;
    const { self, disk, tables, clock, random, request } = init;
    const address = { user: self.user, device: self.device };
    const emit = (event: PeerEvent): void => this.feed.emit(event);
    const enqueue: Messenger['enqueue'] = (user, work) => this.messenger.enqueue(user, work);
    const onStuck = (user: string, why: Failure): void => this.#stuck(user, why);
    const engine = createMlsEngine({
      verifyCredential: (certificate, key) => this.#judgeLeaf(certificate, key),
      random,
      now: () => clock.now(),
    });
    this.feed = new Feed(tables, disk);
    this.history = new History(tables, clock);
    this.contacts = new Contacts({
      tables,
      store: disk,
      anchor: self.anchor,
      clock,
      self: { user: self.user, identityKey: self.identity.publicKey },
      fetchRoster: async (user) => (init.isOnline() ? request('roster.get', { user, watch: true }) : undefined),
      emit,
    });
    this.groups = new Groups(tables, engine, self.anchor, self.signatureKey);
    this.keyPackages = new KeyPackages({
      tables,
      store: disk,
      clock,
      engine,
      groups: this.groups,
      signatureKey: self.signatureKey,
      certificate: () => self.certificate,
      publish: (packages) => request('keypackages.publish', { packages }),
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
      onState: (id, user, state) => emit({ event: 'sent', id, conversation: conversationWith(user), state }),
      onStuck,
    });
    const { direct, outbox } = this;
    this.messenger = new Messenger({
      disk,
      engine,
      groups,
      direct,
      history,
      outbox,
      clock,
      random,
      self: address,
      resolveName: async (user) => (await contacts.resolve(user)).user,
      drainMailbox: () => this.drainMailbox(),
      onStuck,
    });
    this.inbox = new Inbox({
      tables,
      disk,
      engine,
      groups,
      direct,
      history,
      self: address,
      enqueue,
      onLine: (row, unseen) => this.#line(row, unseen),
      stepsFor: async (user, from, content) =>
        isTransferContent(content) ? this.transfers.take(user, from, content) : [],
      onKnown: async ({ id, via }) => {
        const row = via === 'mailbox' ? await history.find(id) : undefined;
        if (row) this.#owesReceipt(row);
      },
      onContent: (user, from, content) => this.#content(user, from, content),
    });
    const isContact = (user: string): Promise<boolean> => this.#isContact(user);
    this.rules = new Rules({ tables, disk, folder: init.downloads, isContact });
    this.transfers = new TransferDesk({
      ...{ tables, disk, clock, random, scope: init.scope, emit },
      self: address,
      rules: this.rules,
      sockets: new Sockets({ clock, listening: init.listening, directory: self.link }),
      enter: (to) => this.messenger.enter(to),
      send: (user, content) => this.messenger.sendContent(user, content),
      reached: (message) => outbox.reached(message),
      dial: init.stream,
    });
    this.changes = new Changes({
      ...{ history, disk, self: address, emit },
      send: (conversation, content) =>
        conversation.startsWith('#')
          ? this.named.sendContent(conversation.slice(1), content)
          : this.messenger.sendContent(conversation.slice(1), content),
    });
    this.named = new NamedGroups(this.#groupContext(engine));
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
      groups: this.groups,
      store: new NamedGroupStore(tables, this.groups, self.anchor.trust),
      keyPackages: this.keyPackages,
      history: this.history,
      contacts: this.contacts,
      enqueue: (group, work) => this.messenger.enqueue(`#${hex(group.id)}`, work),
      emit: (event) => this.feed.emit(event),
      note: (row) => this.inbox.note(row),
      onLine: (row, unseen) => this.feed.emitLine(row, unseen),
      onPast: (row) => this.feed.emitPast(row),
      onChange: (conversation, from, content) => this.changes.take(conversation, from, content),
      report: (what, error) => this.#report(what, toFailure(error)),
    };
  }

  async load(): Promise<void> {
    await this.named.load();
    await this.inbox.load();
    await this.transfers.load();
    this.messenger.resume(await this.outbox.load());
  }

  async sendToGroup(name: string, text: string): Promise<MessageRow> {
    assertSendable(text);
    return this.named.send(name, text);
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
    for (const { conversation } of await this.history.conversations()) {
      if (!conversation.startsWith('@')) continue;
      const user = conversation.slice(1);
      await this.messenger.enqueue(user, () => this.direct.abandon(user));
    }
  }

  async markRead(conversation: string): Promise<void> {
    const head = await this.history.head(conversation);
    if (head.read === head.last && !head.unread) return;
    head.read = head.last;
    if (head.unread !== undefined) head.unread = 0;
    await this.#init.disk.write([this.history.saveHead(head)]);
  }

  async close(): Promise<void> {
    await this.messenger.idle();
    await this.outbox.close();
    await this.feed.close();
  }

  /** Somebody one has written to, or verified. */
  async #isContact(user: string): Promise<boolean> {
    if ((await this.contacts.current(user)).trust === 'verified') return true;
    const own = await this.history.search({
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

  #line(row: MessageRow, unseen: number): void {
    this.feed.emitLine(row, unseen);
    if (row.via === 'mailbox') this.#owesReceipt(row);
  }

  #owesReceipt({ from, id }: MessageRow): void {
    if (foldName(from) !== foldName(this.#init.self.user)) this.#receipts.delivered(from, id);
  }

  async #content(user: string, from: DeviceAddress, content: Content): Promise<void> {
    if (isTransferContent(content)) return this.transfers.react(content);
    if (isChangeContent(content)) return this.#changed(user, from, content);
    if (content.type !== 'receipt' && content.type !== 'resend') return;
    if (foldName(from.user) === foldName(this.#init.self.user)) return;
    for (const id of content.ids) {
      const row = await this.history.find(id);
      if (row === undefined || row.conversation !== conversationWith(user)) continue;
      if (content.type === 'resend')
        this.#init.scope.run(
          () => this.messenger.resend(user, row),
          () => {},
        );
      else await this.#raise(row, content.state);
    }
  }

  async #changed(user: string, from: DeviceAddress, content: ChangeContent): Promise<void> {
    await this.changes.take(conversationWith(user), from.user, content);
  }

  async #raise(row: MessageRow, state: 'delivered' | 'read'): Promise<void> {
    const steps = await this.history.raise(row.id, state);
    if (steps.length === 0) return;
    await this.#init.disk.write(steps);
    this.feed.emit({ event: 'sent', id: Buffer.from(row.id).toString('hex'), conversation: row.conversation, state });
  }

  #refused(
    entry: { readonly from: DeviceAddress; readonly id: Uint8Array; readonly storedAt: number },
    why: Failure,
  ): void {
    this.#report(`a message of ${entry.from.user} from ${timestamp(entry.storedAt)} could not be taken in`, why);
    if (why.reason !== 'trust') this.#receipts.unreadable(entry.from.user, entry.id);
  }

  #sendLater(user: string, content: Content): void {
    this.#init.scope.run(
      () => this.messenger.sendContent(user, content),
      (error) => this.#stuck(user, toFailure(error)),
    );
  }

  #stuck(user: string, why: Failure): void {
    if (hasCode(why, 'directory-offline') || hasCode(why, 'connection-lost') || hasCode(why, 'closed')) return;
    this.#report(`messages to ${user} wait`, why);
  }

  #report(what: string, { code, message, hint }: Failure): void {
    this.feed.emit({ event: 'error', code, message: what === '' ? message : `${what}: ${message}`, hint });
  }
}
