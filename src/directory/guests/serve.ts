import { systemClock } from '../../base/clock.js';
import { Failure } from '../../base/errors.js';
import { linkHost } from '../../net/link-host.js';
import { GUEST_URL_BYTES } from '../../wire/limits.js';
import { hostAndPort } from '../../wire/link.js';
import type { Directory } from '../directory.js';
import type { ListenAddress } from '../server/server.js';
import { readGuestPage } from './page.js';
import { GuestServer, type GuestTls } from './server.js';

/** Where guests come in, as the operator says. */
export interface GuestOptions {
  readonly listen: ListenAddress;
  /** What links begin with, where that is not what this listens on: of a proxy, or a name. */
  readonly url?: string;
  readonly tls?: GuestTls;
}

/** The door for guests: it listens before the directory runs, so that links can say where, and answers once it does. */
export class Guests {
  readonly #server: GuestServer;
  readonly url: string;

  private constructor(server: GuestServer, url: string) {
    this.#server = server;
    this.url = url;
  }

  /** @throws Failure usage 'port-busy', 'listen-failed', 'guests-tls', 'guests-plain', 'guests-url' */
  static async open({ listen, url, tls }: GuestOptions): Promise<Guests> {
    const given = url === undefined ? undefined : checkedUrl(url);
    const host = linkHost(listen.host);
    if (given === undefined && tls === undefined && !isLoopback(host)) throw new Failure('guests-plain');
    const page = readGuestPage();
    // A proxy speaks plain HTTP to what stands behind it on the same machine.
    const behindProxy = given !== undefined && tls === undefined && isLoopback(listen.host);
    const server = await GuestServer.listen({ address: listen, tls, page, clock: systemClock, behindProxy });
    const own = `${tls === undefined ? 'http' : 'https'}://${hostAndPort({ host, port: server.port })}/`;
    return new Guests(server, given ?? own);
  }

  serve(directory: Directory): void {
    this.#server.serve(() => (directory.accepting ? directory.site.core : undefined));
  }

  close(): Promise<void> {
    return this.#server.close();
  }
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.');

/** @throws Failure usage 'guests-url', 'guests-plain' */
function checkedUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text.endsWith('/') ? text : `${text}/`);
  } catch (cause) {
    throw new Failure('guests-url', undefined, { cause });
  }
  if (!/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '' || url.href.length > GUEST_URL_BYTES)
    throw new Failure('guests-url');
  if (url.protocol === 'http:' && !isLoopback(url.hostname.replace(/^\[|\]$/g, ''))) throw new Failure('guests-plain');
  return url.href;
}
