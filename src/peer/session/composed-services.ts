import { join } from 'node:path';
import type { DeviceAddress } from '../../wire/directory.js';
import type { Guests } from '../guests/guests.js';
import { Contacts } from '../identity/contacts.js';
import type { OwnDevices } from '../identity/own-devices.js';
import { ContentHandlers } from '../messaging/content-handlers.js';
import { Conversations, conversationWith } from '../messaging/conversation.js';
import { ConversationState } from '../messaging/conversation-state.js';
import type { DeliveryLink } from '../messaging/delivery-link.js';
import { DirectConversation } from '../messaging/direct/direct-conversation.js';
import { DirectGroups } from '../messaging/direct/direct-groups.js';
import { MailReceiver } from '../messaging/direct/mail-receiver.js';
import { putInMailbox } from '../messaging/direct/mailbox.js';
import { Outbox } from '../messaging/direct/outbox.js';
import { DirectReceiver } from '../messaging/direct/receiver.js';
import { DirectSender } from '../messaging/direct/sender.js';
import type { DirectPins } from '../messaging/direct-pins.js';
import type { Edits } from '../messaging/edits.js';
import { EventFeed } from '../messaging/event-feed.js';
import type { ExpirationSetting } from '../messaging/expiration-setting.js';
import { GroupConversation } from '../messaging/group/group-conversation.js';
import { Groups } from '../messaging/group/groups.js';
import type { ModerationLog } from '../messaging/group/moderation-log.js';
import { History } from '../messaging/history.js';
import { HistoryReader } from '../messaging/history-reader.js';
import { KeyPackages } from '../messaging/key-packages.js';
import { MlsGroups } from '../messaging/mls-groups.js';
import { Notes } from '../messaging/notes.js';
import type { Pins } from '../messaging/pins.js';
import type { Polls } from '../messaging/polls.js';
import type { Preferences } from '../messaging/preferences.js';
import { WorkQueues } from '../messaging/work-queues.js';
import type { SetAside } from '../storage/set-aside.js';
import { AcceptRules } from '../transfers/accept-rules.js';
import type { TransferManager } from '../transfers/transfer-manager.js';
import type { Uploads } from '../uploads/uploads.js';
import { changeServices } from './change-services.js';
import { guestsOf, transferManager, uploadsOf } from './file-services.js';
import { giveUp } from './give-up.js';
import { groupContext } from './group-context.js';
import { isBlockedHere, isContact, mlsEngineOf, moderationLog, ownDevicesOf, preferencesOf } from './people.js';
import { Reporter } from './reporter.js';
import type { Common, Services, ServicesInit } from './services.js';
import { SetBack } from './set-back.js';

/** After so long a disk that was full is tried again. */
const DISK_RETRY_MS = 5_000;

/**
 * The services of a peer, put together: each is made with what it stands on, and told by a function what it may call in
 * one that is made after it. Nothing is called before all are made.
 */
export class ComposedServices implements Services {
  readonly #init: Common;
  readonly reporter = new Reporter((event) => this.feed.emit(event));
  readonly preferences: Preferences;
  readonly notes: Notes;
  readonly feed: EventFeed;
  readonly history: History;
  readonly reader: HistoryReader;
  readonly contacts: Contacts;
  readonly ownDevices: OwnDevices;
  readonly mlsGroups: MlsGroups;
  readonly keyPackages: KeyPackages;
  readonly conversations: Conversations;
  readonly directGroups: DirectGroups;
  readonly outbox: Outbox;
  readonly sender: DirectSender;
  readonly receiver: DirectReceiver;
  readonly mail: MailReceiver;
  readonly groups: Groups;
  readonly edits: Edits;
  readonly polls: Polls;
  readonly pins: Pins;
  readonly directPins: DirectPins;
  readonly setting: ExpirationSetting;
  readonly state: ConversationState;
  readonly rules: AcceptRules;
  readonly transfers: TransferManager;
  readonly uploads: Uploads;
  readonly guests: Guests;
  readonly moderation: ModerationLog;
  readonly setBack: SetBack;

