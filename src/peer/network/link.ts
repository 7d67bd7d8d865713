import type { TLSSocket } from 'node:tls';
import { sameBytes } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import type { DeviceCertificate } from '../../crypto/certificate.js';
import { PROTOCOL_VERSIONS } from '../../wire/limits.js';
import { type PeerMethods, type PeerNotices, peerMethods, peerNotices } from '../../wire/peer-link.js';
import type { MethodName, Notice, Params, Result } from '../../wire/rpc.js';
import { Channel } from './channel.js';
import { isLan } from './is-lan.js';
import type { LinkWay } from './tunnel-way.js';
import { agent } from './user-agent.js';

export interface LinkHandlers {
  deliver(params: Params<PeerMethods, 'deliver'>, link: Link): Promise<void>;
  /** Another device of this account asks for what is kept here; from whoever else, that is refused. */
  readHistory(params: Params<PeerMethods, 'history.read'>, link: Link): Promise<Result<PeerMethods, 'history.read'>>;
  /** The device at the other end lets this one read what it keeps. */
  historyAllowed(link: Link): void;
  /** These devices may have what is kept at the other end. */
  historyConsents(devices: readonly string[], link: Link): void;
  /** The person at the other end writes, or has stopped. */
  typing(active: boolean, link: Link): void;
  crl(): { readonly number: number; readonly der: Uint8Array };
}

export interface LinkInit {
  readonly socket: TLSSocket;
  readonly certificate: DeviceCertificate;
  readonly clock: Clock;
  /** Random for each start of this program. */
  readonly instance: Uint8Array;
  readonly dialled: boolean;
  readonly handlers: LinkHandlers;
  /** How its bytes go, where it is no socket of its own. */
  readonly way?: LinkWay | undefined;
  /** The other side has answered a ping, has fallen silent, or is heard again. */
  onChange?(link: Link): void;
}

interface Remote {
  readonly agent?: string | undefined;
  readonly instance: Uint8Array;
  readonly crl: number;
}

/** A live connection to one device of another person, or of ours. Both ends have proven who they are. */
export class Link {
  readonly certificate: DeviceCertificate;
  /** True where this side dialled. */
  readonly dialled: boolean;
  readonly #channel: Channel<PeerMethods, PeerNotices, PeerMethods, PeerNotices>;
  readonly #init: LinkInit;
  readonly #ready: Promise<void>;
  #greeted!: () => void;
  #path: 'direct' | 'lan' | undefined;
  #remote: Remote | undefined;
  /** Of the last ping, in ms. */
  rtt: number | undefined;
  readonly #measured: ((rtt: number) => void)[] = [];
  /** Nothing has come for SILENT_AFTER_MS, though something was asked for. */
  silent = false;

