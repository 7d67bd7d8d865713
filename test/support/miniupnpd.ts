import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host, Network } from '../../bench/support/network.js';

/** What many home routers run: port mapping by PCP, NAT-PMP and UPnP, here on one of a test's routers. */

/** It maps nothing where its outside is a private or a reserved network: so these stand for the world in a namespace. */
export const WORLD = { a: '11.22.33', b: '44.55.66' };
/** What a provider gives a router that it has no public address for (RFC 6598). */
export const SHARED = '100.64.7';

const TABLE = `table inet upnp {
  chain forward { type filter hook forward priority 0; policy accept; jump miniupnpd; }
  chain miniupnpd { }
  chain prerouting { type nat hook prerouting priority -100; policy accept; jump prerouting_miniupnpd; }
  chain postrouting { type nat hook postrouting priority 99; policy accept; jump postrouting_miniupnpd; }
  chain prerouting_miniupnpd { }
  chain postrouting_miniupnpd { }
}
`;

export class Miniupnpd {
  readonly #network: Network;
  readonly #router: Host;
  readonly #folder = mkdtempSync(join(tmpdir(), 'p2pchat-router-'));
  #child: ChildProcess | undefined;

  constructor(network: Network, router: Host) {
    this.#network = network;
    this.#router = router;
    const table = join(this.#folder, 'table');
    writeFileSync(table, TABLE);
    network.run(router, 'nft', '-f', table);
    // The NAT's own rules drop what comes from outside unasked.
    const mapped = ['-i', 'wan', '-m', 'conntrack', '--ctstate', 'DNAT', '-j', 'ACCEPT'];
    network.run(router, 'iptables', '-I', 'FORWARD', ...mapped);
  }

  async run(): Promise<void> {
    const config = join(this.#folder, 'config');
    const lines = [
      'ext_ifname=wan',
      'listening_ip=lan',
      'upnp_table_name=upnp',
      'upnp_nat_table_name=upnp',
      'enable_natpmp=yes',
      'enable_upnp=no',
      'secure_mode=yes',
      'system_uptime=no',
      'uuid=f19089ab-8bf5-47ac-a29a-c7eeea295598',
      'allow 1024-65535 0.0.0.0/0 1024-65535',
      'deny 0-65535 0.0.0.0/0 0-65535',
    ];
    writeFileSync(config, `${lines.join('\n')}\n`);
    const words = ['-d', '-f', config, '-P', join(this.#folder, 'pid')];
    const child = spawn(...this.#network.on(this.#router, 'miniupnpd', ...words), {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    await new Promise<void>((resolve, reject) => {
      let said = '';
      const hear = (chunk: Buffer): void => {
        said += chunk.toString();
        if (/Listening for NAT-PMP/.test(said)) resolve();
      };
      child.stdout?.on('data', hear);
      child.stderr?.on('data', hear);
      child.once('exit', () => reject(new Error(`miniupnpd ended: ${said}`)));
    });
  }

  /** What is mapped at the moment, as the kernel has it. */
  rules(): string {
    return this.#network.run(this.#router, 'nft', 'list', 'chain', 'inet', 'upnp', 'prerouting_miniupnpd');
  }

  async #stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill();
    await ended;
  }

  async close(): Promise<void> {
    await this.#stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
