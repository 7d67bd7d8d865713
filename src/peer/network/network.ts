import type { Duplex } from 'node:stream';
import { type Failure, toFailure } from '../../base/errors.js';
import { directoryClientTls } from '../../crypto/tls.js';
import { ALPN_DIRECTORY, type DeviceAddress, type PresenceState } from '../../wire/directory.js';
import type { DirectoryRequest } from '../../wire/directory-request.js';
import { PROTOCOL_VERSIONS, RUN_BYTES } from '../../wire/limits.js';
import { foldName } from '../../wire/names.js';
import { gather, KnownPlaces, type LinkTarget, toldByDirectory } from './candidates.js';
import { dialDirectory } from './dial-directory.js';
import { DirectoryClient, type Welcome } from './directory-client.js';
import { callGivenPeers } from './given-peers.js';
import { Lan, type LanProbe } from './lan.js';
import type { LanFound } from './lan-discovery.js';
import type { Link } from './link.js';
import { LinkManager } from './link-manager.js';
import { LinkRepair } from './link-repair.js';
import { endpointsWith, type ListenAddress } from './listen-address.js';
import type { MappedPorts } from './mapped-ports.js';
import { mayDial } from './may-dial.js';
import { doorShut, notTriedYet } from './network-failures.js';
import type { NetworkHandlers, NetworkInit } from './network-init.js';
import { watchNetwork } from './network-watch.js';
import { RelayTokens } from './relay-tokens.js';
import { type Transport, tlsTransport } from './transport.js';
import { Tunnels } from './tunnels.js';
import { agent } from './user-agent.js';

/** When the local network is looked at, where the directory has not answered by then. */
const LAN_AFTER_MS = 1_000;

/** The peer's two ways out: the channel to its directory, and direct links to others. */
export class Network {
  /** The ports at the router here. */
  readonly mapped: MappedPorts | undefined;
  readonly #init: NetworkInit;
  readonly #instance: Uint8Array;
  /** By it the directory knows a copy of this profile, which lacks it. */
  readonly #run: Uint8Array;
  readonly #transport: Transport;
  readonly #repair: LinkRepair;
  #handlers!: NetworkHandlers;
  #links: LinkManager | undefined;
  #client: DirectoryClient | undefined;
  #presence: PresenceState = 'online';
  #lan: Lan | undefined;
  #tunnels: Tunnels | undefined;
  #relays: RelayTokens | undefined;
  readonly #met = { lan: new KnownPlaces('lan'), given: new KnownPlaces('given') };
  #saidHello = false;
  /** What the link's name stood for when the directory was last reached. */
  #directoryAt: string | undefined;
  /** Where the directory was last told that this device is. */
  #told = '';

