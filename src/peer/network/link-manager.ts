import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { sameBytes } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import { Failure, toFailure } from '../../base/errors.js';
import type { Scope } from '../../base/scope.js';
import type { DeviceCertificate } from '../../crypto/certificate.js';
import { assertChannel, peerCertificateDer, peerServerTls, type TlsIdentity } from '../../crypto/tls.js';
import type { PortLimits } from '../../net/secure-port.js';
import type { Endpoint } from '../../wire/directory.js';
import { HANDSHAKE_TIMEOUT_MS } from '../../wire/limits.js';
import { ALPN_PEER, ALPN_STREAM } from '../../wire/peer-link.js';
import type { PathTry } from '../api/paths.js';
import type { Caller } from './calls.js';
import type { Candidate, LinkTarget } from './candidates.js';
import { Dialler, type SecureSocket } from './dialler.js';
import { Link, type LinkHandlers } from './link.js';
import { LinkRace } from './link-race.js';
import { greetStream, takeStream } from './link-stream.js';
import { endpointsOf, type ListenAddress, wireEndpointsOf } from './listen-address.js';
import { olderLives } from './older-link.js';
import type { OpenPort, Transport } from './transport.js';
import type { LinkWay } from './tunnel-way.js';
import type { Tunnelled } from './tunnels.js';

export interface LinkManagerInit {
  readonly clock: Clock;
  readonly scope: Scope;
  readonly transport: Transport;
  readonly instance: Uint8Array;
  readonly device: string;
  readonly handlers: LinkHandlers;
  identity(): TlsIdentity;
  /** Where a device might be. */
  candidates(target: LinkTarget): readonly Candidate[];
  /** Judges the certificate and the pin of whoever is at the other end. @throws Failure trust */
  admit(der: Uint8Array): Promise<DeviceCertificate>;
  /** A connection by datagrams, where there is one to be had. */
  call(target: LinkTarget): Promise<Tunnelled | undefined>;
  onLink(link: Link): void;
  onLost(link: Link): void;
  /** Its round trip was measured, it fell silent, or it is heard again. */
  onChange(link: Link): void;
  /** Nothing has come by it for SILENT_AFTER_MS, though something was asked for. */
  onSilent(link: Link): void;
  /** A connection for a transfer, from a device that has been judged. @returns whether it has a part in it */
  onStream(from: DeviceCertificate, transfer: Uint8Array, stream: Duplex): boolean;
}

/** A person's program is called by devices of people it knows, and now and then by one that is new. */
const PORT_LIMITS: PortLimits = {
  connections: 1_024,
  strangers: 256,
  strangersPerAddress: 64,
  handshakesPerAddress: { burst: 200, perSecond: 20 },
  helloDeadline: HANDSHAKE_TIMEOUT_MS,
};
/** A device that could not be reached is left alone for so long. */
const UNREACHABLE_FOR_MS = 3_000;

/** Listens for and dials direct links, and keeps exactly one to each device. */
export class LinkManager {
  readonly #init: LinkManagerInit;
  readonly #links = new Map<string, Link>();
  /** Links beside a better one, which is asked whether it lives. */
  readonly #waiting = new Set<Link>();
  readonly #dialling = new Map<string, Promise<Link | undefined>>();
  readonly #failedAt = new Map<string, number>();
  readonly #dialler: Dialler;
  readonly #race: LinkRace;
  /** Sockets that came in and are not links yet. */
  readonly #judging = new Set<TLSSocket>();
  /** Connections of transfers that came in. */
  readonly #streams = new Set<TLSSocket>();
  #port: OpenPort | undefined;
  #listening: ListenAddress | undefined;

