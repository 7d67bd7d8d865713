import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, timestamp } from '../../base/clock.js';
import type { Directory } from '../directory.js';
import type { ListenAddress } from '../server/server.js';
import { listenFailure } from '../server/server.js';
import type { Observer } from './observer.js';
import { page } from './page.js';
import { STYLE } from './style.js';

export interface MetricsServerInit {
  readonly directory: Directory;
  readonly observer: Observer;
  readonly clock: Clock;
  readonly version: string;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** Who only reads figures needs few connections, and little time. */
const CONNECTIONS = 64;
const HEADERS_WITHIN_MS = 5_000;
const REQUEST_WITHIN_MS = 10_000;
/** An answer serves everybody who asks within this time: asking quickly costs little. */
const FRESH_MS = 1_000;

const TEXT = 'text/plain; charset=utf-8';

const HEADERS = {
  'content-security-policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

const text = (status: number, body: string): Answer => ({ status, type: TEXT, body: `${body}\n` });

/** Figures by HTTP: for Prometheus, for whoever restarts what doesn't answer, and a page for people. It only reads. */
export class MetricsServer {
  readonly #init: MetricsServerInit;
  readonly #server: Server;
  readonly #fresh = new Map<string, { readonly at: number; readonly answer: Promise<Answer> }>();
  /** By path. */
  readonly #answers: Readonly<Record<string, () => Promise<Answer> | Answer>> = {
    '/': () => this.#page(),
    '/metrics': () => this.#metrics(),
    '/healthz': () => text(200, 'ok'),
    '/readyz': () => this.#ready(),
  };

  private constructor(init: MetricsServerInit) {
    this.#init = init;
    this.#server = createServer(
      { headersTimeout: HEADERS_WITHIN_MS, requestTimeout: REQUEST_WITHIN_MS, maxHeaderSize: 8_192 },
      (request, response) => void this.#serve(request, response),
    );
    this.#server.maxConnections = CONNECTIONS;
  }

  /** @throws Failure usage 'port-busy', 'listen-failed' */
  static async listen(init: MetricsServerInit, { host, port }: ListenAddress): Promise<MetricsServer> {
    const metrics = new MetricsServer(init);
    await new Promise<void>((resolve, reject) => {
      metrics.#server.once('error', (error) => reject(listenFailure(error, { host, port, option: '--metrics' })));
      metrics.#server.listen({ host, port }, resolve);
    });
    metrics.#server.removeAllListeners('error').on('error', () => {});
    return metrics;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    return closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume();
    const { status, type, body } = await this.#answer(request).catch(() => text(503, 'no figures at the moment'));
    const head = { ...HEADERS, 'content-type': type, 'content-length': Buffer.byteLength(body) };
    response.writeHead(status, status === 405 ? { ...head, allow: 'GET, HEAD' } : head);
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  async #answer({ method, url = '' }: IncomingMessage): Promise<Answer> {
    const [path = ''] = url.split('?');
    const make = Object.hasOwn(this.#answers, path) ? this.#answers[path] : undefined;
    if (make === undefined) return text(404, 'There are: / /metrics /healthz /readyz');
    if (method !== 'GET' && method !== 'HEAD') return text(405, 'This only reads.');
    const now = this.#init.clock.monotonic();
    const known = this.#fresh.get(path);
    if (known !== undefined && now - known.at < FRESH_MS) return known.answer;
    const answer = Promise.resolve(make());
    this.#fresh.set(path, { at: now, answer });
    answer.catch(() => this.#fresh.delete(path));
    return answer;
  }

  async #metrics(): Promise<Answer> {
    const { registry } = this.#init.observer.metrics;
    return { status: 200, type: registry.contentType, body: await registry.metrics() };
  }

  async #ready(): Promise<Answer> {
    if (await this.#init.observer.isReady()) return text(200, 'ready');
    return text(503, this.#init.directory.accepting ? 'the store does not answer' : 'no new connections are taken');
  }

  async #page(): Promise<Answer> {
    const { directory, observer, clock, version } = this.#init;
    const { state } = observer;
    if (state === undefined) return text(503, 'no database is open');
    const now = clock.monotonic();
    const body = page({
      ...{ version, state, now, database: directory.database, time: timestamp(clock.now()) },
      ready: await observer.isReady(),
      accepting: directory.accepting,
      upMs: now - directory.startedAt,
      samples: observer.hour.samples,
      refusals: observer.metrics.refusalsByReason,
    });
    return { status: 200, type: 'text/html; charset=utf-8', body };
  }
}
