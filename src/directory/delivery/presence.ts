import { concat, sameBytes, utf8 } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import { Queues } from '../../base/queues.js';
import type { Authority } from '../../crypto/ca.js';
import { path } from '../../store/keys.js';
import {
  type DirectoryMethods,
  type PresenceState,
  ROSTER_CONTEXT,
  type Role,
  rosterCodec,
} from '../../wire/directory.js';
import type { Params, Result } from '../../wire/rpc.js';
import type { Account, Accounts } from '../accounts/accounts.js';
import type { Devices } from '../authority/devices.js';
import type { SeenRow, Tables } from '../rows.js';
import type { DeviceSession, Sessions } from './sessions.js';

export interface PresenceInit {
  readonly tables: Tables;
  readonly accounts: Accounts;
  readonly devices: Devices;
  readonly sessions: Sessions;
  readonly authority: Authority;
  readonly clock: Clock;
}

export interface PersonSeen {
  readonly user: string;
  readonly role: Role;
  readonly state: PresenceState;
  /** Milliseconds since 1970; the account's beginning where it never was. */
  readonly lastSeen: number;
}

type Shown = Pick<Params<DirectoryMethods, 'hello'>, 'starts' | 'runs'>;

/** Of two copies of a profile each has runs that the other one lacks. */
const isSameLine = ({ run }: SeenRow, { now, before }: NonNullable<Shown['runs']>, life: Uint8Array): boolean =>
  run === undefined || !sameBytes(run.life, life) || [now, ...before].some((one) => sameBytes(one, run.id));

const NEVER: SeenRow = { starts: 0, lastSeen: 0, endpoints: [] };

/** Who is there, since when, and how to reach them: presence, and rosters under the directory's signature. */
export class Presence {
  readonly #init: PresenceInit;
  readonly #turns = new Queues();
  /** By account: asked for and not begun. */
  readonly #announcing = new Map<string, Promise<void>>();

  constructor(init: PresenceInit) {
    this.#init = init;
  }

  /**
   * Writes down that the device is here, unless its profile is a copy that another one has gone on from since.
   * @param life of this store: one that was set back knows old runs only
   * @returns what was known of the device before
   * @throws Failure trust 'profile-copied'
   */
  async recognise(session: DeviceSession, { starts, runs }: Shown, life: Uint8Array): Promise<SeenRow> {
    const { tables, clock } = this.#init;
    let before = NEVER;
    await tables.seen.update(path(session.folded, session.device), (row = NEVER) => {
      before = row;
      if (runs !== undefined && !isSameLine(row, runs, life)) throw new Failure('profile-copied');
      return {
        ...{ starts: Math.max(starts, row.starts), lastSeen: clock.now(), endpoints: [...session.endpoints] },
        ...(runs && { run: { id: runs.now, life } }),
      };
    });
    return before;
  }

  async signedIn(session: DeviceSession): Promise<void> {
    const { sessions } = this.#init;
    const replaced = sessions.add(session);
    replaced?.replacedBy(session);
    await this.#announce(session.folded);
  }

  async signedOut(session: DeviceSession): Promise<void> {
    const { tables, clock, sessions } = this.#init;
    if (!sessions.remove(session)) return;
    const key = path(session.folded, session.device);
    try {
      await tables.seen.update(key, (row) => row && { ...row, lastSeen: clock.now() });
    } finally {
      await this.#announce(session.folded);
    }
  }

  /** On disk first, then told. */
  async changed(
    session: DeviceSession,
    { state, endpoints }: Pick<DeviceSession, 'state' | 'endpoints'>,
  ): Promise<void> {
    const { tables, clock } = this.#init;
    const { folded, device } = session;
    await tables.seen.update(path(folded, device), (row = NEVER) => {
      return { ...row, lastSeen: clock.now(), endpoints: [...endpoints] };
    });
    session.state = state;
    session.endpoints = endpoints;
    await this.#announce(folded);
  }