  constructor(init: LinkInit) {
    this.#init = init;
    this.certificate = init.certificate;
    this.dialled = init.dialled;
    if (init.way !== undefined) init.way.onMoved = () => init.onChange?.(this);
    this.#ready = new Promise((resolve) => {
      this.#greeted = resolve;
    });
    this.#channel = new Channel<PeerMethods, PeerNotices, PeerMethods, PeerNotices>(
      init.socket,
      init.certificate.user,
      {
        clock: init.clock,
        outlet: 'peer link',
        serves: peerMethods,
        hears: peerNotices,
        calls: peerMethods,
        serve: (method, params) => this.#serve(method, params),
        hear: (notice, params) => this.#hear(notice, params),
        onRtt: (rtt) => {
          this.rtt = rtt;
          for (const measured of this.#measured.splice(0)) measured(rtt);
          init.onChange?.(this);
        },
        onSilence: (silent) => {
          this.silent = silent;
          init.onChange?.(this);
        },
      },
    );
  }

  get device(): string {
    return this.certificate.deviceId;
  }

  get closed(): Promise<Failure> {
    return this.#channel.closed;
  }

  get isOver(): boolean {
    return this.#channel.isOver;
  }

  /** Something that was asked for is not answered yet. */
  get isAwaiting(): boolean {
    return this.#channel.session.isAwaiting;
  }

  /** Whether anything has come by it after that moment, of the monotonic clock. */
  heardAfter(moment: number): boolean {
    return this.#channel.session.heardAt > moment;
  }

  /** The address at the other end; '' once it is closed. */
  get address(): string {
    return this.#init.way?.address ?? this.#channel.socket.remoteAddress ?? '';
  }

  /** Over datagrams: by another path as soon as there is a better one. */
  get tunnelled(): boolean {
    return this.#init.way !== undefined;
  }

  /** How it leads there now: over TCP fixed while it lasts, as both its ends are. */
  get path(): 'direct' | 'lan' | 'relay' {
    if (this.#init.way !== undefined) return this.#init.way.path;
    this.#path ??= isLan(this.address);
    return this.#path;
  }

  /** How what comes now came. */
  get via(): 'direct' | 'lan' | 'relay' {
    return this.#init.way?.via ?? this.path;
  }

  /** Measures the round trip: `rtt` has it soon. */
  ping(): void {
    this.#channel.session.ping();
  }

  /** The round trip as it is now, in ms; undefined where the link ends meanwhile. */
  measure(): Promise<number | undefined> {
    const measured = new Promise<number>((resolve) => {
      this.#measured.push(resolve);
    });
    this.ping();
    return Promise.race([measured, this.closed.then(() => undefined)]);
  }

  /** The other program's instance; after greet. */
  get instance(): Uint8Array {
    return this.#remote!.instance;
  }

  /** The number of the other side's revocation list; after greet. */
  get remoteCrl(): number {
    return this.#remote!.crl;
  }

  /** What the other program says it is; after greet. */
  get agent(): string | undefined {
    return this.#remote!.agent;
  }

  /** Whoever dialled says hello; resolves when both know each other's version. @throws when the link fails before */
  async greet(): Promise<void> {
    if (this.dialled) this.#accept(await this.#channel.session.request('hello', this.#hello()));
    else await Promise.race([this.#ready, this.#channel.closed.then((why) => Promise.reject(why))]);
  }

  request<M extends MethodName<PeerMethods>>(
    method: M,
    params: Params<PeerMethods, M>,
  ): Promise<Result<PeerMethods, M>> {
    return this.#channel.request(method, params);
  }

  /** Nothing says whether it was heard. */
  typing(active: boolean): void {
    this.#channel.session.notify('typing', { active });
  }

  /** The network has changed: whether it outlived that shows soon. */
  recheck(): void {
    this.#channel.recheck();
  }

  allowHistory(): void {
    this.#channel.session.notify('history.allowed', {});
  }

  tellConsents(devices: readonly string[]): void {
    this.#channel.session.notify('history.consents', { devices: [...devices] });
  }

  close(why: Failure): void {
    this.#channel.close(why);
  }

  #hello(): Params<PeerMethods, 'hello'> {
    return {
      versions: [...PROTOCOL_VERSIONS],
      agent,
      instance: this.#init.instance,
      crl: this.#init.handlers.crl().number,
    };
  }

  #accept(remote: Remote): void {
    this.#remote = remote;
    this.#channel.session.open();
    this.#greeted();
  }

  #hear(notice: keyof PeerNotices, params: Notice<PeerNotices, keyof PeerNotices>): void {
    const { handlers } = this.#init;
    if (notice === 'history.allowed') handlers.historyAllowed(this);
    else if (notice === 'history.consents')
      handlers.historyConsents((params as Notice<PeerNotices, 'history.consents'>).devices, this);
    else handlers.typing((params as Notice<PeerNotices, 'typing'>).active, this);
  }

  async #serve(
    method: MethodName<PeerMethods>,
    params: Params<PeerMethods, MethodName<PeerMethods>>,
  ): Promise<unknown> {
    if (method === 'hello') return this.#welcome(params as Params<PeerMethods, 'hello'>);
    if (this.#remote === undefined) throw new Failure('hello-first');
    if (method === 'crl.get') return { crl: this.#init.handlers.crl().der };
    if (method === 'history.read')
      return this.#init.handlers.readHistory(params as Params<PeerMethods, 'history.read'>, this);
    await this.#init.handlers.deliver(params as Params<PeerMethods, 'deliver'>, this);
    return {};
  }

  #welcome({ versions, agent: theirs, instance, crl }: Params<PeerMethods, 'hello'>): Result<PeerMethods, 'hello'> {
    const version = PROTOCOL_VERSIONS.find((one) => versions.includes(one));
    if (version === undefined) {
      throw new Failure('version-unknown', 'the two programs share no version of the protocol', {
        hint: 'Update the older p2pchat.',
      });
    }
    if (this.#remote && !sameBytes(this.#remote.instance, instance)) throw new Failure('hello-twice');
    this.#accept({ agent: theirs, instance, crl });
    return { version, agent, instance: this.#init.instance, crl: this.#init.handlers.crl().number };
  }
}