  constructor(init: LinkManagerInit) {
    this.#init = init;
    this.#dialler = new Dialler({ ...init, dial: init.transport.dial });
    this.#race = new LinkRace({
      ...init,
      dialler: this.#dialler,
      greet: (connection, way) => this.#greetDialled(connection, way),
    });
    init.scope.defer(() => this.#closeAll());
  }

  /** @throws Failure usage 'port-busy' */
  async listen(address: ListenAddress): Promise<void> {
    const { clock, scope, transport, identity } = this.#init;
    const init = {
      ...{ clock, limits: PORT_LIMITS, tls: peerServerTls(identity()) },
      onSecure: (socket: TLSSocket) => scope.run(() => this.#admit(socket)),
    };
    this.#port = await transport.listen(init, address).catch((error) => {
      throw notListening(address, error);
    });
    // Where a name was given, what it stands for: others are told addresses.
    this.#listening = this.#port.address;
  }

  get address(): ListenAddress {
    return this.#listening!;
  }

  /** A connection of its own for the bytes of a transfer; undefined where the device does not answer, or has no part in it. */
  openStream(target: LinkTarget, transfer: Uint8Array): Promise<Duplex | undefined> {
    return this.#dialler.first(target, ALPN_STREAM, ({ socket }) => greetStream(this.#init.clock, socket, transfer));
  }

  /** Makes a link to whoever answers at an address that was given by hand. @throws Failure unreachable, trust */
  async call(address: ListenAddress): Promise<Link> {
    const { scope, device } = this.#init;
    const connection = await this.#dialler.secure(address, ALPN_PEER, scope.signal);
    if (connection.certificate.deviceId !== device) return this.#greetDialled(connection);
    connection.socket.destroy();
    throw surplus();
  }

  /** Where others may reach this device on its own wires, the link-local addresses among them. */
  wireEndpoints(): Endpoint[] {
    return this.#listening ? wireEndpointsOf(this.#listening) : [];
  }

  /** Where others may reach this device. */
  endpoints(): Endpoint[] {
    return this.#listening ? endpointsOf(this.#listening) : [];
  }

  get(device: string): Link | undefined {
    return this.#links.get(device);
  }

  all(): readonly Link[] {
    return [...this.#links.values()];
  }

  /** What became of each address of a device when it was last dialled. */
  tries(device: string): PathTry[] {
    return this.#dialler.tries(device);
  }

  /** The device's state has changed: it may be reachable now. */
  mayRetry(device: string): void {
    this.#failedAt.delete(device);
    this.#race.mayAnswer(device);
  }

  /** The network is another one. */
  moved(): void {
    this.#race.mayAnswer();
    for (const link of this.all()) link.recheck();
  }

  /** The link there is, or one that is made now; undefined where the device does not answer. */
  async reach(target: LinkTarget): Promise<Link | undefined> {
    const { device } = target;
    const known = this.#links.get(device);
    if (known) return known;
    const failedAt = this.#failedAt.get(device);
    if (failedAt !== undefined && this.#init.clock.monotonic() - failedAt < UNREACHABLE_FOR_MS) return undefined;
    return this.#dialOnce(target);
  }

  /** Makes a link beside one that is not heard; resolves when it is there, or can't be had. */
  async beside(target: LinkTarget): Promise<void> {
    await this.#dialOnce(target);
  }

  /** Dials now, beside a try that is under way: somebody has just said where the device is. */
  async retry(target: LinkTarget): Promise<void> {
    if (this.#links.get(target.device)?.silent ?? true) await this.#race.dial(target);
  }

  /** Somebody has called, and a tunnel to them is there. */
  async admitTunnel(tunnelled: Tunnelled, caller: Caller): Promise<void> {
    const { socket } = tunnelled;
    socket.on('error', () => {});
    this.#judging.add(socket);
    try {
      await this.#race.take(tunnelled, caller, ({ certificate }, way) => this.#greet(socket, certificate, false, way));
    } catch {
      // As at the door.
      socket.destroy();
    } finally {
      this.#judging.delete(socket);
    }
  }

  #dialOnce(target: LinkTarget): Promise<Link | undefined> {
    const { device } = target;
    const running = this.#dialling.get(device) ?? this.#dial(target).finally(() => this.#dialling.delete(device));
    this.#dialling.set(device, running);
    return running;
  }

  async #dial(target: LinkTarget): Promise<Link | undefined> {
    const link = await this.#race.first(target);
    if (link === undefined) this.#failedAt.set(target.device, this.#init.clock.monotonic());
    // The other side may have dialled at the same time, and its link be the one that stays.
    return this.#links.get(target.device);
  }

  async #greetDialled({ socket, certificate }: SecureSocket, way?: LinkWay): Promise<Link> {
    try {
      return await this.#greet(socket, certificate, true, way);
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  async #admit(socket: TLSSocket): Promise<void> {
    socket.on('error', () => {});
    this.#judging.add(socket);
    try {
      assertChannel(socket, ALPN_PEER, ALPN_STREAM);
      const certificate = await this.#init.admit(peerCertificateDer(socket));
      this.#port?.admission.greeted(socket, true);
      if (socket.alpnProtocol === ALPN_STREAM) await this.#admitStream(socket, certificate);
      else await this.#greet(socket, certificate, false);
    } catch {
      // Whoever it was learns nothing but that the door stays shut.
      socket.destroy();
    } finally {
      this.#judging.delete(socket);
    }
  }

  async #admitStream(socket: TLSSocket, certificate: DeviceCertificate): Promise<void> {
    this.#streams.add(socket);
    socket.once('close', () => this.#streams.delete(socket));
    await takeStream(this.#init.clock, socket, (transfer) => this.#init.onStream(certificate, transfer, socket));
  }

  async #greet(socket: TLSSocket, certificate: DeviceCertificate, dialled: boolean, way?: LinkWay): Promise<Link> {
    const { clock, instance, handlers, scope } = this.#init;
    const onChange = (changed: Link): void => {
      if (this.#links.get(changed.device) !== changed) return;
      this.#init.onChange(changed);
      if (changed.silent) this.#init.onSilent(changed);
    };
    const link = new Link({ socket, certificate, clock, instance, dialled, handlers, onChange, way });
    const cancel = clock.after(HANDSHAKE_TIMEOUT_MS, () => link.close(tooSlow()));
    try {
      await link.greet();
    } catch (error) {
      link.close(toFailure(error));
      throw error;
    } finally {
      cancel();
    }
    scope.run(() => this.#keepOne(link));
    return link;
  }

  /**
   * Of two links between the same two programs both ends keep the one over TCP, and of two of one kind that which the lower
   * device id dialled. The older one has to show that it lives before it is kept: the other end may have another address now,
   * and have made the newer one because of that. Both are served meanwhile.
   */
  async #keepOne(link: Link): Promise<void> {
    this.#waiting.add(link);
    let older = this.#betterThan(link);
    while (older !== undefined) {
      if (await olderLives(this.#init.clock, { older, newer: link })) link.close(surplus());
      if (link.isOver) break;
      const next = this.#betterThan(link);
      if (next === older) break;
      older = next;
    }
    this.#waiting.delete(link);
    if (this.#init.scope.closed) link.close(ending());
    else if (!link.isOver) this.#keep(link);
  }

  #keep(link: Link): void {
    const older = this.#links.get(link.device);
    this.#links.set(link.device, link);
    this.#failedAt.delete(link.device);
    void link.closed.then(() => this.#forget(link));
    older?.close(surplus());
    this.#init.onLink(link);
  }

  /** The link that would be kept of the two, if it lives. */
  #betterThan(link: Link): Link | undefined {
    const older = this.#links.get(link.device);
    if (older === undefined || older.silent || !sameBytes(older.instance, link.instance)) return undefined;
    return this.#isBetter(older, link) ? older : undefined;
  }

  #isBetter(one: Link, other: Link): boolean {
    if (one.tunnelled !== other.tunnelled) return other.tunnelled;
    return this.#isPreferred(one) && !this.#isPreferred(other);
  }

  #isPreferred(link: Link): boolean {
    return link.dialled === this.#init.device < link.device;
  }

  #forget(link: Link): void {
    if (this.#links.get(link.device) !== link) return;
    this.#links.delete(link.device);
    this.#init.onLost(link);
  }

  async #closeAll(): Promise<void> {
    // The server counts as closed when its last connection is, so both have to end at once.
    const portClosed = this.#port?.close();
    for (const link of [...this.all(), ...this.#waiting]) link.close(ending());
    for (const socket of [...this.#judging, ...this.#streams]) socket.destroy();
    await portClosed;
  }
}

const surplus = (): Failure => new Failure('link-surplus');
const ending = (): Failure => new Failure('closed');
const tooSlow = (): Failure => new Failure('handshake-timeout');

function notListening({ host, port }: ListenAddress, error: NodeJS.ErrnoException): Failure {
  const busy = error.code === 'EADDRINUSE';
  const why = busy ? 'another program uses it' : error.message;
  return new Failure(busy ? 'port-busy' : 'listen-failed', `cannot listen on ${host}:${port}: ${why}`, {
    hint: 'Choose another with --listen HOST:PORT; port 0 picks a free one.',
    cause: error,
  });
}