  /** Tells those who watch the account, and the account's own devices. */
  devicesChanged(folded: string, version: number): void {
    const { sessions } = this.#init;
    for (const watcher of sessions.watchersOf(folded)) watcher.notify('roster', { user: folded, version });
    for (const own of sessions.of(folded)) own.notify('devices', { version });
  }

  /** A device has key packages again, which had none: whoever waits to add it can. */
  async canBeAdded(folded: string): Promise<void> {
    const { sessions, devices } = this.#init;
    const { version } = await devices.row(folded);
    for (const watcher of sessions.watchersOf(folded)) watcher.notify('roster', { user: folded, version });
  }

  async seen(account: Account): Promise<PersonSeen> {
    const { user, role, folded } = account;
    const state = this.#init.sessions.stateOf(folded);
    return { user, role, state, lastSeen: await this.#lastSeen(account, state) };
  }

  /** For the account itself. */
  async devices(folded: string): Promise<Result<DirectoryMethods, 'devices.list'>> {
    const { tables, devices, sessions, clock } = this.#init;
    const row = await devices.row(folded);
    const listed = row.devices.map(async ({ device, label, addedAt, by }) => {
      const session = sessions.find(folded, device);
      const lastSeen = session ? clock.now() : ((await tables.seen.get(path(folded, device)))?.lastSeen ?? addedAt);
      const state = session?.state ?? ('offline' as const);
      return { device, label, addedAt, lastSeen, state, ...(by !== undefined && { by }) };
    });
    return { devices: await Promise.all(listed), version: row.version, former: row.former ?? [] };
  }

  /** @returns the encoded roster, and the CA's signature over ROSTER_CONTEXT and it */
  async roster(account: Account): Promise<{ roster: Uint8Array; signature: Uint8Array }> {
    const { authority, devices, sessions, clock } = this.#init;
    const { user, role, identityKey, folded } = account;
    const row = await devices.row(folded);
    const listed = row.devices.map(async ({ device, certificate }) => {
      const session = sessions.find(folded, device);
      const seen = (await this.#init.tables.seen.get(path(folded, device))) ?? NEVER;
      const { endpoints } = session ?? seen;
      const lastSeen = session ? clock.now() : seen.lastSeen;
      return { certificate, endpoints: [...endpoints], state: session?.state ?? ('offline' as const), lastSeen };
    });
    const roster = rosterCodec.encode({
      directory: authority.trust.directoryId,
      ...{ user, role, identityKey, version: row.version, at: clock.now() },
      devices: await Promise.all(listed),
    });
    return { roster, signature: authority.signStatement(concat(utf8(ROSTER_CONTEXT), roster)) };
  }

  async #lastSeen({ folded, createdAt }: Account, state: PresenceState): Promise<number> {
    if (state !== 'offline') return this.#init.clock.now();
    let latest = createdAt;
    for await (const { value } of this.#init.tables.seen.range({ prefix: `${folded}/` })) {
      latest = Math.max(latest, value.lastSeen);
    }
    return latest;
  }

  /** Tells the watchers that state, addresses or both are others now: once for all changes that come meanwhile. */
  #announce(folded: string): Promise<void> {
    const waiting = this.#announcing.get(folded);
    if (waiting !== undefined) return waiting;
    const next = this.#turns.take(folded, () => {
      this.#announcing.delete(folded);
      return this.#tell(folded);
    });
    this.#announcing.set(folded, next);
    return next;
  }

  async #tell(folded: string): Promise<void> {
    const { sessions, devices, accounts } = this.#init;
    const watchers = sessions.watchersOf(folded);
    if (watchers.length === 0) return;
    const account = await accounts.find(folded);
    if (account === undefined) return;
    const { user, state, lastSeen } = await this.seen(account);
    const { version } = await devices.row(folded);
    for (const watcher of watchers) {
      watcher.notify('presence', { user, state, lastSeen });
      watcher.notify('roster', { user, version });
    }
  }
}
