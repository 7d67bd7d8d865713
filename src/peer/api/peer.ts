import type { Failure } from '../../base/errors.js';
import type { Role } from '../../wire/directory.js';
import type { AccountApi } from './account.js';
import type { BackupsApi } from './backup.js';
import type { ChangesApi } from './changes.js';
import type { DeliveryState, LinkEvent, PeerEvent, TransferEvent } from './events.js';
import type { GroupsApi } from './groups.js';
import type { GuestsApi } from './guests.js';
import type { HandOverApi } from './hand-over.js';
import type { HistoryMessage } from './history.js';
import type { NotesApi } from './notes.js';
import type { PathReport } from './paths.js';
import type { PollsApi } from './polls.js';
import type { UploadsApi } from './uploads.js';
import type { UserSummary } from './user-summary.js';

export type { HistoryMessage } from './history.js';
export type { UserSummary } from './user-summary.js';

/**
 * Where it returns a promise, a message that it was given counts as seen once that resolves, and stays for the next who
 * listens where it is rejected; else it counts as seen at once.
 */
export type Listener = (event: PeerEvent) => unknown;

/** What a running peer offers to its faces: the screen, the command line, RPC. They know this and nothing behind it. */

export interface ConversationSummary {
  readonly conversation: string;
  /** Where it is muted, only what names this person. */
  readonly unread: number;
  /** Those of the unread that name this person. */
  readonly mentions?: number;
  readonly muted?: true;
  /** The life of new messages, in seconds. */
  readonly expire?: number;
  readonly last?: HistoryMessage;
}

export interface SearchQuery {
  readonly words: string;
  readonly conversation?: string;
  readonly from?: string;
  /** Milliseconds since 1970; from inclusive, until exclusive. */
  readonly since?: number;
  readonly until?: number;
  readonly limit?: number;
}

export interface HistoryQuery {
  readonly conversation: string;
  /** Only what stands before the message with this id. */
  readonly before?: string;
  readonly limit?: number;
}

export type TrustState = 'new' | 'verified' | 'changed';

export interface Verification {
  readonly user: string;
  readonly safetyNumber: string;
  readonly fingerprint: string;
  readonly trust: TrustState;
}

export interface Whoami {
  readonly user: string;
  readonly device: string;
  readonly directory: string;
  readonly home: string;
  readonly fingerprint?: string;
  readonly role?: Role;
}

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly says: string;
  readonly hint?: string;
}

export interface SendResult {
  readonly id: string;
  readonly conversation: string;
  readonly state: DeliveryState;
}

export interface SendOptions {
  /** The id of the message it answers, in the same conversation. */
  readonly replyTo?: string;
}

/** What a person wants of this installation; kept here, told to nobody. */
export interface Preferences {
  /** Whether others are told what was read here. Without, one is not told either. */
  readonly readReceipts: boolean;
  /** The same for typing. */
  readonly typing: boolean;
  /** Whether contacts are looked for on the local network while the directory is away, and find this device there. */
  readonly lan: boolean;
  /** Whether the router here is asked to let others in at the ports of this device. */
  readonly mapping: boolean;
  /** Whether to be told that a later version of the program is out. */
  readonly upgrades: boolean;
  /** Conversations without notice: `#group`, or `@user`, who is muted in groups too. */
  readonly muted: readonly string[];
  /** `@user`: nothing of them is shown, and they don't learn it. */
  readonly blocked: readonly string[];
}

export interface PreferencesApi {
  get(): Preferences;
  set(
    wanted: Partial<Pick<Preferences, 'readReceipts' | 'typing' | 'lan' | 'mapping' | 'upgrades'>>,
  ): Promise<Preferences>;
  /** @param who `@user`, `user` or `#group` */
  mute(who: string, muted: boolean): Promise<Preferences>;
  /** @throws Failure usage 'send-self', 'name-invalid' */
  block(user: string, blocked: boolean): Promise<Preferences>;
}

