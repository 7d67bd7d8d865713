import { isIP } from 'node:net';
import { RELAY_DATA_BYTES } from '../../wire/datagrams/relay.js';
import { Allowance, hostOf } from '../protocol/allowance.js';
import { DatagramBatch } from '../protocol/datagram-batch.js';
import type { Path } from '../protocol/path.js';
import type { RelayPath } from '../protocol/relay-client.js';
import type { Endpoint, HostAddress } from '../udp/endpoint.js';
import type { StreamPath } from '../udp/stream-path.js';

/** Sends over sockets, streams and relays alike, and no more than whoever is there may be sent. */
export class Sockets {
  readonly #endpoints: readonly Endpoint[];
  readonly #now: () => number;
  readonly #allowance = new Allowance();
  /** Where a filled train waits for room in the socket. */
  readonly #held = new Map<Endpoint, Path>();
  /** For a relay: what is to go inside of its datagrams. */
  readonly #inner = new DatagramBatch();

  constructor(endpoints: readonly Endpoint[], now: () => number) {
    this.#endpoints = endpoints;
    this.#now = now;
  }

  /** @returns undefined where it is no address, or no socket here reaches it */
  path(address: HostAddress): Path | undefined {
    if (isIP(address.host) === 0) return undefined;
    return this.#endpointFor(address.host)?.path(address);
  }

  #endpointFor(key: string): Endpoint | undefined {
    const family = key.includes(':') ? 6 : 4;
    return this.#endpoints.find((endpoint) => endpoint.family === family);
  }

  onReceived(path: Path, bytes: number, now: number): void {
    this.#allowance.onReceived(path, bytes, now);
  }

  isProved(path: Path): boolean {
    return this.#allowance.isProved(path, this.#now());
  }

  prove(path: Path): void {
    if (!path.stream && path.relay === undefined) this.proveHost(hostOf(path));
  }

  proveHost(host: string): void {
    this.#allowance.prove(host, this.#now());
  }

  emit(path: Path, datagram: Uint8Array): void {
    if (this.#allowance.take(path, datagram.length, this.#now())) this.emitUnbounded(path, datagram);
  }

  emitUnbounded(path: Path, datagram: Uint8Array): void {
    if (path.stream) (path as StreamPath).write(datagram);
    else if (path.relay) {
      const { client, carrier } = path as RelayPath;
      const wrapped = client.wrap(datagram);
      if (wrapped !== undefined) this.emit(carrier, wrapped);
    } else this.#endpointFor(path.key)?.sendOne(path, datagram);
  }

  train(path: Path): DatagramBatch | undefined {
    if (path.stream) return (path as StreamPath).train;
    const endpoint = this.#endpointFor(carrierOf(path).key);
    if (endpoint === undefined || this.#held.has(endpoint)) return undefined;
    if (path.relay === undefined) return endpoint.train;
    return (path as RelayPath).client.channel === undefined ? undefined : this.#inner;
  }

  /** @returns the size that was refused, or 0 */
  sendTrain(path: Path): number {
    if (path.stream) {
      (path as StreamPath).writeTrain();
      return 0;
    }
    const carrier = carrierOf(path);
    const endpoint = this.#endpointFor(carrier.key)!;
    const { train } = endpoint;
    if (path.relay && !(path as RelayPath).client.wrapBatch(this.#inner, train)) return 0;
    if (!this.#allowance.take(carrier, train.length, this.#now())) return 0;
    const sent = endpoint.send(carrier, train);
    if (sent === 'busy') this.#held.set(endpoint, carrier);
    if (sent !== 'refused') return 0;
    return Math.min(train.segment, train.length) - (path.relay ? RELAY_DATA_BYTES : 0);
  }

  /** What found no room before. @returns whether something still waits */
  flush(): boolean {
    for (const [endpoint, path] of [...this.#held]) {
      if (endpoint.send(path, endpoint.train) !== 'busy') this.#held.delete(endpoint);
    }
    return this.#held.size > 0;
  }

  favour(path: Path): () => void {
    const carrier = carrierOf(path);
    return path.stream ? () => {} : (this.#endpointFor(carrier.key)?.favour(carrier) ?? (() => {}));
  }
}

const carrierOf = (path: Path): Path => (path.relay ? (path as RelayPath).carrier : path);
