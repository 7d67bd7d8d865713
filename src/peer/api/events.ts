import type { PresenceState, RegistrationMode, Role } from '../../wire/directory.js';
import type { OperatorStatement } from '../../wire/operator-acts.js';
import type { CodeEvent, UpgradeEvent } from './account-events.js';
import type { GuestEvent } from './guests.js';
import type { PollState } from './polls.js';
import type { SeedEvent } from './seeds.js';

export type { CodeEvent, UpgradeEvent } from './account-events.js';

/**
 * What a peer tells whoever watches it: the screen, line mode, `listen --json`, a bot. The names and fields are a contract
 * with scripts: they are added to, never changed. Times are RFC 3339, UTC, with milliseconds.
 */

/** `failed`: for good, because the receiver is no more. */
export type DeliveryState = 'queued' | 'failed' | 'stored' | 'delivered' | 'read';
export type Via = 'direct' | 'lan' | 'relay' | 'mailbox' | 'group';

export interface ReadyEvent {
  readonly event: 'ready';
  readonly user: string;
  readonly device: string;
  readonly directory: 'online' | 'offline';
}

export interface MessageEvent {
  readonly event: 'message';
  readonly id: string;
  /** `@user` or `#group`. */
  readonly conversation: string;
  readonly from: string;
  readonly text: string;
  readonly sentAt: string;
  readonly receivedAt: string;
  readonly seq?: number;
  readonly via: Via;
  /** The id of the message it answers. */
  readonly replyTo?: string;
  /** The text names this person: `@name`, or in a group `@all`. */
  readonly mentioned?: true;
  /** When it disappears from this device. */
  readonly expiresAt?: string;
  /** This person wants no notice of it: its conversation, or whoever wrote it, is muted. */
  readonly muted?: true;
  /** In a group, of somebody who is blocked: `text` is empty. */
  readonly hidden?: true;
  /** It tells of a file for the group: `/download ID` fetches it. */
  readonly upload?: UploadMention;
  /** It asks this: `/vote N` answers. */
  readonly poll?: PollState;
  /** True for what came while nobody was watching. */
  readonly history?: true;
}

export interface SentEvent {
  readonly event: 'sent';
  readonly id: string;
  readonly conversation: string;
  readonly state: DeliveryState;
  /** Of `read` in a group: who has read it. */
  readonly by?: string;
}

/** Somebody is writing, or is not any more. */
export interface TypingEvent {
  readonly event: 'typing';
  readonly conversation: string;
  readonly user: string;
  readonly state: 'started' | 'stopped';
}

/** What was not read of a conversation is another number now, though no message came: it was read here or elsewhere. */
export interface UnreadEvent {
  readonly event: 'unread';
  readonly conversation: string;
  readonly unread: number;
  readonly mentions: number;
}

/** What holds in a conversation from now on. */
export interface SettingEvent {
  readonly event: 'setting';
  readonly conversation: string;
  readonly by: string;
  /** The life of new messages in seconds; 0 for no end. */
  readonly expire: number;
}

export interface PresenceEvent {
  readonly event: 'presence';
  readonly user: string;
  readonly state: PresenceState;
}

export interface TrustEvent {
  readonly event: 'trust';
  readonly user: string;
  readonly change: 'new' | 'verified' | 'changed' | 'revoked';
  readonly fingerprint: string;
}

export interface DirectoryEvent {
  readonly event: 'directory';
  readonly state: 'online' | 'offline';
  /** Milliseconds until the next try, while offline. */
  readonly retryIn?: number;
}

/** The direct link to a person: their devices count as one. */
export interface LinkEvent {
  readonly event: 'link';
  readonly user: string;
  /** `silent`: nothing has come for two seconds, though something was asked for. */
  readonly state: 'up' | 'silent' | 'down';
  readonly path?: 'direct' | 'lan' | 'relay';
  /** Round trip in ms; told again when it has changed much. */
  readonly rtt?: number;
}

export interface TransferFile {
  /** As the sender says it, made harmless to show; never a path to open. */
  readonly name: string;
  readonly size: number;
  readonly type?: string;
  /** Once done: hex. */
  readonly sha256?: string;
  /** Where it is: on the receiver once done, and on the sender of one file. */
  readonly path?: string;
}

export type TransferState = 'offered' | 'accepted' | 'running' | 'paused' | 'done' | 'failed' | 'declined';

export interface TransferEvent {
  readonly event: 'transfer';
  readonly id: string;
  readonly direction: 'in' | 'out';
  readonly peer: string;
  readonly conversation: string;
  readonly files: readonly TransferFile[];
  readonly state: TransferState;
  /** Content that has arrived, of how much. */
  readonly bytes: number;
  readonly size: number;
  /** Bytes per second: of the last two seconds, and once it is done of all the time it ran. */
  readonly rate: number;
  readonly path?: 'direct' | 'lan' | 'tcp' | 'relay';
  readonly video?: true;
  /** While it runs: seconds. */
  readonly timeLeft?: number;
  /** While it runs, measured by the sender: milliseconds, and the part of the packets that was lost. */
  readonly rtt?: number;
  readonly loss?: number;
  /** While it runs, on the sender's side: payload of one datagram, in bytes. */
  readonly datagram?: number;
  /** While it runs, on the sender's side: it began with a part of what the path carried before; whether that held. */
  readonly start?: 'remembered' | 'retreated';
  /** While it runs by UDP: how datagrams are sent and received here, `batch (koffi)` or `dgram`. */
  readonly endpoint?: string;
  readonly offeredAt?: string;
  /** While it is offered, and at the receiver when it is done: what of the folders is not sent, and why. */
  readonly leftOut?: readonly { readonly name: string; readonly why: string }[];
  /** Once it is done, where all of it came in one go: how long it ran. */
  readonly seconds?: number;
  /** Why it is not faster. */
  readonly reason?: string;
  /** While it does not run: why, and what to do. */
  readonly waiting?: { readonly code: string; readonly message: string; readonly hint: string };
  /** While it is offered or accepted, of what is laid down at the directory for whoever is away. */
  readonly laid?: {
    readonly state: 'laying' | 'laid' | 'refused';
    /** Content that lies there. */
    readonly bytes: number;
    /** When the directory forgets it. */
    readonly expires?: string;
    /** Why it was refused. */
    readonly error?: { readonly code: string; readonly message: string; readonly hint: string };
  };
  /** While it is paused: on which side. */
  readonly pausedBy?: 'here' | 'there' | 'both';
  /** Why it failed or was declined. */
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string };
}