export interface OfferOptions {
  /** One file, to be watched while it arrives. */
  readonly video?: boolean;
  /** Bytes per second; found by measuring where it is left out. */
  readonly rate?: number;
  /** Milliseconds between bursts. */
  readonly pace?: number;
  /** What may not be read is left out and named, instead of stopping the rest. */
  readonly skipUnreadable?: boolean;
  /** A file to which what happens is written, as qlog. */
  readonly trace?: string;
  /** Lays it down at the directory for whoever does not take it within a few seconds. */
  readonly leave?: boolean;
}

export type AcceptMode = 'all' | 'contacts' | 'none';

/** For as long as this program runs. */
export interface ReceiveOptions {
  /** Besides the rules that are kept. */
  readonly accept?: AcceptMode;
  /** Where files go if nothing else is said: absolute. */
  readonly folder?: string;
  /** Sees to it, as a keeper, that what other devices of the account have laid down is there until its receiver has it. */
  readonly seeds?: boolean;
}

/** Whose files are accepted without asking: a user name, `contacts` (people one has written to, or verified) or `all`. */
export interface AcceptRule {
  readonly who: string;
  /** Bytes of one transfer; 0 for none. */
  readonly upTo: number;
  /** Bytes of one person in a day; ten times `upTo` where it is left out. */
  readonly perDay?: number | undefined;
}

export interface TransferSpeed {
  /** Bytes per second. */
  readonly rate?: number | undefined;
  /** Milliseconds between bursts. */
  readonly pace?: number | undefined;
}

export interface Playing {
  /** Loopback, unguessable: for a player. */
  readonly url: string;
  readonly id: string;
  /** What the player shows. */
  readonly name: string;
}

/** Files and videos, straight between peers. */
export interface FilesApi {
  /**
   * Offers files and folders by absolute paths, one transfer for each receiver: a user, or each of the others in a group;
   * resolves when the offers are on disk and queued.
   * @throws Failure usage 'no-such-file', 'nothing-to-send', 'video-one'; transfer 'too-many-files'; unknown 'user-unknown', 'group-unknown'
   */
  offer(to: string, paths: readonly string[], options?: OfferOptions): Promise<readonly TransferEvent[]>;
  /** Resolves when the offer has reached a device or the mailbox of the receiver; false where it has not in `timeout` ms. */
  reached(id: string, timeout: number): Promise<boolean>;
  /** Every event of a transfer from now on; unlike `subscribe`, nobody counts as watching. The function it gives back ends that. */
  follow(listener: (event: TransferEvent) => void): () => void;
  /** Those that are not over and the latest of those that are, oldest first. */
  list(): readonly TransferEvent[];
  /** @param id or an unambiguous beginning of it; without, the newest offer @param folder absolute */
  accept(id?: string, folder?: string): Promise<TransferEvent>;
  decline(id?: string): Promise<TransferEvent>;
  control(id: string, step: 'pause' | 'resume' | 'cancel'): Promise<TransferEvent>;
  /**
   * Lays down at the directory what was offered here and nobody is fetching; resolves when that is on its way, also across
   * restarts.
   * @throws Failure usage 'deposit-needless', limit 'upload-quota', 'deposits-full'
   */
  leave(id: string): Promise<TransferEvent>;
  /** For as long as this program runs: whose files are taken, and where they go. */
  receive(options: ReceiveOptions): void;
  setRule(rule: AcceptRule): Promise<void>;
  rules(): Promise<readonly AcceptRule[]>;
  /** How fast transfers are sent that say nothing else; remembered. */
  speed(): Promise<TransferSpeed>;
  /** For what begins or goes on from now on; left out means found by measuring. */
  setSpeed(speed: TransferSpeed): Promise<void>;
  /** Serves what has come of a transfer, for a player, until this program ends. @param file index; the first by default */
  play(id: string, file?: number): Promise<Playing>;
}

/** Messages kept in sight of everybody in a conversation. */
export interface PinsApi {
  /**
   * In a group for who may change its settings; between two people for both.
   * @throws Failure denied 'not-permitted', unknown 'message-unknown', limit 'pins-full'
   */
  pin(id: string, pinned: boolean): Promise<void>;
  /** Those of the conversation that are here, in the order in which they were pinned. */
  list(conversation: string): Promise<readonly HistoryMessage[]>;
}