  constructor(init: NetworkInit) {
    this.#init = init;
    this.mapped = init.mapped;
    this.#instance = init.random.bytes(16);
    this.#run = init.random.bytes(RUN_BYTES);
    this.#transport = init.transport ?? tlsTransport;
    this.#repair = new LinkRepair({
      ...{ clock: init.clock, scope: init.scope, links: () => this.links, isOnline: () => this.isOnline },
      target: (address) => this.#target(address),
    });
  }

  get directoryState(): 'online' | 'offline' {
    return this.#client?.state ?? 'offline';
  }

  /** Why the directory is away, where that is something else than that it can't be reached. */
  get trouble(): Failure | undefined {
    return this.#client?.trouble;
  }

  get isOnline(): boolean {
    return this.directoryState === 'online';
  }

  /** What the directory said when it last let us in; `now` is its clock as it stands now. */
  get welcome(): Welcome | undefined {
    return this.#client?.welcome;
  }

  get links(): LinkManager {
    if (this.#links === undefined) throw notTriedYet();
    return this.#links;
  }

  /** @throws Failure unreachable 'directory-offline', before the first try to reach it */
  get client(): DirectoryClient {
    // What is kept is loaded, and tried, before there is a connection.
    if (this.#client === undefined) throw notTriedYet();
    return this.#client;
  }

  readonly request: DirectoryRequest = async (method, params) => this.client.request(method, params);

  /** Listens, and tries the directory once; resolves whether or not it answers. @throws Failure usage 'port-busy' */
  async start(listen: ListenAddress, handlers: NetworkHandlers): Promise<void> {
    const { clock, random, scope } = this.#init;
    this.#handlers = handlers;
    // Made first, they end last: links say goodbye in them.
    this.#tunnels = this.#makeTunnels(handlers);
    this.#links = this.#makeLinks(handlers);
    await this.links.listen(listen);
    this.#beginLan(handlers);
    this.#beginMapping(handlers);
    this.#callGiven();
    // What a simulated network is like its own clock decides.
    if (this.#transport === tlsTransport) watchNetwork({ clock, scope, onChange: () => this.#changed() });
    this.#client = new DirectoryClient({
      ...{ clock, random, scope },
      connect: (signal) => this.#connect(signal),
      hello: () => this.#hello(),
      onOnline: (welcome) => {
        scope.run(() => this.#init.self.runAnswered(this.#run), handlers.onError);
        this.mapped?.refresh();
        handlers.onOnline(welcome);
      },
      onOffline: (_why, retryIn) => {
        handlers.onOffline(retryIn);
        this.#lan?.lookAgain();
      },
      onRefused: (why) => handlers.onRefused(why),
      onTrouble: (why) => handlers.onTrouble(why),
      reenter: () => handlers.reenter(),
      onNotice: (notice, params) =>
        scope.run(
          async () => handlers.notices[notice](params as never),
          (error) => handlers.onError(error),
        ),
    });
    await this.#client.firstTry;
  }

  async setPresence(state: 'online' | 'away'): Promise<void> {
    this.#presence = state;
    if (this.isOnline) await this.request('presence.set', { state });
  }

  /** The link to a device, dialled if need be; undefined where it can't be reached. */
  async link({ user, device }: DeviceAddress): Promise<Link | undefined> {
    // What is kept is tried before there are any.
    if (this.#links === undefined) return undefined;
    const known = this.#links.get(device);
    if (known) return known;
    const target = await this.#target({ user, device });
    return target && this.links.reach(target);
  }

  async #target({ user, device }: DeviceAddress): Promise<LinkTarget | undefined> {
    const target = (await this.#handlers.devices(user)).find((one) => one.device === device);
    if (target === undefined || !this.#handlers.isWanted(user)) return undefined;
    return this.isOnline && target.state === 'offline' && !this.#met.lan.has(target) ? undefined : target;
  }

  /** Another device wants a link, and can't dial this one. */
  async called(from: DeviceAddress, sealed: Uint8Array): Promise<void> {
    await this.#tunnels?.called(from, sealed);
  }

  /** Begins or ends what is done only where it is wanted. */
  async obey(): Promise<void> {
    this.mapped?.look();
    await this.#lan?.obey();
  }

  /** Asks for all contacts on the local network, now; undefined where this program doesn't speak there. */
  async probeLan(): Promise<LanProbe | undefined> {
    return this.#lan?.probe();
  }

  /** The links to devices of a person. */
  linksTo(user: string): readonly Link[] {
    return (this.#links?.all() ?? []).filter(({ certificate }) => certificate.folded === foldName(user));
  }

  /** Nothing goes straight between this person and that one any more. */
  part(user: string): void {
    for (const link of this.linksTo(user)) link.close(doorShut());
  }

  /** The host at the other end of the link to a device, where there is one. */
  linkedFrom(device: string): string | undefined {
    const link = this.#links?.get(device);
    const address = link === undefined || link.path === 'relay' ? '' : link.address;
    return address === '' ? undefined : address.replace(/^::ffff:(?=\d+\.)/i, '');
  }

  /** A connection of its own for a transfer; undefined where the device does not answer. */
  async stream({ user, device }: DeviceAddress, transfer: Uint8Array): Promise<Duplex | undefined> {
    const target = (await this.#handlers.devices(user)).find((one) => one.device === device);
    return target && this.#links?.openStream(target, transfer);
  }

  /** Tokens for the relays at which this device meets others. */
  get relays(): RelayTokens {
    this.#relays ??= this.#makeRelays();
    return this.#relays;
  }

  #makeRelays(): RelayTokens {
    const { self, clock, random } = this.#init;
    return new RelayTokens({
      ...{ clock, random, request: this.request, host: self.link.host },
      self: { user: self.user, device: self.device },
      known: () => this.welcome?.relays !== undefined,
    });
  }

  #makeTunnels({ isWanted, devices }: NetworkHandlers): Tunnels {
    const { self, clock, random, scope } = this.#init;
    const { request, relays } = this;
    return new Tunnels({
      ...{ self, clock, random, scope, request, relays, isWanted, devices, datagrams: this.#transport.datagrams },
      isKnown: () => this.isOnline && this.welcome?.calls === true,
      listening: () => this.links.address,
      mayDial: (address) => mayDial(address, this.#seenFrom),
      directory: () => ({ host: this.#directoryAt ?? self.link.host, port: self.link.port }),
      onCalled: (socket, way, from) => scope.run(() => this.links.admitTunnel({ socket, way }, from)),
    });
  }

  /** This device as the directory saw it, or else the directory itself. */
  get #seenFrom(): string {
    return this.welcome?.observed?.host ?? this.#directoryAt ?? this.#init.self.link.host;
  }

  #makeLinks(handlers: NetworkHandlers): LinkManager {
    const { self, clock, scope } = this.#init;
    const sources = [this.#met.given, this.#met.lan, toldByDirectory(() => this.#seenFrom)];
    return new LinkManager({
      ...{ clock, scope, transport: this.#transport, instance: this.#instance, device: self.device },
      identity: () => self.tls(),
      candidates: (target) => gather(sources, target),
      handlers: { ...handlers.links, crl: () => self.anchor.crl },
      admit: async (der) => {
        const certificate = self.anchor.judgeDevice(der);
        // To somebody blocked this device looks like one that is away.
        if (!handlers.isWanted(certificate.user)) throw doorShut();
        await handlers.admit(certificate);
        return certificate;
      },
      call: async (target) => this.#tunnels?.call(target),
      onLink: (link) => handlers.onLink(link),
      onLost: (link) => {
        handlers.onLost(link);
        this.#repair.lost(link);
      },
      onChange: (link) => handlers.onChange(link),
      onSilent: (link) => this.#repair.silent(link),
      onStream: ({ user, deviceId: device }, transfer, stream) => handlers.onStream({ user, device }, transfer, stream),
    });
  }

  #beginLan(handlers: NetworkHandlers): void {
    const { self, clock, random, scope, multicast: open } = this.#init;
    if (open === undefined) return;
    const lan = new Lan({
      ...{ self, clock, random, scope, open, contacts: handlers.contacts, onError: handlers.onError },
      isWanted: () => handlers.wantsLan() && this.links.wireEndpoints().length > 0,
      isMissing: (user) => !this.isOnline && this.linksTo(user).length === 0,
      endpoints: () => this.links.wireEndpoints(),
      onFound: (found) => this.#found(found),
    });
    this.#lan = lan;
    // A command that finds the directory and ends at once says nothing here.
    scope.after(clock, LAN_AFTER_MS, () => scope.run(() => lan.obey(), handlers.onError));
  }

  #beginMapping({ wantsMapping: isWanted, onError }: NetworkHandlers): void {
    this.mapped?.begin({
      ...{ isWanted, onError, listening: () => this.links.address, seen: () => this.welcome?.observed?.host },
      onChange: () => this.#init.scope.run(() => this.#tellEndpoints(), onError),
    });
  }

  #found({ endpoints, ...found }: LanFound): void {
    if (endpoints.length === 0 || !this.#handlers.isWanted(found.user)) return;
    this.#met.lan.set(found, endpoints);
    if (this.isOnline) return;
    this.#init.scope.run(() => this.links.retry({ ...found, endpoints: [] }), this.#handlers.onError);
  }

  /** Another network, or a while in which nothing was heard: all that is connected shows what of it is left. */
  #changed(): void {
    this.#repair.changed();
    this.#met.lan.clear();
    this.links.moved();
    this.#tunnels?.moved();
    this.#client?.recheck();
    this.#lan?.lookAgain();
    this.mapped?.refresh();
    this.#init.scope.run(() => this.#tellEndpoints(), this.#handlers.onError);
  }

  /** A channel that outlived the change still tells the directory where this device was. */
  async #tellEndpoints(): Promise<void> {
    const endpoints = endpointsWith(this.mapped, this.links.endpoints());
    const told = JSON.stringify(endpoints);
    if (!this.isOnline || this.#presence === 'offline' || told === this.#told) return;
    await this.request('presence.set', { state: this.#presence, endpoints }).catch((error) => {
      if (toFailure(error).reason !== 'unreachable') throw error;
    });
    this.#told = told;
  }

  #callGiven(): void {
    const { clock, scope, peers: addresses = [] } = this.#init;
    const call = (address: ListenAddress): Promise<Link> => this.links.call(address);
    callGivenPeers({ clock, scope, addresses, places: this.#met.given, call });
  }

  async #connect(signal: AbortSignal) {
    const { self, clock } = this.#init;
    const options = directoryClientTls(self.tls());
    const { dial } = this.#transport;
    const { socket } = await dialDirectory(self.link, options, ALPN_DIRECTORY, { clock, signal, dial });
    this.#directoryAt = socket.remoteAddress ?? this.#directoryAt;
    return socket;
  }

  async #hello() {
    const { self } = this.#init;
    // Where the answer was lost the directory may have seen the number: shown again, it would be that of a restored copy.
    if (this.#saidHello && this.welcome === undefined) await self.countStart();
    this.#saidHello = true;
    const stamp = this.#handlers.stamp();
    const endpoints = endpointsWith(this.mapped, this.links.endpoints());
    await self.saysRun(this.#run);
    this.#told = JSON.stringify(endpoints);
    return {
      versions: [...PROTOCOL_VERSIONS],
      agent,
      instance: this.#instance,
      endpoints,
      state: this.#presence,
      starts: self.starts,
      calls: true as const,
      runs: { now: this.#run, before: self.runsBefore() },
      crl: self.anchor.crl.number,
      ...(stamp && { stamp }),
    };
  }
}
