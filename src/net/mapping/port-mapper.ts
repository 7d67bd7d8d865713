import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Cancel, Clock } from '../../base/clock.js';
import type { Random } from '../../base/random.js';
import { GATEWAY_PORT } from '../../wire/gateway/pcp.js';
import { MappingClient, type MappingState } from './client.js';
import type { WantedPort } from './entry.js';
import { defaultGateway } from './gateway.js';

export interface PortMapperInit {
  readonly clock: Clock;
  readonly random: Random;
  /** The mapped ports are others, or the reason why there are none is. */
  onChange(): void;
  /** The default gateway, if not given. */
  readonly gateway?: (() => Promise<string | undefined>) | undefined;
}

export type GatewayState = MappingState & {
  /** Who is asked; undefined where this machine knows no router. */
  readonly gateway?: string | undefined;
};

const NOBODY: GatewayState = { mapped: [] };

/** Runs a mapping client on a socket that is connected to the router: the system lets nobody else's answers in. */
export class PortMapper {
  readonly #init: PortMapperInit;
  #socket: Socket | undefined;
  #client: MappingClient | undefined;
  #gateway: string | undefined;
  #local: string | undefined;
  #wanted: readonly WantedPort[] = [];
  #cancel: Cancel = () => {};
  #shown = '';
  #onIdle: () => void = () => {};
  #opening: Promise<void> | undefined;
  #closed = false;

  constructor(init: PortMapperInit) {
    this.#init = init;
  }

  get state(): GatewayState {
    return this.#client === undefined ? NOBODY : { ...this.#client.state, gateway: this.#gateway };
  }

  async want(ports: readonly WantedPort[]): Promise<void> {
    this.#wanted = ports;
    if (ports.length > 0) await this.#open();
    this.#do((client, now) => client.want(this.#wanted, now));
  }

  /** Whether the router speaks one of the protocols is asked, and told by `state`. */
  async probe(): Promise<void> {
    await this.#open();
    this.#do((client, now) => client.probe(now));
  }

  /** The network may be another one. */
  async refresh(): Promise<void> {
    if (this.#client === undefined && this.#wanted.length === 0) return;
    const gateway = await this.#find();
    if (gateway !== this.#gateway || this.#socket === undefined || !(await this.#isStill(gateway))) {
      this.#drop();
      await this.want(this.#wanted);
    } else this.#do((client, now) => client.refresh(now));
  }

  /** Takes all of it down; the router has a moment to hear it. */
  async close(): Promise<void> {
    await this.#opening;
    this.#closed = true;
    this.#do((client, now) => client.end(now));
    if (this.#client?.idle === false) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    this.#drop();
  }

  #find(): Promise<string | undefined> {
    return (this.#init.gateway ?? defaultGateway)();
  }

  /** The way to the router still leads from the same address here. */
  async #isStill(gateway: string | undefined): Promise<boolean> {
    const probe = await connected(gateway).catch(() => undefined);
    const address = probe?.address().address;
    probe?.close();
    return address === this.#local;
  }

  #open(): Promise<void> {
    if (this.#client !== undefined || this.#closed) return Promise.resolve();
    this.#opening ??= this.#opened().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #opened(): Promise<void> {
    this.#gateway = await this.#find();
    const socket = await connected(this.#gateway).catch(() => undefined);
    if (socket === undefined) return;
    this.#socket = socket.unref();
    this.#local = socket.address().address;
    this.#client = new MappingClient({ random: this.#init.random, client: this.#local });
    socket.on('message', (bytes) => this.#do((client, now) => client.receive(bytes, now)));
    // ICMP: nothing listens there, or there is no way.
    socket.on('error', () => this.#do((client, now) => client.closed(now)));
  }

  #drop(): void {
    this.#cancel();
    this.#socket?.close();
    this.#socket = undefined;
    this.#client = undefined;
    this.#changed();
  }

  #do(step: (client: MappingClient, now: number) => void): void {
    const client = this.#client;
    if (client === undefined) return;
    const now = this.#init.clock.monotonic();
    step(client, now);
    client.tick(now);
    for (const bytes of client.take()) this.#socket?.send(bytes, () => {});
    this.#cancel();
    const next = client.next();
    if (next !== undefined) {
      this.#cancel = this.#init.clock.after(Math.max(1, next - now), () => this.#do(() => {}), this.#keeping());
    }
    if (client.idle) this.#onIdle();
    this.#changed();
  }

  /** At the end somebody waits for it. */
  #keeping(): 'process' | undefined {
    return this.#closed ? 'process' : undefined;
  }

  #changed(): void {
    const shown = JSON.stringify(this.state);
    if (shown === this.#shown) return;
    this.#shown = shown;
    if (!this.#closed) this.#init.onChange();
  }
}

async function connected(host: string | undefined): Promise<Socket> {
  if (host === undefined) throw new Error('there is no router');
  const socket = createSocket('udp4');
  try {
    socket.connect(GATEWAY_PORT, host);
    await once(socket, 'connect');
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}
