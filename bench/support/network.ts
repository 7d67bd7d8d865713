import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Two hosts on one machine, as network namespaces, with a wire between them: for benches and for tests of the real thing.
 * Needs root and iproute2; `missingTools` says what else.
 */

const here = dirname(fileURLToPath(import.meta.url));
const RELAY_SOURCE = resolve(here, '..', '..', '..', 'bench', 'support', 'relay.c');

const has = (tool: string): boolean => spawnSync('which', [tool], { stdio: 'ignore' }).status === 0;

/** @returns what keeps networks from being made here; nothing where they can */
export function missingTools(...more: readonly string[]): string[] {
  const missing = ['ip', ...more].filter((tool) => !has(tool));
  if (process.platform !== 'linux') missing.push('Linux');
  if (process.getuid?.() !== 0) missing.push('root');
  return missing;
}

const run = (command: string, ...args: readonly string[]): string =>
  execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

let made = 0;

/** The name of a namespace, and the host's address in the network. */
export interface Host {
  readonly name: string;
  address: string;
}

export interface WanSettings {
  readonly oneWayMs: number;
  readonly loss: number;
  /** Bytes per second. */
  readonly rate: number;
  readonly queueBytes: number;
}

export class Network {
  readonly a: Host;
  readonly b: Host;
  readonly #tag: string;
  readonly #work = mkdtempSync(join(tmpdir(), 'p2pchat-net-'));
  #relay: ReturnType<typeof spawn> | undefined;

  private constructor() {
    this.#tag = `p2p${process.pid}x${made++}`;
    this.a = { name: `${this.#tag}a`, address: '10.77.0.1' };
    this.b = { name: `${this.#tag}b`, address: '10.77.0.2' };
  }

  /** A veth pair; without offloads every packet on it is at most `mtu` bytes. */
  static wire({ offloads = false, mtu = 1_500 } = {}): Network {
    const net = new Network();
    net.#hosts();
    run(
      'ip',
      'link',
      'add',
      'w',
      'netns',
      net.a.name,
      'mtu',
      `${mtu}`,
      'type',
      'veth',
      'peer',
      'name',
      'w',
      'netns',
      net.b.name,
    );
    for (const { name, address } of [net.a, net.b]) {
      run('ip', '-n', name, 'link', 'set', 'w', 'mtu', `${mtu}`);
      run('ip', '-n', name, 'addr', 'add', `${address}/24`, 'dev', 'w');
      run('ip', '-n', name, 'link', 'set', 'w', 'up');
      const state = offloads ? 'on' : 'off';
      const features = ['tso', state, 'gso', state, 'gro', 'off', 'tx-udp-segmentation', state];
      run('ip', 'netns', 'exec', name, 'ethtool', '-K', 'w', ...features);
    }
    return net;
  }

  /** Delay, loss and a bottleneck, by a relay between two TUN devices. */
  static async wan(settings: WanSettings): Promise<Network> {
    const net = new Network();
    net.#hosts();
    await net.#startRelay(settings);
    for (const [own, other] of [
      [net.a, net.b],
      [net.b, net.a],
    ] as const) {
      run('ip', '-n', own.name, 'addr', 'add', own.address, 'peer', other.address, 'dev', 't0');
      run('ip', '-n', own.name, 'link', 'set', 't0', 'up', 'mtu', '1500', 'txqueuelen', '10000');
    }
    return net;
  }

  #hosts(): void {
    for (const { name } of [this.a, this.b]) {
      run('ip', 'netns', 'add', name);
      run('ip', '-n', name, 'link', 'set', 'lo', 'up');
    }
  }

  async #startRelay({ oneWayMs, loss, rate, queueBytes }: WanSettings): Promise<void> {
    const binary = join(this.#work, 'relay');
    run('gcc', '-O2', '-pthread', '-o', binary, RELAY_SOURCE);
    const args = [this.a.name, this.b.name, oneWayMs, loss, rate, queueBytes].map(String);
    this.#relay = spawn(binary, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(this.#relay.stdout!, 'data');
  }

  /** Random loss both ways, 0 to 1. */
  setLoss(loss: number): void {
    for (const { name } of [this.a, this.b]) {
      const rule = ['-i', 'w', '-m', 'statistic', '--mode', 'random', '--probability', `${loss}`, '-j', 'DROP'];
      run('ip', 'netns', 'exec', name, 'iptables', '-t', 'raw', '-F', 'PREROUTING');
      if (loss > 0) run('ip', 'netns', 'exec', name, 'iptables', '-t', 'raw', '-A', 'PREROUTING', ...rule);
    }
  }

  /** No packet passes, until it is taken back. */
  setDown(down: boolean): void {
    run('ip', '-n', this.b.name, 'link', 'set', 'w', down ? 'down' : 'up');
  }

  /** Runs a command on a host and gives back its output. */
  run(host: Host, command: string, ...args: readonly string[]): string {
    return run('ip', 'netns', 'exec', host.name, command, ...args);
  }

  /** The words that run a command on a host. */
  on(host: Host, command: string, ...args: readonly string[]): [string, string[]] {
    return ['ip', ['netns', 'exec', host.name, command, ...args]];
  }

  close(): void {
    this.#relay?.kill();
    for (const { name } of [this.a, this.b]) {
      if (existsSync(`/var/run/netns/${name}`)) run('ip', 'netns', 'del', name);
    }
    rmSync(this.#work, { recursive: true, force: true });
  }
}
