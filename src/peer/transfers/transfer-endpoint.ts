import { lookup } from 'node:dns/promises';
import { isIP, isIPv4 } from 'node:net';
import type { Clock } from '../../base/clock.js';
import { hasCode } from '../../base/errors.js';
import { localAddresses } from '../../net/interfaces.js';
import { type HostAddress, openTransfers, type Transfers } from '../../transfer/transfer.js';
import { TRANSFER_CANDIDATES } from '../../wire/limits.js';
import type { ListenAddress } from '../network/listen-address.js';

/** What the directory saw is true for as long as a NAT surely keeps a mapping. */
const SEEN_FOR_MS = 15_000;
const ANY = ['::', '0.0.0.0'];

export interface TransferEndpointInit {
  readonly clock: Clock;
  /** Where the peer's links come in. */
  listening(): ListenAddress;
  /** The port at the router here. */
  readonly mapped?: { wantDatagrams(port: number): void; datagrams(): readonly HostAddress[] } | undefined;
  /** The directory's address, as the profile has it. */
  readonly directory: { readonly host: string; readonly port: number };
}

/** What the directory says of our datagrams. */
export interface Outlook {
  /** It answered one at all. */
  readonly answered: boolean;
  /** The port from which they come is the one in use here: true also where no NAT is between. */
  readonly keepsPort: boolean;
  /** Where they come from, where that is none of our own addresses. */
  readonly seen?: HostAddress;
}

const UNANSWERED: Outlook = { answered: false, keepsPort: false };

/** The UDP side of a peer, opened by the first transfer: most runs of the program have none. */
export class TransferEndpoint {
  readonly #init: TransferEndpointInit;
  #opening: Promise<Transfers> | undefined;
  #isClosed = false;
  #seen: { readonly at: number; readonly from: string; readonly outlook: Promise<Outlook> } | undefined;

  constructor(init: TransferEndpointInit) {
    this.#init = init;
  }

  open(): Promise<Transfers> {
    this.#opening ??= this.#open();
    // Whoever asks for it while this program ends leaves nothing open.
    if (this.#isClosed) void this.close();
    return this.#opening;
  }

  async #open(): Promise<Transfers> {
    const { host, port } = this.#init.listening();
    const numeric = isIP(host) ? host : (await lookup(host)).address;
    const hosts = numeric === '::' ? ['0.0.0.0', '::'] : [numeric];
    // The port of the links; where another program has it, candidates name the one it got instead.
    const ways = [
      { hosts, port },
      { hosts, port: 0 },
      { hosts: hosts.slice(0, 1), port: 0 },
    ];
    for (const [at, way] of ways.entries()) {
      try {
        return this.#opened(await openTransfers({ listen: way.hosts.map((one) => ({ host: one, port: way.port })) }));
      } catch (error) {
        if (!hasCode(error, 'address-in-use') || at === ways.length - 1) throw error;
      }
    }
    throw new Error('unreachable');
  }

  /** After a fault in their thread the next who needs transfers gets new ones. */
  #opened(transfers: Transfers): Transfers {
    const port = transfers.endpoints.find(({ address }) => isIPv4(address.host))?.address.port;
    if (port !== undefined) this.#init.mapped?.wantDatagrams(port);
    void transfers.interrupted.then(() => {
      this.#opening = undefined;
      this.#seen = undefined;
    });
    return transfers;
  }

  /** Where others may reach this machine, the likelier addresses first; the one at its router among them. */
  async local(): Promise<HostAddress[]> {
    const own = await this.#own();
    return [...own, ...(this.#init.mapped?.datagrams() ?? [])].slice(0, TRANSFER_CANDIDATES);
  }

  /** Addresses of this machine. */
  async #own(): Promise<HostAddress[]> {
    const transfers = await this.open();
    const loopback = transfers.endpoints
      .filter(({ address }) => ANY.includes(address.host))
      .map(({ address }) => ({ host: address.host === '::' ? '::1' : '127.0.0.1', port: address.port }));
    return [...transfers.candidates().slice(0, TRANSFER_CANDIDATES - 4), ...loopback];
  }

  /** How this machine looks from outside. */
  outlook(): Promise<Outlook> {
    const now = this.#init.clock.monotonic();
    const from = localAddresses().join(' ');
    if (this.#seen === undefined || this.#seen.from !== from || now - this.#seen.at > SEEN_FOR_MS) {
      this.#seen = { at: now, from, outlook: this.#ask().catch(() => UNANSWERED) };
    }
    return this.#seen.outlook;
  }

  async #ask(): Promise<Outlook> {
    const { host, port } = this.#init.directory;
    const transfers = await this.open();
    const numeric = isIP(host) ? host : (await lookup(host)).address;
    const seen = await transfers.reflexive({ host: numeric, port });
    const own = await this.#own();
    const keepsPort = own.some((one) => one.port === seen.port);
    const isOwn = own.some((one) => one.host === seen.host && one.port === seen.port);
    return { answered: true, keepsPort, ...(!isOwn && { seen }) };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const opened = await this.#opening?.catch(() => undefined);
    await opened?.close();
  }
}
