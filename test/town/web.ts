import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { type Random, randomBelow } from '../../src/base/random.js';
import { type Transport, unreachable } from '../../src/peer/network/transport.js';
import { HANDSHAKE_TIMEOUT_MS } from '../../src/wire/limits.js';
import { ALPN_PEER } from '../../src/wire/peer-link.js';
import { type Arriving, Datagrams, shownOver } from './datagrams.js';
import type { Machine } from './machine.js';
import { type Shown, SimulatedSocket } from './socket.js';
import type { VirtualTime } from './time.js';
import type { Trace } from './trace.js';

export interface WebSettings {
  /** One way, milliseconds, and up to so much more at random. */
  readonly latency: number;
  readonly jitter: number;
  /** Chance that a piece is lost: as TCP sends it again it comes late, and everything behind it with it. */
  readonly loss: number;
}

/** What becomes of datagrams, besides the weather. */
export interface Routers {
  /** Nobody but the directory can be dialled. */
  readonly noTcp: boolean;
  /** Those that go by the relay's host, and those that go straight. */
  readonly relay: 'open' | 'shut' | 'hostile';
  readonly straight: 'open' | 'shut';
}

interface Listener {
  readonly machine: Machine;
  readonly shown: Shown;
  accept(socket: TLSSocket): void;
}

interface Pipe {
  readonly from: Machine;
  readonly to: Machine;
  /** What was written before it arrives before it. */
  lastAt: number;
  readonly held: Uint8Array[];
  target: SimulatedSocket | undefined;
  /** What is between knows nothing of it any more: what goes by it is lost, and nobody is told. */
  forgotten: boolean;
}

const RETRANSMITTED_MS = [200, 2_000] as const;

/** The network of the town: TCP as programs see it, with its delays, losses, partitions and broken connections. */
export class Web {
  settings: WebSettings;
  /** Where the directory is, and its relay. */
  relayHost = '';
  routers: Routers = { noTcp: false, relay: 'shut', straight: 'shut' };
  /** What the directory says to this host takes so many ms longer. */
  late: { readonly to: string; readonly ms: number } | undefined;
  readonly datagrams: Datagrams;
  readonly #time: VirtualTime;
  readonly #dice: Random;
  readonly #trace: Trace;
  readonly #listeners = new Map<string, Listener>();
  readonly #pipes = new Set<Pipe>();
  /** Hosts that reach only each other; those of none reach all but these. */
  #island: ReadonlySet<string> = new Set();

  constructor(time: VirtualTime, dice: Random, trace: Trace, settings: WebSettings) {
    this.#time = time;
    this.#dice = dice;
    this.#trace = trace;
    this.settings = settings;
    this.datagrams = new Datagrams(dice);
    this.datagrams.carry = (from, to, datagram) => this.#carryDatagram(from, to, datagram);
  }

