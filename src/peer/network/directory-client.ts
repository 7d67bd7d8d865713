import type { TLSSocket } from 'node:tls';
import type { Cancel, Clock } from '../../base/clock.js';
import { type Code, Failure, hasCode, toFailure, waitOf } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import type { Scope } from '../../base/scope.js';
import {
  type DirectoryMethods,
  type DirectoryNotices,
  directoryMethods,
  directoryNotices,
} from '../../wire/directory.js';
import type { MethodName, Notice, NoticeName, Params, Result } from '../../wire/rpc.js';
import { Backoff } from './backoff.js';
import { Channel } from './channel.js';

type NoMethods = Record<never, never>;
type DirectoryChannel = Channel<NoMethods, DirectoryNotices, DirectoryMethods, NoMethods>;
export type Welcome = Result<DirectoryMethods, 'hello'>;

export interface DirectoryClientInit {
  readonly clock: Clock;
  readonly random: Random;
  readonly scope: Scope;
  /** A socket to the directory whose certificate has been judged. */
  connect(signal: AbortSignal): Promise<TLSSocket>;
  hello(): Promise<Params<DirectoryMethods, 'hello'>>;
  /** The directory has accepted this device. Requests work from here on. */
  onOnline(welcome: Welcome): void;
  onOffline(why: Failure, retryIn: number): void;
  /** The directory will not have this device: no further try is made. */
  onRefused(why: Failure): void;
  /** This device's certificate has ended while nothing could renew it. @throws Failure why it gets no other one */
  reenter(): Promise<void>;
  /** Something else than absence keeps the directory away, and is tried again: told once until it is another. */
  onTrouble(why: Failure): void;
  onNotice<N extends NoticeName<DirectoryNotices>>(notice: N, params: Notice<DirectoryNotices, N>): void;
}

export const directoryOffline = (): Failure => new Failure('directory-offline', 'the directory cannot be reached');

/** Reasons for which trying again changes nothing; a person has to do something first. */
const FINAL: ReadonlySet<string> = new Set(['trust', 'blocked', 'credentials', 'denied']);

/** Of these reasons, but time or another network heals it: a clock is set, whoever answers in the directory's place goes. */
const HEALS: readonly Code[] = [
  'certificate-malformed',
  'certificate-missing',
  'certificate-not-yet-valid',
  'certificate-profile',
  'certificate-untrusted',
  'channel-insecure',
  'clock-differs',
  'crl-not-yet-valid',
  'crl-stale',
  'login-blocked',
  'name-blocked',
];

const isFinal = (why: Failure): boolean => FINAL.has(why.reason) && !HEALS.some((code) => hasCode(why, code));

/** Keeps a channel to the directory: dials, says hello, and dials again with back-off when it is lost. */
export class DirectoryClient {
  readonly #init: DirectoryClientInit;
  readonly #backoff: Backoff;
  #channel: DirectoryChannel | undefined;
  #lastWord: Failure | undefined;
  #trouble: Failure | undefined;
  #welcome: Welcome | undefined;
  #welcomedAt = 0;
  #silent = false;
  #cancelRetry: Cancel = () => {};
  /** Between two tries. */
  #resting = false;
  #settleFirst!: () => void;
  /** Resolves after the first try, however it went. */
  readonly firstTry: Promise<void>;

