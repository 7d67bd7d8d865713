import { hex } from '../../base/bytes.js';
import { Failure, hasCode } from '../../base/errors.js';
import { version as program } from '../../base/package-files.js';
import { agentOf } from '../../wire/agent.js';
import {
  type DirectoryMethods,
  type DirectoryNotices,
  END_BYTES,
  type Endpoint,
  type MailboxEntry,
  type PresenceState,
  type Role,
} from '../../wire/directory.js';
import { MAILBOX_PAGE } from '../../wire/limits.js';
import type { Notice, NoticeName, Params, Result } from '../../wire/rpc.js';
import { clipped } from '../../wire/schema.js';
import { ChannelLogins } from '../accounts/logins.js';
import { PushQueue } from '../delivery/push-queue.js';
import type { DeviceSession } from '../delivery/sessions.js';
import { addressKey } from '../guard/address.js';
import { PAGE_BYTES } from '../limits.js';
import { assertMay, DEVICE_REQUESTS, takesPassword } from '../permissions.js';
import type { Services } from '../services.js';
import { accountHandlers } from './account.js';
import { admit, assertCurrent } from './authenticate.js';
import { conversationHandlers } from './conversations.js';
import type { Handlers } from './dispatch.js';
import { helloFirst } from './enrol.js';
import { groupHandlers } from './groups.js';
import { guestHandlers } from './guests.js';
import { ledgerHandlers } from './ledger.js';
import { chooseVersion } from './negotiate-version.js';
import { pairingHandlers } from './pairings.js';
import { peopleHandlers } from './people.js';
import { relayHandlers } from './relays.js';
import type { Signed } from './request-context.js';
import { factorHandlers, lacksFactor } from './second-factor.js';
import { setBack } from './set-back.js';
import { uploadHandlers } from './uploads.js';

export interface DeviceCaller {
  readonly address: string;
  readonly port: number;
  /** What the channel was opened with, DER. @throws Failure trust 'certificate-missing' */
  certificate(): Uint8Array;
  /** Whether pushes may be written. */
  hasRoom(): boolean;
  notify<N extends NoticeName<DirectoryNotices>>(notice: N, params: Notice<DirectoryNotices, N>): void;
  notifyEncoded(frame: Uint8Array): void;
  /** Hello has been judged: frames may have their full size. */
  onGreeted(): void;
  /** Lets what is written leave, then closes. */
  end(why: Failure): void;
}

/** One device's channel. Thousands of them are idle at once, so it holds as little as it can. */
export class DeviceRequests implements DeviceSession, Signed {
  readonly core: Services;
  readonly watching = new Set<string>();
  readonly #caller: DeviceCaller;
  #mail: PushQueue | undefined;
  #logins: ChannelLogins | undefined;
  #role: Role | undefined;
  #greeted = false;
  /** Groups of which entries were not pushed, by hex of their ids. */
  #behind: Map<string, Uint8Array> | undefined;
  #left = false;
  user = '';
  folded = '';
  device = '';
  instance = '';
  state: PresenceState = 'online';
  endpoints: readonly Endpoint[] = [];
  hearsChanges = false;
  hearsCalls = false;

  constructor(core: Services, caller: DeviceCaller) {
    this.core = core;
    this.#caller = caller;
  }