  #carryDatagram(from: string, to: string, datagram: Uint8Array): Arriving[] {
    const { relay, straight } = this.routers;
    const way = from === this.relayHost || to === this.relayHost ? relay : straight;
    const chance = (part: number): boolean => randomBelow(this.#dice, 10_000) < part * 10_000;
    if (way === 'shut' || !this.#reaches(from, to) || chance(this.settings.loss)) return [];
    const arriving = { after: this.#delay(), datagram };
    if (way === 'open') return [arriving];
    if (chance(0.3)) return [];
    if (chance(0.2)) {
      const other = datagram.slice();
      other[randomBelow(this.#dice, other.length)]! ^= 1 + randomBelow(this.#dice, 255);
      return [{ ...arriving, datagram: other }];
    }
    const late = { datagram, after: randomBelow(this.#dice, 6_000) };
    return chance(0.3) ? [arriving, arriving, late] : chance(0.2) ? [late] : [arriving];
  }

  /** These are cut off from the others; nobody, and everything goes through again. */
  part(hosts: Iterable<string>): void {
    this.#island = new Set(hosts);
    for (const pipe of this.#pipes) {
      if (this.#reaches(pipe.from.host, pipe.to.host))
        for (const chunk of pipe.held.splice(0)) this.#carry(pipe, chunk);
    }
  }

  /** Both ends of a connection find it broken; which one, the dice say. */
  cut(): void {
    const open = [...this.#pipes].filter(({ target }) => target !== undefined && !target.destroyed);
    const pipe = open[randomBelow(this.#dice, Math.max(1, open.length))];
    pipe?.target?.destroy(new Error('connection reset'));
  }

  /** All connections between two who are not the directory break. */
  cutAll(): void {
    for (const { from, to, target } of this.#pipes) {
      if (from.host !== this.relayHost && to.host !== this.relayHost) target?.destroy(new Error('connection reset'));
    }
  }

  /**
   * Connections between two who are not the directory carry nothing any more, and nobody is told; but where `gone` is, which has
   * another address now, they are broken.
   */
  forget(gone?: string): void {
    const forgotten = [...this.#pipes].filter(
      ({ from, to }) => from.host !== this.relayHost && to.host !== this.relayHost,
    );
    for (const pipe of forgotten) {
      pipe.forgotten = true;
      this.#pipes.delete(pipe);
    }
    for (const { to, target } of forgotten) if (to.host === gone) target?.destroy(new Error('no route'));
  }

  /** Between two who are not the directory. */
  get connections(): number {
    const open = [...this.#pipes].filter(
      ({ from, to, target }) => from.host !== this.relayHost && to.host !== this.relayHost && !target!.destroyed,
    );
    return open.length / 2;
  }

  listen(machine: Machine, port: number, shown: Shown, accept: (socket: TLSSocket) => void): () => void {
    const key = `${machine.host}:${port}`;
    const listener = { machine, shown, accept };
    this.#listeners.set(key, listener);
    const close = (): void => {
      if (this.#listeners.get(key) === listener) this.#listeners.delete(key);
    };
    machine.whenKilled(close);
    return close;
  }

  transport(machine: Machine): Transport {
    return {
      datagrams: {
        open: async () => [this.datagrams.open(machine)],
        client: (stream, { cert }) => shownOver(stream, shownBy(cert as string), ALPN_PEER),
        server: (stream, { cert }) => shownOver(stream, shownBy(cert as string), ALPN_PEER),
      },
      dial: (options, { signal }) => {
        const shown = shownBy(options.cert as string);
        const alpn = (options.ALPNProtocols as string[])[0]!;
        return this.#dial(machine, { ...options, shown, alpn }, signal);
      },
      listen: async ({ tls, onSecure }, address) => {
        const close = this.listen(machine, address.port, shownBy(tls.cert as string), onSecure);
        return {
          address,
          admission: { greeted() {} } as never,
          close: async () => close(),
        };
      },
    };
  }

  #dial(
    from: Machine,
    to: { host: string; port: number; alpn: string; shown: Shown },
    signal: AbortSignal,
  ): Promise<TLSSocket> {
    return new Promise((resolve, reject) => {
      let over = false;
      const fail = (why: string, cause?: Error): void => {
        if (over) return;
        over = true;
        signal.removeEventListener('abort', abort);
        reject(unreachable(to, why, cause));
      };
      const abort = (): void => fail('this program is ending');
      signal.addEventListener('abort', abort);
      from.after(HANDSHAKE_TIMEOUT_MS, () => fail('no answer in time'));
      // The handshakes of TCP and TLS go to and fro twice.
      from.after(this.#delay() * 4, () => {
        if (over || signal.aborted || !this.#reaches(from.host, to.host)) return;
        if (this.routers.noTcp && to.host !== this.relayHost) return;
        const listener = this.#listeners.get(`${to.host}:${to.port}`);
        if (listener === undefined) return fail('refused', Object.assign(new Error(), { code: 'ECONNREFUSED' }));
        over = true;
        signal.removeEventListener('abort', abort);
        this.#trace.note(this.#time.monotonic(), `${from.host} connects to ${to.host}`);
        const [client, server] = this.#connect(from, listener, to);
        resolve(client.asTls);
        listener.accept(server.asTls);
      });
    });
  }

  #connect(
    from: Machine,
    { machine, shown }: Listener,
    to: { host: string; port: number; alpn: string; shown: Shown },
  ): [SimulatedSocket, SimulatedSocket] {
    const there = this.#pipe(from, machine);
    const back = this.#pipe(machine, from);
    const { alpn } = to;
    const client = new SimulatedSocket({ alpn, remote: to, shown, send: (chunk) => this.#send(there, chunk) });
    const remote = { host: from.host, port: 50_000 };
    const server = new SimulatedSocket({ alpn, remote, shown: to.shown, send: (chunk) => this.#send(back, chunk) });
    there.target = server;
    back.target = client;
    for (const [pipe, socket] of [
      [there, client],
      [back, server],
    ] as const) {
      // A system whose program is gone closes its connections.
      const stay = pipe.from.whenKilled(() => {
        this.#send(pipe, new Uint8Array(0));
        pipe.held.length = 0;
      });
      socket.once('close', stay);
    }
    return [client, server];
  }

  #pipe(from: Machine, to: Machine): Pipe {
    const pipe: Pipe = { from, to, lastAt: 0, held: [], target: undefined, forgotten: false };
    this.#pipes.add(pipe);
    return pipe;
  }

  #send(pipe: Pipe, chunk: Uint8Array): void {
    const isEnd = chunk.length === 0;
    if (pipe.from.alive || isEnd) this.#carry(pipe, chunk);
  }

  #carry(pipe: Pipe, chunk: Uint8Array): void {
    const now = this.#time.monotonic();
    const late = pipe.from.host === this.relayHost && pipe.to.host === this.late?.to ? this.late.ms : 0;
    pipe.lastAt = Math.max(pipe.lastAt, now + this.#delay() + this.#again() + late);
    this.#time.after(pipe.lastAt - now, () => this.#arrive(pipe, chunk));
  }

  #arrive(pipe: Pipe, chunk: Uint8Array): void {
    const { from, to, target } = pipe;
    if (pipe.forgotten) return;
    if (!this.#reaches(from.host, to.host)) {
      pipe.held.push(chunk);
      return;
    }
    if (chunk.length === 0) this.#pipes.delete(pipe);
    if (!to.alive) return;
    this.#trace.note(this.#time.monotonic(), `${from.host} > ${to.host} ${chunk.length}`);
    target!.receive(chunk);
  }

  #delay(): number {
    const { latency, jitter } = this.settings;
    return latency + (jitter * randomBelow(this.#dice, 1_000)) / 1_000;
  }

  #again(): number {
    if (randomBelow(this.#dice, 10_000) >= this.settings.loss * 10_000) return 0;
    const [least, most] = RETRANSMITTED_MS;
    return least + randomBelow(this.#dice, most - least);
  }

  #reaches(from: string, to: string): boolean {
    return this.#island.has(from) === this.#island.has(to);
  }
}

const read = new Map<string, Shown>();

/** Of a chain in PEM the first. */
function shownBy(pem: string): Shown {
  const known = read.get(pem);
  if (known !== undefined) return known;
  const shown = { raw: new Uint8Array(new X509Certificate(pem).raw) };
  read.set(pem, shown);
  return shown;
}
