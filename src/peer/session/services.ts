import type { Clock } from '../../base/clock.js';
import type { Random } from '../../base/random.js';
import type { Scope } from '../../base/scope.js';
import type { MlsEngine } from '../../crypto/mls.js';
import type { LocalStore } from '../../store/local.js';
import type { DeviceAddress } from '../../wire/directory.js';
import type { PeerEvent } from '../api/events.js';
import type { Guests } from '../guests/guests.js';
import type { Contacts } from '../identity/contacts.js';
import type { LocalDevice } from '../identity/local-device.js';
import type { OwnDevices } from '../identity/own-devices.js';
import type { Conversations } from '../messaging/conversation.js';
import type { ConversationState } from '../messaging/conversation-state.js';
import type { DeliveryLink } from '../messaging/delivery-link.js';
import type { DirectGroups } from '../messaging/direct/direct-groups.js';
import type { MailReceiver } from '../messaging/direct/mail-receiver.js';
import type { Outbox } from '../messaging/direct/outbox.js';
import type { DirectReceiver } from '../messaging/direct/receiver.js';
import type { DirectSender } from '../messaging/direct/sender.js';
import type { DirectPins } from '../messaging/direct-pins.js';
import type { Edits } from '../messaging/edits.js';
import type { EventFeed } from '../messaging/event-feed.js';
import type { ExpirationSetting } from '../messaging/expiration-setting.js';
import type { Groups } from '../messaging/group/groups.js';
import type { ModerationLog } from '../messaging/group/moderation-log.js';
import type { History } from '../messaging/history.js';
import type { HistoryReader } from '../messaging/history-reader.js';
import type { KeyPackages } from '../messaging/key-packages.js';
import type { MlsGroups } from '../messaging/mls-groups.js';
import type { Notes } from '../messaging/notes.js';
import type { Pins } from '../messaging/pins.js';
import type { Polls } from '../messaging/polls.js';
import type { Preferences } from '../messaging/preferences.js';
import type { WorkQueues } from '../messaging/work-queues.js';
import type { Network } from '../network/network.js';
import type { SetAside } from '../storage/set-aside.js';
import type { Tables } from '../storage/tables.js';
import type { AcceptRules } from '../transfers/accept-rules.js';
import type { TransferManager } from '../transfers/transfer-manager.js';
import type { Uploads } from '../uploads/uploads.js';
import type { Reporter } from './reporter.js';
import type { SetBack } from './set-back.js';

export interface ServicesInit {
  readonly home: string;
  readonly self: LocalDevice;
  readonly disk: LocalStore;
  readonly tables: Tables;
  readonly clock: Clock;
  readonly random: Random;
  readonly scope: Scope;
  readonly network: Network;
}

/** What several services are given alike. */
export interface Common extends ServicesInit {
  readonly engine: MlsEngine;
  /** Of conversations. */
  readonly queues: WorkQueues;
  readonly address: DeviceAddress;
  readonly emit: (event: PeerEvent) => void;
  readonly isOnline: () => boolean;
  readonly isBlocked: (user: string) => boolean;
  /** The link to a device, dialled if need be. */
  readonly link: (address: DeviceAddress) => Promise<DeliveryLink | undefined>;
}

/** Everything that a running peer is made of, above its network. */
export interface Services {
  readonly reporter: Reporter;
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
  /** What earlier runs left, in the order in which one needs the other. */
  load(aside: SetAside): Promise<void>;
  close(): Promise<void>;
}
