import type { Failure } from '../../base/errors.js';
import type { DirectoryNotices, Endpoint, MailboxEntry, PresenceState, Role } from '../../wire/directory.js';
import type { Notice, NoticeName } from '../../wire/rpc.js';

/** A signed-in device, as the rest of the directory sees it. */
export interface DeviceSession {
  readonly user: string;
  readonly folded: string;
  readonly device: string;
  /** Random for each start of the device's program, hex. */
  readonly instance: string;
  /** As it is now. */
  readonly role: Role;
  state: PresenceState;
  endpoints: readonly Endpoint[];
  readonly watching: Set<string>;
  /** Takes changes of the revocation list in place of the list. */
  readonly hearsChanges: boolean;
  /** Takes calls of other devices. */
  readonly hearsCalls: boolean;
  notify<N extends NoticeName<DirectoryNotices>>(notice: N, params: Notice<DirectoryNotices, N>): void;
  /** Entries of its mailbox which are on disk. */
  push(entries: readonly MailboxEntry[]): void;
  /** An encoded notice about an entry of a group, dropped where the reader is slow: it is told when there is room. */
  pushEncoded(group: Uint8Array, frame: Uint8Array): void;
  /** An encoded notice for many, told whatever waits for the reader. */
  tellEncoded(frame: Uint8Array): void;
  /** An encoded notice that is of use only now: gone where the reader is slow. */
  pushSignal(frame: Uint8Array): void;
  roleChanged(role: Role): void;
  /** The device has another session now. */
  replacedBy(session: DeviceSession): void;
  /** Says why, then closes. */
  end(why: Failure): void;
}

/** Who is connected: sessions by account and device, and who watches whom. Nothing here is stored. */
export class Sessions {
  readonly #byAccount = new Map<string, Map<string, DeviceSession>>();
  readonly #watchers = new Map<string, Set<DeviceSession>>();
  #size = 0;

  /** Signed-in devices. */
  get size(): number {
    return this.#size;
  }

  /** Accounts with a signed-in device. */
  get accounts(): number {
    return this.#byAccount.size;
  }

  find(folded: string, device: string): DeviceSession | undefined {
    return this.#byAccount.get(folded)?.get(device);
  }

  of(folded: string): DeviceSession[] {
    return [...(this.#byAccount.get(folded)?.values() ?? [])];
  }

  *all(): Generator<DeviceSession> {
    for (const devices of this.#byAccount.values()) yield* devices.values();
  }

  /** @returns the session of the same device that it takes the place of */
  add(session: DeviceSession): DeviceSession | undefined {
    const devices = this.#byAccount.get(session.folded) ?? new Map<string, DeviceSession>();
    const before = devices.get(session.device);
    if (before !== undefined) this.remove(before);
    devices.set(session.device, session);
    this.#byAccount.set(session.folded, devices);
    this.#size++;
    return before;
  }

  /** @returns whether it was there */
  remove(session: DeviceSession): boolean {
    for (const watched of session.watching) this.#unwatch(session, watched);
    session.watching.clear();
    const devices = this.#byAccount.get(session.folded);
    if (devices?.get(session.device) !== session) return false;
    devices.delete(session.device);
    if (devices.size === 0) this.#byAccount.delete(session.folded);
    this.#size--;
    return true;
  }

  watch(session: DeviceSession, folded: string): void {
    session.watching.add(folded);
    const watchers = this.#watchers.get(folded);
    if (watchers) watchers.add(session);
    else this.#watchers.set(folded, new Set([session]));
  }

  watchersOf(folded: string): DeviceSession[] {
    return [...(this.#watchers.get(folded) ?? [])];
  }

  /** The best state of the account's devices. */
  stateOf(folded: string): PresenceState {
    const states = this.of(folded).map(({ state }) => state);
    if (states.includes('online')) return 'online';
    return states.includes('away') ? 'away' : 'offline';
  }

  #unwatch(session: DeviceSession, folded: string): void {
    const watchers = this.#watchers.get(folded);
    watchers?.delete(session);
    if (watchers?.size === 0) this.#watchers.delete(folded);
  }
}
