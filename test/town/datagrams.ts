import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { concat } from '../../src/base/bytes.js';
import { type Random, randomBelow } from '../../src/base/random.js';
import { DatagramBatch } from '../../src/transfer/protocol/datagram-batch.js';
import type { Path } from '../../src/transfer/protocol/path.js';
import { type Endpoint, type HostAddress, ToldEndpoint } from '../../src/transfer/udp/endpoint.js';
import { viewOf } from '../../src/wire/datagrams/header.js';
import type { Machine } from './machine.js';
import { type Shown, SimulatedSocket } from './socket.js';

/** UDP in the town, and TLS on what a tunnel carries over it. */

/** Says whether, and when, a datagram arrives: some ms later, or never. */
export type Carry = (from: string, to: string, datagram: Uint8Array) => readonly Arriving[];

export interface Arriving {
  readonly after: number;
  readonly datagram: Uint8Array;
}

/** All sockets of the town. */
export class Datagrams {
  readonly #endpoints = new Map<string, SimulatedEndpoint>();
  readonly #dice: Random;
  carry: Carry = () => [];

  constructor(dice: Random) {
    this.#dice = dice;
  }

  open(machine: Machine, port?: number): SimulatedEndpoint {
    const at = port ?? 20_000 + randomBelow(this.#dice, 40_000);
    const key = `${machine.host} ${at}`;
    const endpoint = new SimulatedEndpoint(machine, { host: machine.host, port: at }, (to, bytes) =>
      this.#send(machine, key, to, bytes),
    );
    this.#endpoints.set(key, endpoint);
    return endpoint;
  }

  #send(machine: Machine, from: string, to: string, bytes: Uint8Array): void {
    if (!machine.alive) return;
    for (const { after, datagram } of this.carry(machine.host, to.split(' ')[0]!, bytes)) {
      const target = this.#endpoints.get(to);
      target?.machine.after(after, () => target.arrive(from, datagram));
    }
  }
}

export class SimulatedEndpoint extends ToldEndpoint implements Endpoint {
  readonly kind = 'simulated';
  readonly family = 4;
  readonly buffer = 1 << 20;
  readonly train = new DatagramBatch();
  onDatagrams: Endpoint['onDatagrams'] = () => {};
  onTurn: () => void = () => {};
  readonly #paths = new Map<string, Path>();
  #closed = false;

  constructor(
    readonly machine: Machine,
    readonly address: HostAddress,
    readonly post: (to: string, bytes: Uint8Array) => void,
  ) {
    super();
  }

  path({ host, port }: HostAddress): Path {
    return this.byKey(`${host} ${port}`);
  }

  byKey(key: string): Path {
    const known = this.#paths.get(key);
    if (known !== undefined) return known;
    const path: Path = { key, maxDatagram: 1_472, stream: false };
    this.#paths.set(key, path);
    return path;
  }

  arrive(from: string, datagram: Uint8Array): void {
    if (this.#closed || !this.machine.alive) return;
    this.onDatagrams(datagram, viewOf(datagram), 0, datagram.length, this.byKey(from));
    this.onTurn();
  }

  sendOne(path: Path, datagram: Uint8Array): 'sent' {
    if (!this.#closed) this.post(path.key, datagram.slice());
    return 'sent';
  }

  send(path: Path, { bytes, length, segment }: DatagramBatch): 'sent' {
    for (let at = 0; at < length; at += segment) this.sendOne(path, bytes.subarray(at, Math.min(length, at + segment)));
    return 'sent';
  }

  async close(): Promise<void> {
    this.#closed = true;
  }
}

/**
 * What TLS is to those who look at its socket: each end shows its certificate. Real TLS takes turns of the event loop that
 * virtual time does not wait for.
 */
export function shownOver(stream: Duplex, own: Shown, alpn: string): Promise<TLSSocket> {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(own.raw.length);
  stream.write(concat(head, own.raw));
  return new Promise((resolve, reject) => {
    let held = Buffer.alloc(0);
    let socket: SimulatedSocket | undefined;
    stream.on('data', (chunk: Buffer) => {
      if (socket !== undefined) {
        socket.receive(Uint8Array.from(chunk));
        return;
      }
      held = Buffer.concat([held, chunk]);
      if (held.length < 4 || held.length < 4 + held.readUInt32BE(0)) return;
      const end = 4 + held.readUInt32BE(0);
      const shown = { raw: new Uint8Array(held.subarray(4, end)) };
      socket = new SimulatedSocket({
        ...{ alpn, shown, remote: { host: '', port: 0 } },
        send: (bytes) => void (bytes.length === 0 ? stream.end() : stream.write(bytes)),
      });
      resolve(socket.asTls);
      if (held.length > end) socket.receive(Uint8Array.from(held.subarray(end)));
    });
    stream.on('end', () => socket?.receive(new Uint8Array(0)));
    stream.on('close', () => {
      socket?.destroy();
      reject(new Error('closed'));
    });
  });
}