  constructor(init: DirectoryClientInit) {
    this.#init = init;
    this.#backoff = new Backoff(init.random);
    this.firstTry = new Promise((resolve) => {
      this.#settleFirst = resolve;
    });
    init.scope.defer(() => this.#stop());
    init.scope.run(() => this.#try());
  }

  get state(): 'online' | 'offline' {
    return this.#channel && !this.#silent ? 'online' : 'offline';
  }

  /** Why it is away, where that is something else than that it can't be reached. */
  get trouble(): Failure | undefined {
    return this.#trouble;
  }

  request<M extends MethodName<DirectoryMethods>>(
    method: M,
    params: Params<DirectoryMethods, M>,
  ): Promise<Result<DirectoryMethods, M>> {
    return this.#channel ? this.#channel.request(method, params) : Promise.reject(this.#trouble ?? directoryOffline());
  }

  /** What the directory said when it last let us in; `now` is its clock as it stands now. */
  get welcome(): Welcome | undefined {
    const welcome = this.#welcome;
    return welcome && { ...welcome, now: welcome.now + Math.round(this.#init.clock.monotonic() - this.#welcomedAt) };
  }

  /** The network has changed: the channel has to show that it outlived that, and what failed before may work now. */
  recheck(): void {
    this.#backoff.reset();
    this.#channel?.recheck();
    if (!this.#resting || this.#init.scope.closed) return;
    this.#cancelRetry();
    this.#init.scope.run(() => this.#try());
  }

  async #try(): Promise<void> {
    const { scope, onOnline } = this.#init;
    this.#resting = false;
    // What ended the last channel says nothing of this one.
    this.#lastWord = undefined;
    try {
      const channel = await this.#dial();
      const welcome = await this.#greet(channel);
      this.#channel = channel;
      this.#welcome = welcome;
      this.#welcomedAt = this.#init.clock.monotonic();
      this.#silent = false;
      this.#trouble = undefined;
      this.#backoff.reset();
      void channel.closed.then((why) => this.#lost(this.#lastWord ?? why));
      onOnline(welcome);
    } catch (error) {
      if (!scope.closed) this.#lost(await this.#mended(this.#lastWord ?? toFailure(error)));
    } finally {
      this.#settleFirst();
    }
  }

  /** What is left of a failure: where the certificate had ended and there is another one, only that this try has failed. */
  async #mended(why: Failure): Promise<Failure> {
    if (!hasCode(why, 'certificate-expired')) return why;
    try {
      await this.#init.reenter();
      return directoryOffline();
    } catch (error) {
      return toFailure(error);
    }
  }

  async #dial(): Promise<DirectoryChannel> {
    const socket = await this.#init.connect(this.#init.scope.signal);
    return new Channel<NoMethods, DirectoryNotices, DirectoryMethods, NoMethods>(socket, 'the directory', {
      clock: this.#init.clock,
      outlet: 'directory channel',
      serves: {},
      hears: directoryNotices,
      calls: directoryMethods,
      serve: () => Promise.reject(new Failure('method-unknown', 'peers serve nothing to a directory')),
      hear: (notice, params) => this.#hear(notice, params),
      onSilence: (silent) => this.#silence(silent),
    });
  }

  async #greet(channel: DirectoryChannel): Promise<Welcome> {
    channel.session.open();
    try {
      return await channel.session.request('hello', await this.#init.hello());
    } catch (error) {
      channel.close(toFailure(error));
      throw error;
    }
  }

  /** The channel stays: it may be heard again, and then nothing has to be set up anew. */
  #silence(silent: boolean): void {
    if (this.#channel === undefined || this.#init.scope.closed) return;
    this.#silent = silent;
    if (silent) this.#init.onOffline(directoryOffline(), 0);
    else this.#init.onOnline(this.welcome!);
  }

  #hear<N extends NoticeName<DirectoryNotices>>(notice: N, params: Notice<DirectoryNotices, N>): void {
    if (notice === 'end') this.#lastWord = endOf(params as Notice<DirectoryNotices, 'end'>);
    else this.#init.onNotice(notice, params);
  }

  #lost(why: Failure): void {
    this.#channel = undefined;
    if (this.#init.scope.closed) return;
    const before = this.#trouble;
    this.#trouble = why.reason === 'unreachable' ? undefined : why;
    if (isFinal(why)) {
      this.#trouble = Failure.from({ ...why.plain, details: { ...why.details, final: true } });
      this.#init.onRefused(why);
      return;
    }
    if (this.#trouble !== undefined && before?.code !== why.code) this.#init.onTrouble(why);
    // Who says how long not to knock is believed.
    const retryIn = Math.max(this.#backoff.next(), waitOf(why));
    this.#resting = true;
    this.#cancelRetry = this.#init.clock.after(retryIn, () => this.#init.scope.run(() => this.#try()));
    this.#init.onOffline(why, Math.round(retryIn));
  }

  async #stop(): Promise<void> {
    this.#cancelRetry();
    this.#channel?.close(new Failure('closed'));
    await this.#channel?.closed;
  }
}

const endOf = (end: Notice<DirectoryNotices, 'end'>): Failure => Failure.from(end, 'unreachable');
