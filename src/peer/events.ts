import type { PresenceState } from '../wire/directory.js';

/**
 * What a peer tells whoever watches it: the screen, line mode, `listen --json`, a bot. The names and fields are a contract
 * with scripts: they are added to, never changed. Times are RFC 3339, UTC, with milliseconds.
 */

export type DeliveryState = 'queued' | 'stored' | 'delivered' | 'read';
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
  /** True for what came while nobody was watching. */
  readonly history?: true;
}

export interface SentEvent {
  readonly event: 'sent';
  readonly id: string;
  readonly conversation: string;
  readonly state: DeliveryState;
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

export interface ErrorEvent {
  readonly event: 'error';
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

export type PeerEvent =
  | ReadyEvent
  | MessageEvent
  | SentEvent
  | PresenceEvent
  | TrustEvent
  | DirectoryEvent
  | ErrorEvent;