  get role(): Role {
    return this.core.accounts.roleOf(this.folded, { role: this.#role ?? 'beginner' });
  }

  get session(): DeviceSession {
    return this;
  }

  get logins(): ChannelLogins {
    this.#logins ??= new ChannelLogins(this.core, addressKey(this.#caller.address), this.device);
    return this.#logins;
  }

  notify<N extends NoticeName<DirectoryNotices>>(notice: N, params: Notice<DirectoryNotices, N>): void {
    this.#caller.notify(notice, params);
  }

  push(entries: readonly MailboxEntry[]): void {
    this.#mail ??= this.#queue();
    this.#mail.push(entries);
  }

  /** There may be room for pushes again. */
  drained(): void {
    this.#mail?.drained();
    for (const [name, group] of this.#behind ?? []) {
      if (!this.#caller.hasRoom()) return;
      this.#behind!.delete(name);
      void this.core.namedGroups
        .need(group)
        .then(({ next }) => this.notify('groups.changed', { group, next: next + 1 }))
        .catch(() => {});
    }
  }

  pushEncoded(group: Uint8Array, frame: Uint8Array): void {
    if (this.#caller.hasRoom()) {
      this.#caller.notifyEncoded(frame);
      return;
    }
    this.#behind ??= new Map();
    this.#behind.set(hex(group), group);
  }

  tellEncoded(frame: Uint8Array): void {
    this.#caller.notifyEncoded(frame);
  }

  pushSignal(frame: Uint8Array): void {
    if (this.#caller.hasRoom()) this.#caller.notifyEncoded(frame);
  }

  roleChanged(role: Role): void {
    this.#role = role;
    this.notify('role', { role: this.role });
  }

  replacedBy({ instance }: DeviceSession): void {
    this.end(instance === this.instance ? reconnected() : runsElsewhere());
  }

  end(why: Failure): void {
    const { reason, code, message, hint } = why;
    this.#caller.notify('end', {
      ...{ reason, code, message: clipped(message, END_BYTES), hint: clipped(hint, END_BYTES) },
    });
    this.#caller.end(why);
  }

  /** The channel is closed. */
  async left(): Promise<void> {
    this.#left = true;
    if (this.#role !== undefined) await this.core.people.signedOut(this);
  }

  /**
   * Nothing before hello, nothing the role doesn't allow, and nothing without the proof it takes.
   * @throws Failure protocol 'hello-first', 'hello-twice', denied 'not-permitted', 'login-needed'
   */
  admit(method: string, params: unknown): void {
    if (method === 'hello') {
      if (this.#greeted) throw new Failure('hello-twice');
      this.#greeted = true;
      return;
    }
    if (this.#role === undefined) throw helloFirst();
    assertMay(this.role, method);
    const given = params as Readonly<Record<string, unknown>>;
    if (takesPassword(method as keyof DirectoryMethods, given)) this.#needPassword(method);
  }

  #needPassword(method: string): void {
    try {
      this.logins.needLogin();
    } catch (error) {
      if (method !== 'logout' || !hasCode(error, 'login-needed')) throw error;
      throw new Failure('login-needed', 'logging out everywhere takes the password', { hint: OLD_PROGRAM });
    }
  }

  spend(method: string): Promise<void> | undefined {
    const { cost } = DEVICE_REQUESTS[method as keyof DirectoryMethods];
    const { accounts, strangers } = this.core.budgets;
    // Before hello has been judged nobody knows whose it is.
    return this.#role === undefined
      ? strangers.spend(addressKey(this.#caller.address), cost)
      : accounts.spend(this.folded, cost);
  }

  async hello(params: Params<DirectoryMethods, 'hello'>): Promise<Result<DirectoryMethods, 'hello'>> {
    const { core } = this;
    const version = chooseVersion(params.versions);
    const { account, deviceId, serial } = await admit(core, this.#caller.certificate());
    this.user = account.user;
    this.folded = account.folded;
    this.device = deviceId;
    this.instance = hex(params.instance);
    this.state = params.state;
    this.endpoints = params.endpoints;
    this.hearsChanges = params.crl !== undefined;
    this.hearsCalls = params.calls === true;
    if (params.stamp !== undefined && core.incarnation.isLost(params.stamp)) await setBack(core);
    const { starts: startsSeen } = await core.people.recognise(this, params, core.incarnation.id);
    this.#role = account.role;
    this.#caller.onGreeted();
    await core.people.signedIn(this);
    // The channel may have closed, or the device been revoked, while this was under way.
    if (this.#left) await core.people.signedOut(this);
    await assertCurrent(core, account.folded, deviceId, serial);
    const keyPackages = await core.keyPackages.count(account.folded, deviceId);
    const lastResort = (await core.keyPackages.lastResort(account.folded, deviceId)) !== undefined;
    // Read when this session is told of every later change.
    const { version: devicesVersion } = await core.devices.row(account.folded);
    const preferences = (await core.tables.preferences.get(account.folded))?.tag;
    const operatorAct = core.ledger.newestOperated(account.folded, account.role);
    return {
      ...{ version, user: account.user, role: account.role, now: core.clock.now(), keyPackages, startsSeen },
      ...{ devicesVersion, lastResort },
      observed: { host: this.#caller.address, port: this.#caller.port },
      ...(params.crl !== core.revocations.number && { crl: core.revocations.der }),
      incarnation: { id: core.incarnation.id, since: core.incarnation.since },
      stamp: core.incarnation.stamp,
      ...((await lacksFactor(core, account)) && { secondFactor: 'required' as const }),
      ...(operatorAct !== undefined && { operatorAct }),
      agent: agentOf(program),
      relays: core.relays.named,
      calls: true,
      ...(preferences && { preferences }),
    };
  }

  #queue(): PushQueue {
    const { core } = this;
    return new PushQueue({
      hasRoom: () => this.#caller.hasRoom(),
      send: (entry) => this.#caller.notify('mailbox', entry),
      read: (after) => core.mailboxes.read(this.folded, this.device, after, MAILBOX_PAGE, PAGE_BYTES),
      onError: (error) => core.log.error('mailbox not read', { user: this.folded, error: String(error) }),
    });
  }
}

export const deviceHandlers: Handlers<DirectoryMethods, DeviceRequests> = {
  hello: (channel, params) => channel.hello(params),
  ...accountHandlers,
  ...factorHandlers,
  ...pairingHandlers,
  ...peopleHandlers,
  ...conversationHandlers,
  ...groupHandlers,
  ...uploadHandlers,
  ...guestHandlers,
  ...ledgerHandlers,
  ...relayHandlers,
};

/** It did not take the password before; programs of then don't ask for it. */
const OLD_PROGRAM =
  'If it was not asked for, update p2pchat; or shut the devices out one by one: p2pchat device revoke.';

const reconnected = (): Failure => new Failure('session-replaced');

const runsElsewhere = (): Failure => new Failure('device-elsewhere');