  constructor(init: ServicesInit) {
    const { self, disk, tables, clock } = init;
    this.#init = {
      ...init,
      engine: mlsEngineOf(init, () => this.contacts),
      queues: new WorkQueues(),
      address: { user: self.user, device: self.device },
      emit: (event) => this.feed.emit(event),
      isOnline: () => init.network.isOnline,
      isBlocked: (user) => this.preferences.isBlocked(user),
      link: (address) => this.#link(address),
    };
    this.preferences = preferencesOf(this.#init, this);
    this.notes = new Notes(tables, disk);
    this.feed = new EventFeed(tables, disk, this.preferences, clock);
    this.history = new History({
      ...{ tables, disk, clock, look: this.preferences },
      onExpiring: (row) => this.state.expiration.add(row),
    });
    this.moderation = moderationLog(this.#init, this);
    this.reader = new HistoryReader(tables, this.preferences, (id) => this.conversations.of(id).pins());
    this.ownDevices = ownDevicesOf(this.#init, this);
    this.contacts = this.#contacts();
    this.mlsGroups = new MlsGroups(tables, this.#init.engine, self.anchor, self.signatureKey);
    this.keyPackages = this.#keyPackages();
    this.conversations = this.#conversations();
    this.directGroups = this.#directGroups();
    this.outbox = this.#outbox();
    this.sender = this.#sender();
    this.receiver = this.#receiver();
    this.mail = this.#mail();
    const { edits, polls, pins, directPins, setting } = changeServices(this.#init, this);
    this.edits = edits;
    this.polls = polls;
    this.pins = pins;
    this.directPins = directPins;
    this.setting = setting;
    this.rules = new AcceptRules({
      ...{ tables, disk, clock, folder: join(init.home, 'downloads') },
      isContact: (user) => isContact(this, init.self.user, user),
    });
    this.transfers = transferManager(this.#init, this);
    this.groups = new Groups(groupContext(this.#init, this));
    this.state = this.#state();
    this.uploads = uploadsOf(this.#init, this);
    this.guests = guestsOf(this.#init, this);
    this.setBack = new SetBack({ tables, disk, services: this, isOnline: this.#init.isOnline });
  }

  /** What earlier runs left, in the order in which one needs the other. */
  async load(aside: SetAside): Promise<void> {
    await this.history.mend(aside);
    await this.preferences.load();
    await this.setBack.load();
    await this.ownDevices.load();
    await this.groups.load();
    await this.receiver.load();
    await this.transfers.load();
    await this.uploads.load();
    await this.guests.load();
    await this.sender.resume(await this.outbox.load());
    await this.state.load();
  }

  async close(): Promise<void> {
    await this.state.close();
    await this.sender.idle();
    await this.receiver.idle();
    await this.outbox.close();
    await this.feed.close();
  }

  #contacts(): Contacts {
    const { self, disk, tables, clock, network } = this.#init;
    return new Contacts({
      ...{ tables, store: disk, anchor: self.anchor, clock },
      self: { user: self.user, identityKey: self.identity.publicKey },
      fetchRoster: async (user) =>
        network.isOnline ? network.request('roster.get', { user, watch: true }) : undefined,
      onOwn: (certificate) => this.ownDevices.seen(certificate),
      emit: this.#init.emit,
    });
  }

  #keyPackages(): KeyPackages {
    const { self, disk, tables, clock, network } = this.#init;
    return new KeyPackages({
      ...{
        tables,
        store: disk,
        clock,
        engine: this.#init.engine,
        groups: this.mlsGroups,
        signatureKey: self.signatureKey,
      },
      certificate: () => self.certificate,
      publish: (packages, lastResort) =>
        network.request('keypackages.publish', { packages, ...(lastResort && { lastResort }) }),
    });
  }

  #conversations(): Conversations {
    const typing = (user: string, active: boolean): void => {
      for (const link of this.#init.network.linksTo(user)) link.typing(active);
    };
    return new Conversations({
      direct: (user) =>
        new DirectConversation(user, {
          ...{ sender: this.sender, history: this.history, setting: this.setting, pins: this.directPins, typing },
          isBlocked: this.#init.isBlocked,
        }),
      group: (name) =>
        new GroupConversation(name, {
          groups: this.groups,
          report: (error) => this.reporter.report('', error),
        }),
    });
  }

  #directGroups(): DirectGroups {
    const { self, disk, random, network } = this.#init;
    const { keyPackages, history, contacts } = this;
    return new DirectGroups({
      ...{
        self: this.#init.address,
        engine: this.#init.engine,
        signatureKey: self.signatureKey,
        groups: this.mlsGroups,
      },
      ...{
        keyPackages,
        history,
        contacts,
        store: disk,
        random,
        request: network.request,
        isOnline: this.#init.isOnline,
      },
      mayLeap: () => this.setBack.isTold,
      onGone: (user) => this.#later(user, () => this.sender.resealStored(user)),
      enqueue: (user, work) => this.sender.enqueue(user, work),
    });
  }

  async #link(address: DeviceAddress): Promise<DeliveryLink | undefined> {
    const link = await this.#init.network.link(address);
    if (link === undefined) return undefined;
    const deliver: DeliveryLink['deliver'] = ({ id, group, sealed }, mailed) =>
      link.request('deliver', { id, group, sealed, ...(mailed && { mailed }) });
    return { deliver };
  }

  #outbox(): Outbox {
    const { disk, tables, clock, network } = this.#init;
    return new Outbox({
      ...{ tables, disk, history: this.history, clock, self: this.#init.address, link: this.#init.link },
      store: (address, items) => putInMailbox(network.request, address, items),
      onOrphaned: (row) => {
        // The roster that named the device is old.
        this.contacts.forget(row.user);
        this.#later(row.user, () => this.sender.takeBack(row));
      },
      onState: (id, user, state) => this.#init.emit({ event: 'sent', id, conversation: conversationWith(user), state }),
      onStuck: this.reporter.stuck,
    });
  }

  #sender(): DirectSender {
    const { tables, disk, clock, random, scope } = this.#init;
    const { history, outbox } = this;
    return new DirectSender({
      ...{
        tables,
        disk,
        scope,
        engine: this.#init.engine,
        groups: this.mlsGroups,
        direct: this.directGroups,
        history,
        outbox,
      },
      ...{ clock, random, self: this.#init.address, queues: this.#init.queues },
      resolveName: async (user) => {
        if (this.#init.isBlocked(user)) throw isBlockedHere(user);
        return (await this.contacts.resolve(user)).user;
      },
      drainMailbox: () => this.mail.drain(),
      onFailed: (user, rows, why) => void giveUp(this, user, rows, why),
      onStuck: this.reporter.stuck,
    });
  }

  #receiver(): DirectReceiver {
    const { tables, disk, clock } = this.#init;
    const contents = this.#contentHandlers();
    return new DirectReceiver({
      ...{ tables, disk, engine: this.#init.engine, groups: this.mlsGroups, direct: this.directGroups },
      ...{ history: this.history, clock, self: this.#init.address, isBlocked: this.#init.isBlocked },
      enqueue: (user, work) => this.sender.enqueue(user, work),
      keep: (row) => this.state.unknown.keep(row),
      settled: (conversation, line, tx) => this.edits.settled(conversation, line, tx),
      onLine: (row, unseen) => {
        this.state.spoke(row);
        this.feed.emitLine(row, unseen);
        if (row.via === 'mailbox') this.mail.owesReceipt(row);
      },
      keepContent: (user, from, content, tx) => contents().keep(user, from, content, tx),
      onKnown: async ({ id, via }) => {
        const row = via === 'mailbox' ? await this.history.find(id) : undefined;
        if (row && !this.#init.isBlocked(row.from)) this.mail.owesReceipt(row);
      },
      onContent: (user, from, content) => contents().take(user, from, content),
    });
  }

  /** Made when the first content comes, because it reaches into what is made later. */
  #contentHandlers(): () => ContentHandlers {
    const { self, scope } = this.#init;
    let made: ContentHandlers | undefined;
    return () => {
      made ??= new ContentHandlers({
        ...{
          self: self.user,
          scope,
          history: this.history,
          edits: this.edits,
          setting: this.setting,
          pins: this.directPins,
        },
        readMarkers: this.state.readMarkers,
        transfer: (user, from, content, tx) => this.transfers.take(user, from, content, tx),
        resend: (user, row) => this.sender.resend(user, row),
        emit: this.#init.emit,
      });
      return made;
    };
  }

  #mail(): MailReceiver {
    const { self, tables, disk, network, scope, clock } = this.#init;
    return new MailReceiver({
      ...{ tables, disk, request: network.request, self: self.user },
      ...{ isOnline: this.#init.isOnline, isBlocked: this.#init.isBlocked, report: this.reporter.report },
      inAWhile: (work) => scope.after(clock, DISK_RETRY_MS, () => scope.run(work, this.reporter.unlessAway)),
      accept: (incoming) => this.receiver.accept(incoming),
      join: (number, welcome) => this.directGroups.join(number, welcome),
      sendLater: (user, content) => this.#later(user, () => this.sender.sendContent(user, content)),
    });
  }

  #state(): ConversationState {
    const { self, tables, disk, clock, scope } = this.#init;
    const { history, preferences, conversations, edits, setting, directPins: pins } = this;
    return new ConversationState({
      ...{ tables, disk, history, clock, scope, self: self.user, preferences, conversations, edits, setting, pins },
      note: (row) => this.receiver.note(row),
      emit: this.#init.emit,
      report: (error) => this.reporter.report('', error),
    });
  }

  #later(user: string, work: () => Promise<unknown>): void {
    this.#init.scope.run(work, (error) => this.reporter.stuck(user, error));
  }
}
