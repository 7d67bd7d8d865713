import type { TLSSocket } from 'node:tls';
import type { Cancel } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import { SigningKey } from '../../crypto/keys.js';
import { assertChannel, directoryServerTls } from '../../crypto/tls.js';
import type { ConnectionLimits } from '../../net/connection-limits.js';
import { SecurePort } from '../../net/secure-port.js';
import type { RunningRelay } from '../../relay/relay.js';
import { ALPN_DIRECTORY, ALPN_ENROL } from '../../wire/directory.js';
import { plainAddress } from '../guard/address.js';
import { SERVER_CERTIFICATE_EVERY_MS } from '../limits.js';
import { type OwnRelayOptions, startOwnRelay } from '../relays/own-relay.js';
import type { Services } from '../services.js';
import { type Connection, openConnection } from './connection.js';
import { EchoResponder } from './echo.js';
import { FairQueue } from './fair-queue.js';

export interface ListenAddress {
  readonly host: string;
  /** 0 picks one. */
  readonly port: number;
}

const CHECK_EVERY_MS = 1_000;
/** What is under way when the directory stops may take so long. */
const FINISH_WITHIN_MS = 5_000;

/** The directory on its port: TLS with a certificate of its own authority, both protocols by ALPN. */
export class DirectoryServer {
  readonly #core: Services;
  readonly #turns: FairQueue;
  readonly #port: SecurePort;
  readonly #connections = new Set<Connection>();
  readonly #serving = new Set<Promise<unknown>>();
  #echo: EchoResponder | undefined;
  relay: RunningRelay | undefined;
  #cancelCheck: Cancel = () => {};
  #cancelRenewal: Cancel = () => {};
  #closing: Promise<void> | undefined;

  private constructor(core: Services) {
    this.#core = core;
    this.#turns = new FairQueue(core.clock);
    this.#port = new SecurePort({
      ...{ clock: core.clock, limits: core.limits, tls: tlsOptions(core) },
      onSecure: (socket) => this.#secured(socket),
    });
  }

  /** @throws Failure usage 'port-busy', 'listen-failed' */
  static async listen(core: Services, address: ListenAddress, relay?: OwnRelayOptions): Promise<DirectoryServer> {
    const server = new DirectoryServer(core);
    await server.#port.listen(address).catch((error) => {
      throw listenFailure(error, { ...address, option: '--listen' });
    });
    await server.#listenByUdp({ host: address.host, port: server.port }, relay);
    server.#check();
    server.#renew();
    return server;
  }

  /** On the port of the same number: the relay, which says besides where datagrams come from, or what says that alone. */
  async #listenByUdp(at: ListenAddress, relay: OwnRelayOptions | undefined): Promise<void> {
    if (relay !== undefined) this.relay = await startOwnRelay(this.#core, at, relay);
    if (this.relay?.port === at.port) return;
    this.#echo = await EchoResponder.listen(at);
    if (this.#echo === undefined) {
      this.#core.log.warn('no UDP on the port: addresses are not told', { port: at.port });
    }
  }

  get admission(): ConnectionLimits {
    return this.#port.admission;
  }

  get port(): number {
    return this.#port.port;
  }

  /** Channels, those that have not said hello included. */
  get connections(): number {
    return this.#connections.size;
  }

  /** What waits: requests served, channels that wait for their turn, bytes that readers have not taken. */
  get queues(): { readonly serving: number; readonly waiting: number; readonly unsentBytes: number } {
    let unsentBytes = 0;
    for (const { channel } of this.#connections) unsentBytes += channel.unsent;
    return { serving: this.#serving.size, waiting: this.#turns.length, unsentBytes };
  }

  /** Takes no new ones, ends those there are with a last word, and waits until they are gone. */
  close(why: Failure): Promise<void> {
    this.#closing ??= this.#close(why);
    return this.#closing;
  }

  async #close(why: Failure): Promise<void> {
    const closed = this.#port.close();
    this.#cancelCheck();
    this.#cancelRenewal();
    for (const connection of this.#connections) connection.channel.deafen();
    await this.#served();
    const connections = [...this.#connections];
    for (const connection of connections) connection.end(why);
    await Promise.all(connections.map(({ done }) => done));
    this.#port.destroyAll();
    await this.#echo?.close();
    await this.relay?.close();
    await closed;
  }

  /** What has been asked for is answered, unless it takes too long. */
  async #served(): Promise<void> {
    const all = Promise.allSettled([...this.#serving]);
    let cancel: Cancel = () => {};
    const tooLong = new Promise<void>((resolve) => {
      cancel = this.#core.clock.after(FINISH_WITHIN_MS, resolve);
    });
    await Promise.race([all, tooLong]);
    cancel();
    // The answers leave in the turns after what they answer.
    await new Promise((resolve) => setImmediate(resolve));
  }

  #secured(socket: TLSSocket): void {
    try {
      assertChannel(socket, ALPN_DIRECTORY, ALPN_ENROL);
    } catch {
      socket.destroy();
      return;
    }
    if (this.#closing !== undefined) {
      socket.destroy();
      return;
    }
    const connection = openConnection({
      core: this.#core,
      turns: this.#turns,
      socket,
      onGreeted: (isDevice) => this.admission.greeted(socket, isDevice),
      onServing: (served) => this.#track(served),
    });
    this.#connections.add(connection);
    const { log, clock } = this.#core;
    const about = { address: plainAddress(socket.remoteAddress ?? ''), protocol: socket.alpnProtocol || '' };
    const began = clock.monotonic();
    log.debug('connected', about);
    void connection.done.then(() => {
      this.#connections.delete(connection);
      log.debug('disconnected', { ...about, seconds: Math.round((clock.monotonic() - began) / 1_000) });
    });
  }

  #track(served: Promise<unknown>): void {
    this.#serving.add(served);
    const settled = (): boolean => this.#serving.delete(served);
    served.then(settled, settled);
  }

  #check(): void {
    const before = this.#core.clock.monotonic();
    this.#cancelCheck = this.#core.clock.after(CHECK_EVERY_MS, () => {
      const now = this.#core.clock.monotonic();
      // After a pause of ours what came meanwhile has not been read yet: nobody is judged by it.
      const paused = now - before > 3 * CHECK_EVERY_MS;
      if (!paused) for (const connection of this.#connections) connection.channel.check(now);
      this.#check();
    });
  }

  #renew(): void {
    this.#cancelRenewal = this.#core.clock.after(SERVER_CERTIFICATE_EVERY_MS, () => {
      this.#port.renew(tlsOptions(this.#core));
      this.#renew();
    });
  }
}

/** A fresh key each time: nothing of it is stored. */
function tlsOptions({ authority, clock, random }: Services) {
  const key = SigningKey.generate(random);
  const certificate = authority.issueServer({ publicKey: key.publicKey, now: clock.now(), random });
  return directoryServerTls({ key, chain: [certificate, authority.certificate] });
}

export function listenFailure(
  error: NodeJS.ErrnoException,
  { host, port, option }: ListenAddress & { readonly option: string },
): Failure {
  if (error.code === 'EADDRINUSE') {
    return new Failure('port-busy', `port ${port} on ${host} is in use by another program`, {
      hint: `Choose another with ${option} HOST:PORT; port 0 takes a free one.`,
      details: { port },
      cause: error,
    });
  }
  return new Failure('listen-failed', `cannot listen on ${host}:${port} (${error.code ?? error.message})`, {
    hint: `Give an address of this machine with ${option} HOST:PORT, and a port above 1023.`,
    cause: error,
  });
}
