import { Failure } from '../../base/errors.js';
import type {
  DirectoryMethods,
  DirectoryNotices,
  Endpoint,
  MailboxEntry,
  PresenceState,
} from '../../wire/directory.js';
import { MAILBOX_PAGE } from '../../wire/limits.js';
import type { MethodName, Notice, NoticeName, Params, Result } from '../../wire/rpc.js';
import { ChannelLogins } from '../accounts/logins.js';
import type { Core } from '../core.js';
import { PushQueue } from '../delivery/push-queue.js';
import type { DeviceSession } from '../delivery/sessions.js';
import { addressKey } from '../guard/address.js';
import { assertMay } from '../permissions.js';
import { accountHandlers } from './account.js';
import { conversationHandlers } from './conversations.js';
import type { Handlers } from './dispatch.js';
import { helloFirst } from './enrol.js';
import { type Admitted, admit } from './hello.js';
import { PAGE_BYTES } from './pages.js';
import { peopleHandlers } from './people.js';
import { chooseVersion } from './versions.js';

export interface DeviceCaller {
  readonly address: string;
  readonly port: number;
  /** What the channel was opened with, DER. @throws Failure trust 'certificate-missing' */
  certificate(): Uint8Array;
  /** Whether pushes may be written. */
  hasRoom(): boolean;
  notify<N extends NoticeName<DirectoryNotices>>(notice: N, params: Notice<DirectoryNotices, N>): void;
  /** Hello has been judged: frames may have their full size. */
  onGreeted(): void;
  /** Lets what is written leave, then closes. */
  end(why: Failure): void;
}

/** A signed-in device while its request is served: what the handlers may know and do. */
export interface Signed {
  readonly core: Core;
  readonly session: DeviceSession;
  readonly logins: ChannelLogins;
}

/** What a device with a certificate may ask for, on one channel. */
export class DeviceRequests implements DeviceSession {
  readonly handlers: Handlers<DirectoryMethods>;
  readonly watching = new Set<string>();
  readonly #core: Core;
  readonly #caller: DeviceCaller;
  readonly #mail: PushQueue;
  #admitted: Admitted | undefined;
  #instance: Uint8Array = new Uint8Array(0);
  #left = false;
  state: PresenceState = 'online';
  endpoints: readonly Endpoint[] = [];

  constructor(core: Core, caller: DeviceCaller) {
    this.#core = core;
    this.#caller = caller;
    this.#mail = new PushQueue({
      hasRoom: () => caller.hasRoom(),
      send: (entry) => caller.notify('mailbox', entry),
      read: (after) => core.mailboxes.read(this.folded, this.device, after, MAILBOX_PAGE, PAGE_BYTES),
      onError: (error) => core.log.error('mailbox not read', { user: this.folded, error: String(error) }),
    });
    const logins = new ChannelLogins(core, addressKey(caller.address), () => this.#admitted?.certificate.deviceId);
    const signed: Signed = { core, session: this, logins };
    this.handlers = this.#guarded({
      hello: (params) => this.#hello(params),
      ...accountHandlers(signed),
      ...peopleHandlers(signed),
      ...conversationHandlers(signed),
    });
  }

  get user(): string {
    return this.#admitted?.account.user ?? '';
  }

  get folded(): string {
    return this.#admitted?.account.folded ?? '';
  }

  get device(): string {
    return this.#admitted?.certificate.deviceId ?? '';
  }

  get instance(): Uint8Array {
    return this.#instance;
  }

  notify<N extends NoticeName<DirectoryNotices>>(notice: N, params: Notice<DirectoryNotices, N>): void {
    this.#caller.notify(notice, params);
  }

  push(entries: readonly MailboxEntry[]): void {
    this.#mail.push(entries);
  }

  /** There may be room for pushes again. */
  drained(): void {
    this.#mail.drained();
  }

  replacedBy(session: DeviceSession): void {
    const same = Buffer.from(session.instance).equals(this.#instance);
    this.end(same ? reconnected() : runsElsewhere());
  }

  end(why: Failure): void {
    const { reason, code, message, hint } = why;
    this.#caller.notify('end', { reason, code, message, hint });
    this.#caller.end(why);
  }

  /** The channel is closed. */
  async left(): Promise<void> {
    this.#left = true;
    if (this.#admitted !== undefined) await this.#core.people.signedOut(this);
  }

  /** Nothing before hello, and nothing the role doesn't allow. */
  #guarded(handlers: Handlers<DirectoryMethods>): Handlers<DirectoryMethods> {
    const guard =
      (name: MethodName<DirectoryMethods>) =>
      async (params: never): Promise<unknown> => {
        if (name !== 'hello') await this.#assertMay(name);
        return (handlers[name] as (params: never) => unknown)(params);
      };
    const names = Object.keys(handlers) as MethodName<DirectoryMethods>[];
    return Object.fromEntries(names.map((name) => [name, guard(name)])) as unknown as Handlers<DirectoryMethods>;
  }

  async #assertMay(name: MethodName<DirectoryMethods>): Promise<void> {
    if (this.#admitted === undefined) throw helloFirst();
    const { folded, role } = this.#admitted.account;
    assertMay(this.#core.accounts.roleOf(folded, { role }), name);
  }

  async #hello(params: Params<DirectoryMethods, 'hello'>): Promise<Result<DirectoryMethods, 'hello'>> {
    if (this.#admitted !== undefined) throw new Failure('protocol', 'hello-twice', 'hello came twice');
    const core = this.#core;
    const version = chooseVersion(params.versions);
    const admitted = await admit(core, this.#caller.certificate());
    const { account, certificate } = admitted;
    const keyPackages = await core.keyPackages.count(account.folded, certificate.deviceId);
    this.#admitted = admitted;
    this.#instance = params.instance;
    this.state = params.state;
    this.endpoints = params.endpoints;
    this.#caller.onGreeted();
    const { starts: startsSeen } = await core.people.signedIn(this, params.starts);
    // The channel may have closed, or the device been revoked, while this was under way.
    if (this.#left) await core.people.signedOut(this);
    await admit(core, this.#caller.certificate());
    return {
      version,
      user: account.user,
      role: account.role,
      now: core.clock.now(),
      observed: { host: this.#caller.address, port: this.#caller.port },
      crl: core.revocations.der,
      keyPackages,
      startsSeen,
    };
  }
}

const reconnected = (): Failure =>
  new Failure('unreachable', 'session-replaced', 'this device has a newer connection to the directory');

const runsElsewhere = (): Failure =>
  new Failure('denied', 'device-elsewhere', 'another program signed in as this very device', {
    hint: 'Use one program for each profile; for a further machine, log in there instead of copying the profile.',
  });
