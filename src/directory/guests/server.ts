import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { base64url } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import { Failure, toFailure } from '../../base/errors.js';
import { repeat } from '../../base/interval.js';
import { BROWSER_TLS_PARAMETERS } from '../../crypto/tls-parameters.js';
import { DEPOSIT_BLOCK_BYTES } from '../../wire/limits.js';
import { UPLOAD_OVERHEAD } from '../../wire/uploads.js';
import { addressKey, plainAddress } from '../guard/address.js';
import { type ListenAddress, listenFailure } from '../server/server.js';
import type { Services } from '../services.js';
import { GUARDS, type GuestPage } from './page.js';
import { serveGuest } from './requests.js';

/** Paths of PEM files: the whole chain, and the key. */
export interface GuestTls {
  readonly cert: string;
  readonly key: string;
}

export interface GuestServerInit {
  readonly address: ListenAddress;
  readonly tls: GuestTls | undefined;
  /** A proxy on this machine stands before it, and says whom it speaks for. */
  readonly behindProxy: boolean;
  readonly page: GuestPage;
  readonly clock: Clock;
}

const CONNECTIONS = 256;
const CONNECTIONS_PER_ADDRESS = 32;
const HEADERS_WITHIN_MS = 5_000;
/** A block of 256 KiB comes within it at 5 kB/s. */
const REQUEST_WITHIN_MS = 60_000;
const IDLE_MS = 15_000;
/** A certificate that was renewed on the disk is in use after so long, at most. */
const RELOAD_EVERY_MS = 3_600_000;

const BODY_BYTES = DEPOSIT_BLOCK_BYTES + UPLOAD_OVERHEAD;

/** By reason and code, so that a browser's own tools say what it was; the page goes by the code. */
const STATUS: Readonly<Record<string, number>> = {
  ...{ unknown: 404, trust: 403, denied: 403, ended: 410, limit: 429, usage: 400, protocol: 400, unreachable: 503 },
  'upload-quota': 507,
  'upload-gone': 410,
  'guest-too-large': 413,
};

/** Guests by HTTP: the page, and what it asks for. Of who can't show a whole link nothing is kept but budgets. */
export class GuestServer {
  readonly #init: GuestServerInit;
  readonly #server: Server | TlsServer;
  readonly #sockets = new Map<string, number>();
  #core: () => Services | undefined = () => undefined;
  #endReload: () => Promise<void> = async () => {};

  private constructor(init: GuestServerInit) {
    this.#init = init;
    const bounds = { headersTimeout: HEADERS_WITHIN_MS, requestTimeout: REQUEST_WITHIN_MS, maxHeaderSize: 8_192 };
    const onRequest = (request: IncomingMessage, response: ServerResponse): void => void this.#serve(request, response);
    this.#server =
      init.tls === undefined
        ? createServer(bounds, onRequest)
        : createTlsServer({ ...bounds, ...readPair(init.tls), ...BROWSER_TLS_PARAMETERS }, onRequest);
    this.#server.maxConnections = CONNECTIONS;
    this.#server.keepAliveTimeout = IDLE_MS;
    this.#server.on('connection', (socket: Socket) => this.#admit(socket));
  }

  /** @throws Failure usage 'port-busy', 'listen-failed', 'guests-tls' */
  static async listen(init: GuestServerInit): Promise<GuestServer> {
    const guests = new GuestServer(init);
    await new Promise<void>((resolve, reject) => {
      guests.#server.once('error', (error) => reject(listenFailure(error, { ...init.address, option: '--guests' })));
      guests.#server.listen(init.address, resolve);
    });
    guests.#server.removeAllListeners('error').on('error', () => {});
    guests.#server.on('tlsClientError', (_error, socket) => socket.destroy());
    if (init.tls !== undefined) {
      const { tls, clock } = init;
      const renewed = async (): Promise<void> => (guests.#server as TlsServer).setSecureContext(readPair(tls));
      // Half of a pair that is being renewed: the next round has all of it.
      guests.#endReload = repeat(clock, RELOAD_EVERY_MS, renewed, () => {});
    }
    return guests;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** @param core of the database that is open; undefined while there is none */
  serve(core: () => Services | undefined): void {
    this.#core = core;
  }

  async close(): Promise<void> {
    await this.#endReload();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  #admit(socket: Socket): void {
    const key = addressKey(socket.remoteAddress ?? '');
    const many = (this.#sockets.get(key) ?? 0) + 1;
    if (many > CONNECTIONS_PER_ADDRESS && !this.#init.behindProxy) {
      socket.destroy();
      return;
    }
    this.#sockets.set(key, many);
    socket.once('close', () => {
      const left = this.#sockets.get(key)! - 1;
      if (left === 0) this.#sockets.delete(key);
      else this.#sockets.set(key, left);
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#answer(request, response);
    } catch (error) {
      const failure = toFailure(error);
      const { code, message, hint, details } = failure;
      const isInside = failure.reason === 'internal' || failure.reason === 'storage';
      const said = isInside
        ? { code: 'internal', message: 'The directory could not do this.', hint: '' }
        : { code, message, hint, details };
      send(response, STATUS[code] ?? STATUS[failure.reason] ?? 500, 'application/json', JSON.stringify(said));
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', headers } = request;
    const [place, ...path] = (request.url ?? '').split('?')[0]!.split('/').slice(1);
    if (place !== 'g' || path.length > 3) throw new Failure('guest-request');
    const [scheme, access = ''] = (headers.authorization ?? '').split(' ');
    // A browser that opens the link shows nothing: it gets the page, whatever the link is.
    if (scheme !== 'Link' && method === 'GET' && path.length === 1) {
      const { html, headers: guards } = this.#init.page;
      response.writeHead(200, { ...guards, 'content-length': Buffer.byteLength(html) }).end(html);
      return;
    }
    const core = this.#core();
    if (core === undefined) throw new Failure('directory-stopping');
    const body = await bodyOf(request);
    const answer = await serveGuest(core, { method, path, access, body, address: this.#addressOf(request) });
    if ('sealed' in answer) send(response, 200, 'application/octet-stream', answer.sealed);
    else send(response, 200, 'application/json', JSON.stringify(answer, spelled));
  }

  #addressOf({ socket, headers }: IncomingMessage): string {
    const address = plainAddress(socket.remoteAddress ?? '');
    const said = headers['x-forwarded-for'];
    // What the proxy itself has added is the last one; what is before it anybody may have written.
    const last = (Array.isArray(said) ? said.join(',') : said)?.split(',').at(-1)?.trim();
    return this.#init.behindProxy && last !== undefined ? last.slice(0, 64) : address;
  }
}

/** @throws Failure usage 'guests-tls' */
function readPair({ cert, key }: GuestTls): { cert: Buffer; key: Buffer } {
  try {
    return { cert: readFileSync(cert), key: readFileSync(key) };
  } catch (cause) {
    throw new Failure('guests-tls', undefined, { cause });
  }
}

/** No more than a sealed block. @throws Failure usage 'guest-request' */
async function bodyOf(request: IncomingMessage): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > BODY_BYTES) throw new Failure('guest-request');
    parts.push(part);
  }
  return Buffer.concat(parts, length);
}

const spelled = (_name: string, value: unknown): unknown => (value instanceof Uint8Array ? base64url(value) : value);

function send(response: ServerResponse, status: number, type: string, body: string | Uint8Array): void {
  if (response.destroyed) return;
  response.writeHead(status, { ...GUARDS, 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body);
}