/** Another device has become one of the account's, or is none any more: revoked, or logged out. */
export interface DeviceEvent {
  readonly event: 'account';
  readonly change: 'device';
  readonly state: 'added' | 'revoked';
  /** `name`: of its machine, as it said itself; made harmless to show. */
  readonly device: { readonly id: string; readonly name: string };
  /** By the directory's clock. */
  readonly at: string;
  /** It takes part in conversations, and the directory does not list it. */
  readonly unlisted?: true;
}

/** History on its way from one device of the account to another. */
export interface HistoryEvent {
  readonly event: 'account';
  readonly change: 'history';
  /**
   * Where it is asked for: `asked` by that device, `allowed`, `giving`, `given`. Where it is wanted: `waiting` for that
   * device's person to allow it, `taking`, `done`.
   */
  readonly state: 'asked' | 'allowed' | 'giving' | 'given' | 'waiting' | 'taking' | 'done';
  readonly device: { readonly id: string; readonly name: string };
  /** Lines that have come from that device so far. */
  readonly lines?: number;
}

/** Something of one's own account has changed, or was seen to. */
export type AccountEvent =
  | DeviceEvent
  | HistoryEvent
  | CodeEvent
  | UpgradeEvent
  | {
      readonly event: 'account';
      readonly change: 'recovery';
      /** The recovery phrase was shown, or typed in again and right. */
      readonly state: 'shown' | 'checked';
    }
  | {
      readonly event: 'account';
      readonly change: 'preferences';
      /** By another device of one's own. Conversations that are muted now. */
      readonly muted: readonly string[];
    }
  | {
      readonly event: 'account';
      readonly change: 'second-factor';
      /** By whichever device or admin. */
      readonly state: 'on' | 'off';
    };

export interface ErrorEvent {
  readonly event: 'error';
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/**
 * `uploading` and `stored` at who uploads, `stored` at everybody else, whose line in the conversation comes besides as a
 * `message` with `upload`; `downloading` and `done` at who fetches it; `expired` where the directory has it no longer.
 */
export type UploadState = 'uploading' | 'stored' | 'downloading' | 'done' | 'failed' | 'expired';

export interface UploadEvent {
  readonly event: 'upload';
  /** `#group` */
  readonly group: string;
  readonly id: string;
  /** As who uploaded it says, made harmless to show; never a path to open. */
  readonly name: string;
  readonly size: number;
  readonly type?: string;
  readonly from: string;
  readonly state: UploadState;
  /** Content that is at the directory, or here. */
  readonly bytes: number;
  /** Where it is here: once it was fetched, or where it was uploaded from. */
  readonly path?: string;
  /** When the directory forgets it. */
  readonly expires?: string;
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string };
}

/** Of a message that says that somebody uploaded a file. */
export interface UploadMention {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly type?: string;
}

export type GroupChange = 'created' | 'invited' | 'joined' | 'left' | 'added' | 'removed' | 'kicked';

export interface GroupEvent {
  readonly event: 'group';
  /** `#group` */
  readonly group: string;
  readonly change: GroupChange;
  readonly user: string;
  readonly by: string;
}

/** What only whoever runs the directory does. */
type OperatorAction = OperatorStatement['action'];

export interface ModerationEvent {
  readonly event: 'moderation';
  readonly action: 'ban' | 'unban' | 'kick' | 'silence' | 'unsilence' | 'role' | 'settings' | OperatorAction;
  readonly user: string;
  /** `(operator)`: whoever runs the directory, at its console. */
  readonly by: string;
  /** Of registration. */
  readonly mode?: RegistrationMode;
  readonly reason?: string;
  readonly until?: string;
  /** `#group`; absent for the whole directory. */
  readonly group?: string;
  readonly role?: Role;
  /** Of settings: seconds between two messages of one member, and whether only moderators write. */
  readonly slow?: number;
  readonly readOnly?: boolean;
}

/** A message that was said before is another one now. */
export interface ChangeEvent {
  readonly event: 'change';
  readonly id: string;
  readonly conversation: string;
  readonly from: string;
  readonly change: 'edited' | 'deleted' | 'reaction' | 'expired' | 'voted' | 'closed' | 'pinned' | 'unpinned';
  /** Of an edit. */
  readonly text?: string;
  /** All that there are now. */
  readonly reactions?: readonly { readonly user: string; readonly emoji: string }[];
  /** Of `voted` and `closed`: how it stands now. */
  readonly poll?: PollState;
}

export type PeerEvent =
  | AccountEvent
  | TypingEvent
  | UnreadEvent
  | SettingEvent
  | LinkEvent
  | ChangeEvent
  | GroupEvent
  | ModerationEvent
  | ReadyEvent
  | MessageEvent
  | SentEvent
  | PresenceEvent
  | TrustEvent
  | DirectoryEvent
  | TransferEvent
  | UploadEvent
  | GuestEvent
  | SeedEvent
  | ErrorEvent;
