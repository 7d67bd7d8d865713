import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../base/clock.js';
import { hasCode, toFailure } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import type { Scope } from '../../base/scope.js';
import { peerClientTls, peerServerTls } from '../../crypto/tls.js';
import type { TunnelKeys } from '../../crypto/tunnel-secret.js';
import { plainAddress } from '../../net/address.js';
import { localAddresses } from '../../net/interfaces.js';
import type { RelayUser } from '../../transfer/driver/relay-offer.js';
import { OpenTunnel } from '../../tunnel/open-tunnel.js';
import { TunnelHost } from '../../tunnel/tunnel-host.js';
import type { DeviceAddress, Endpoint } from '../../wire/directory.js';
import type { DirectoryRequest } from '../../wire/directory-request.js';
import { HANDSHAKE_TIMEOUT_MS, TRANSFER_CANDIDATES } from '../../wire/limits.js';
import { foldName } from '../../wire/names.js';
import type { LocalDevice } from '../identity/local-device.js';
import { type Answered, type Called, type Caller, CallPace, Calls } from './calls.js';
import type { ListenAddress } from './listen-address.js';
import { type RelayTokens, TOKENS_FOR_MS } from './relay-tokens.js';
import type { Transport } from './transport.js';
import { type LinkWay, wayOf } from './tunnel-way.js';

/**
 * Links to devices that can't be dialled: a call by the directory, then TLS in a tunnel, which goes by a relay at once and by a
 * direct path as soon as there is one.
 *
 *     here ──call──▶ directory ──▶ there      with addresses of this side
 *     here ◀──────── directory ◀── answer     with those of that one: both have the keys now
 *     here ◀═ relay, both bound ═▶ there      and each challenges the other's addresses meanwhile
 */

export interface TunnelsInit {
  readonly self: LocalDevice;
  readonly clock: Clock;
  readonly random: Random;
  readonly scope: Scope;
  readonly datagrams: Transport['datagrams'];
  readonly relays: RelayTokens;
  readonly request: DirectoryRequest;
  /** The directory passes calls on. */
  isKnown(): boolean;
  isWanted(user: string): boolean;
  devices(user: string): Promise<readonly Caller[]>;
  /** Where links come in. */
  listening(): ListenAddress;
  mayDial(address: Endpoint): boolean;
  /** Where the directory is. */
  directory(): { readonly host: string; readonly port: number };
  /** Somebody has called. */
  onCalled(socket: TLSSocket, way: LinkWay, from: Caller): void;
}

export interface Tunnelled {
  readonly socket: TLSSocket;
  readonly way: LinkWay;
}

/** Tunnels that came in and are no link yet. */
const UNJUDGED = 64;
/** What the directory saw is true for as long as a NAT surely keeps a mapping. */
const SEEN_FOR_MS = 15_000;
/** Where no relay is known of, the other side has to be told at once where this one is. */
const TOKENS_AGAIN_MS = 10_000;

export class Tunnels {
  readonly #init: TunnelsInit;
  readonly #calls: Calls;
  readonly #pace = new CallPace();
  readonly #answers = new Map<string, (answered?: Answered) => void>();
  #opening: Promise<TunnelHost> | undefined;
  #seen: { readonly at: number; readonly from: string; readonly address: Promise<Endpoint | undefined> } | undefined;
  #unjudged = 0;

