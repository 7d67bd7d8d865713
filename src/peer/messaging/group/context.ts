import type { KeyObject } from 'node:crypto';
import type { Clock } from '../../../base/clock.js';
import type { Failure } from '../../../base/errors.js';
import type { Random } from '../../../base/random.js';
import type { Scope } from '../../../base/scope.js';
import type { SigningKey } from '../../../crypto/keys.js';
import type { MlsEngine } from '../../../crypto/mls.js';
import type { LocalStore, Step } from '../../../store/local.js';
import type { ChangeContent, UploadContent } from '../../../wire/content.js';
import type { DeviceAddress } from '../../../wire/directory.js';
import type { DirectoryRequest } from '../../../wire/directory-request.js';
import type { Role } from '../../../wire/roles.js';
import type { Signal } from '../../../wire/signals.js';
import type { PeerEvent } from '../../api/events.js';
import type { Contacts } from '../../identity/contacts.js';
import type { TrustAnchor } from '../../identity/trust-anchor.js';
import type { LaterRow, MessageRow, Tables } from '../../storage/tables.js';
import type { DeliveryLink } from '../delivery-link.js';
import type { History } from '../history.js';
import type { KeyPackages } from '../key-packages.js';
import type { MlsGroups } from '../mls-groups.js';
import type { Transaction } from '../transaction.js';
import type { Group, GroupStore } from './group.js';

/** What the parts of named groups share. */
export interface GroupContext {
  readonly self: {
    readonly user: string;
    readonly device: string;
    readonly key: SigningKey;
    readonly signatureKey: KeyObject;
    /** The identity's consent to this device. */
    readonly statement: Uint8Array;
    /** Of now, DER. */
    certificate(): Uint8Array;
  };
  readonly engine: MlsEngine;
  readonly groups: MlsGroups;
  readonly store: GroupStore;
  readonly keyPackages: KeyPackages;
  readonly history: History;
  readonly contacts: Contacts;
  readonly anchor: TrustAnchor;
  readonly tables: Tables;
  readonly disk: LocalStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly scope: Scope;
  readonly request: DirectoryRequest;
  /** Of this account, as the directory last said. */
  role(): Role;
  /** The link to a device, dialled if need be. */
  link(address: DeviceAddress): Promise<DeliveryLink | undefined>;
  isOnline(): boolean;
  /** Nothing new is said while this device compares itself with a directory that was set back. */
  mayPost(): boolean;
  /** Nothing they do is shown to this person. */
  isBlocked(user: string): boolean;
  /** Runs work on a group, one after the other. */
  enqueue<T>(group: Group, work: () => Promise<T>): Promise<T>;
  emit(event: PeerEvent): void;
  /** Notes a line as not yet shown to anybody; `onLine` shows it once it is on disk. */
  note(row: MessageRow): { unseen: number; step: Step };
  onLine(row: MessageRow, unseen: number): void;
  onPast(row: MessageRow): void;
  /** An edit, a deletion or a reaction. In the group's queue. */
  onChange(conversation: string, from: string, content: ChangeContent, tx: Transaction): Promise<void>;
  /** Keeps what is not understood for a newer program. */
  keep(row: Omit<LaterRow, 'order'>): readonly Step[];
  /** What passes between members in passing. */
  onSignal(conversation: string, user: string, signal: Signal): Promise<void>;
  /** A member tells of a file. */
  onUpload(
    group: Group,
    from: string,
    content: UploadContent,
    tx: Transaction,
    told?: { readonly past: boolean },
  ): void;
  /** A message of this device will never be taken. */
  onRefused(id: Uint8Array, why: Failure): void;
  report(what: string, error: unknown): void;
}