export interface PeerApi {
  readonly account: AccountApi;
  readonly backups: BackupsApi;
  readonly handOver: HandOverApi;
  readonly changes: ChangesApi;
  readonly polls: PollsApi;
  readonly pins: PinsApi;
  readonly preferences: PreferencesApi;
  readonly notes: NotesApi;
  readonly groups: GroupsApi;
  readonly user: string;
  readonly device: string;
  readonly directoryState: 'online' | 'offline';
  /**
   * Why the directory can't be used, where that is something else than absence: it shut this device out, another one
   * answers in its place, or the clocks are apart. `details.final` where it is not tried again: then the peer ends, unless
   * it was so from the start.
   */
  readonly trouble?: Failure | undefined;
  readonly files: FilesApi;
  readonly uploads: UploadsApi;
  readonly guests: GuestsApi;
  /** What of the profile could not be read and was set aside since this was last asked; watchers hear it as `error` events. */
  takeSetAside(): readonly Failure[];

  /** Every event from now on; the function it gives back ends that. */
  subscribe(listener: Listener): () => void;
  /**
   * Emits, as `message` events with `history: true`, what came while nobody was watching, oldest first; then counts
   * everything shown so far as seen by a watcher.
   */
  replayUnseen(): Promise<void>;

  /** Resolves when the message is on disk and queued. @param to `@user`, `user` or `#group` */
  send(to: string, text: string, options?: SendOptions): Promise<SendResult>;
  /**
   * How long messages live from now on, in seconds; 0 for no end.
   * @throws Failure denied 'not-permitted' in a group where one may not change settings
   */
  setLifetime(conversation: string, seconds: number): Promise<void>;
  lifetime(conversation: string): Promise<number>;
  /** This person is writing in the conversation, or has stopped; to be called with every key. Nothing of it is kept. */
  typing(conversation: string, active: boolean): void;
  /**
   * Resolves with the message's state once it is `until` or beyond, or with what it is when `timeout` ms have passed.
   */
  waitFor(id: string, until: DeliveryState, timeout: number): Promise<SendResult>;

  users(): Promise<readonly UserSummary[]>;
  conversations(): Promise<readonly ConversationSummary[]>;
  /** Oldest first. */
  history(query: HistoryQuery): Promise<readonly HistoryMessage[]>;
  search(query: SearchQuery): Promise<readonly HistoryMessage[]>;
  /** All of a conversation, or of all conversations, oldest first. */
  export(conversation?: string): AsyncIterable<HistoryMessage>;
  /** Everything up to the newest counts as read, and its authors are told within a second. */
  markRead(conversation: string): Promise<void>;

  verification(user: string): Promise<Verification>;
  /** The two people have compared the number: `verified` from now on. */
  confirm(user: string): Promise<Verification>;
  /**
   * Accepts a changed identity, so that messages flow again.
   * @param shown its safety number; without, it must be the one that was last shown or told of here
   * @throws Failure trust 'identity-changed-again'
   */
  acceptIdentity(user: string, shown?: string): Promise<Verification>;

  whoami(): Whoami;
  /** By which path each device of a person is reached, tried now. @throws Failure unknown 'user-unknown', trust */
  paths(user: string): Promise<readonly PathReport[]>;
  /** The direct links there are. */
  links(): readonly LinkEvent[];
  /** What works here and what to do about the rest. */
  doctor(): Promise<readonly Check[]>;
  setPresence(state: 'online' | 'away'): Promise<void>;

  changePassword(current: string, next: string): Promise<void>;
  /** Revokes this device's certificate (or all the account's) and ends; the history stays on disk. All of them take the password. */
  logout(everywhere: boolean, password?: string): Promise<void>;
  deleteAccount(password: string): Promise<void>;

  /** Resolves when it has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Sends what can be sent at once, then releases everything. Idempotent. */
  close(): Promise<void>;
}