  constructor(init: TunnelsInit) {
    this.#init = init;
    this.#calls = new Calls(init.self, init.random);
    init.scope.defer(() => this.#close());
  }

  /** A connection to that device; undefined where it does not answer. @throws Failure where the directory does not */
  async call(to: Caller): Promise<Tunnelled | undefined> {
    const { isKnown, request, clock, scope } = this.#init;
    if (!isKnown() || scope.closed) return undefined;
    const host = await this.#host();
    // By the time of the answer this side is bound at the relays.
    const early: RelayUser = { onRelay() {} };
    scope.run(() => this.#bind(host, to, early));
    const call = this.#calls.call(to, await this.#candidates(host));
    if (call === undefined) return undefined;
    const { id, sealed } = call;
    let cancel = (): void => {};
    const answer = new Promise<Answered | undefined>((resolve) => {
      this.#answers.set(id, resolve);
      cancel = clock.after(HANDSHAKE_TIMEOUT_MS, () => resolve(undefined));
    });
    try {
      const { there } = await request('call', { user: to.user, device: to.device, sealed });
      const answered = there ? await answer : undefined;
      return answered && (await this.#dialled(host, to, answered));
    } finally {
      cancel();
      this.#answers.delete(id);
      this.#calls.forget(id);
      host.relays.leave(early);
    }
  }

  async #bind(host: TunnelHost, to: DeviceAddress, user: RelayUser): Promise<void> {
    const offers = await this.#init.relays.offers(to).catch(() => []);
    for (const offer of offers) host.relays.use(offer, user);
  }

  async #dialled(host: TunnelHost, to: Caller, { keys, candidates }: Answered): Promise<Tunnelled> {
    const { datagrams, self } = this.#init;
    const tunnel = this.#open(host, to, { out: keys.toCalled, in: keys.toCaller });
    tunnel.consider(candidates);
    return this.#secured(tunnel, datagrams.client(tunnel.stream, peerClientTls(self.tls())));
  }

  /** The directory passes on what another device says. */
  async called(from: DeviceAddress, sealed: Uint8Array): Promise<void> {
    const { isWanted, devices, clock } = this.#init;
    // To somebody blocked this device looks like one that is away.
    if (!isWanted(from.user)) return;
    const isOurs = foldName(from.user) === foldName(this.#init.self.user);
    if (!this.#pace.take(foldName(from.user), clock.monotonic()) && !isOurs) return;
    try {
      const caller = (await devices(from.user)).find(({ device }) => device === from.device);
      const call = caller && this.#calls.take(caller, sealed);
      if (call?.kind === 'answer') this.#answers.get(call.id)?.(call);
      else if (call !== undefined) await this.#answer(caller!, call);
    } catch (error) {
      if (!isTheirs(error)) throw error;
    }
  }

  async #answer(caller: Caller, call: Called): Promise<void> {
    if (this.#unjudged >= UNJUDGED) return;
    const { request, datagrams, self, onCalled } = this.#init;
    const host = await this.#host();
    const { sealed, keys } = call.answer(await this.#candidates(host));
    const tunnel = this.#open(host, caller, { out: keys.toCaller, in: keys.toCalled });
    tunnel.consider(call.candidates);
    this.#unjudged++;
    const secured = this.#secured(tunnel, datagrams.server(tunnel.stream, peerServerTls(self.tls())));
    secured
      .then(
        ({ socket, way }) => onCalled(socket, way, caller),
        () => {},
      )
      .finally(() => this.#unjudged--);
    await request('call', { user: caller.user, device: caller.device, sealed });
  }

  async #secured(tunnel: OpenTunnel, handshake: Promise<TLSSocket>): Promise<Tunnelled> {
    const cancel = this.#init.clock.after(HANDSHAKE_TIMEOUT_MS, () => void tunnel.close());
    try {
      return { socket: await handshake, way: wayOf(tunnel) };
    } catch (error) {
      void tunnel.close();
      throw error;
    } finally {
      cancel();
    }
  }

  #open(
    host: TunnelHost,
    other: DeviceAddress,
    keys: { out: TunnelKeys['toCaller']; in: TunnelKeys['toCaller'] },
  ): OpenTunnel {
    const { scope, mayDial } = this.#init;
    const tunnel = new OpenTunnel({ host, ...keys, mayCall: mayDial });
    scope.run(() => this.#keepRelays(tunnel, other));
    // What a router makes of this side's address takes a moment to find out.
    scope.run(async () => {
      const seen = await this.#seenAddress(host);
      if (seen !== undefined) tunnel.tell([seen]);
    });
    return tunnel;
  }

  /** Tokens end sooner than many a link. */
  async #keepRelays(tunnel: OpenTunnel, { user, device }: DeviceAddress): Promise<void> {
    const { relays, scope, clock } = this.#init;
    const offers = await relays.offers({ user, device }).catch(() => []);
    tunnel.useRelays(offers);
    const cancel = clock.after(offers.length > 0 ? TOKENS_FOR_MS : TOKENS_AGAIN_MS, () =>
      scope.run(() => this.#keepRelays(tunnel, { user, device })),
    );
    void tunnel.closed.then(cancel);
  }

  /** Where this side may be: what its router makes of it where that is known, and its own addresses. */
  async #candidates(host: TunnelHost): Promise<Endpoint[]> {
    const own = host.addresses.flatMap(({ host: at, port }) => {
      if (at !== '0.0.0.0' && at !== '::') return [{ host: at, port }];
      return localAddresses()
        .filter((one) => one.includes(':') === (at === '::'))
        .map((one) => ({ host: one, port }));
    });
    const seen = this.#init.relays.known ? undefined : await this.#seenAddress(host);
    return [...(seen === undefined ? [] : [seen]), ...own].slice(0, TRANSFER_CANDIDATES);
  }

  #seenAddress(host: TunnelHost): Promise<Endpoint | undefined> {
    const now = this.#init.clock.monotonic();
    const from = localAddresses().join(' ');
    if (this.#seen === undefined || this.#seen.from !== from || now - this.#seen.at > SEEN_FOR_MS) {
      this.#seen = { at: now, from, address: this.#ask(host).catch(() => undefined) };
    }
    return this.#seen.address;
  }

  async #ask(host: TunnelHost): Promise<Endpoint | undefined> {
    const { host: name, port } = this.#init.directory();
    const plain = plainAddress(name);
    const numeric = isIP(plain) ? plain : (await lookup(plain)).address;
    return host.seenBy({ host: numeric, port });
  }

  #host(): Promise<TunnelHost> {
    this.#opening ??= this.#openHost();
    this.#opening.catch(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #openHost(): Promise<TunnelHost> {
    const { clock, random, scope, datagrams, listening } = this.#init;
    const host = new TunnelHost({ clock, random, endpoints: await datagrams.open(listening()) });
    // At once, where somebody has called this program while it ended.
    scope.defer(() => host.close());
    return host;
  }

  /** Another network: where this device was seen says nothing any more. */
  moved(): void {
    this.#seen = undefined;
  }

  async #close(): Promise<void> {
    for (const resolve of this.#answers.values()) resolve();
    await this.#opening?.catch(() => undefined);
  }
}

/** Not a fault of this program: who called is nobody, or no contact, or the directory is gone. */
function isTheirs(error: unknown): boolean {
  const { reason } = toFailure(error);
  return reason === 'trust' || reason === 'unreachable' || reason === 'unknown' || hasCode(error, 'malformed');
}
