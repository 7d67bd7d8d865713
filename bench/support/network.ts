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

/** What a program that is told to end leaves no trace of. */
const standing = new Set<Network>();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    for (const network of standing) network.close();
    process.exit(1);
  });
}

/** The name of a namespace, and the host's address in the network. */
export interface Host {
  readonly name: string;
  address: string;
}

/** Two hosts behind a NAT each. */
export type Nats = Network & {
  readonly outside: { readonly a: string; readonly b: string };
  readonly routers: { readonly a: Host; readonly b: Host };
  readonly middle: Host;
};

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
  readonly #others: string[] = [];
  #relay: ReturnType<typeof spawn> | undefined;

  private constructor() {
    this.#tag = `p2p${process.pid}x${made++}`;
    this.a = { name: `${this.#tag}a`, address: '10.77.0.1' };
    this.b = { name: `${this.#tag}b`, address: '10.77.0.2' };
    standing.add(this);
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

  /**
   * Two hosts, each behind a NAT, and the world between them; `outside` are the NATs' addresses.
   * @param random which of them choose another port for each destination, so that no hole can be punched
   * @param world the networks between each NAT and the others
   */
  static nats(random: { readonly a: boolean; readonly b: boolean }, world = { a: '198.51.100', b: '203.0.113' }): Nats {
    const net = new Network();
    const [a, b] = [net.a.name, net.b.name];
    const [natA, natB, middle] = ['n', 'm', 'i'].map((end) => net.#more(`${net.#tag}${end}`)) as [
      string,
      string,
      string,
    ];
    net.#hosts();
    net.a.address = '10.1.0.2';
    net.b.address = '10.2.0.2';
    joinHosts([a, 'w', '10.1.0.2/24'], [natA, 'lan', '10.1.0.1/24']);
    joinHosts([natA, 'wan', `${world.a}.1/24`], [middle, 'ia', `${world.a}.254/24`]);
    joinHosts([natB, 'wan', `${world.b}.1/24`], [middle, 'ib', `${world.b}.254/24`]);
    joinHosts([b, 'w', '10.2.0.2/24'], [natB, 'lan', '10.2.0.1/24']);
    const routes = [
      [a, '10.1.0.1'],
      [b, '10.2.0.1'],
      [natA, `${world.a}.254`],
      [natB, `${world.b}.254`],
    ] as const;
    for (const [host, gateway] of routes) run('ip', '-n', host, 'route', 'add', 'default', 'via', gateway);
    for (const host of [natA, middle, natB]) run('ip', 'netns', 'exec', host, 'sysctl', '-qw', 'net.ipv4.ip_forward=1');
    natRules(natA, random.a);
    natRules(natB, random.b);
    const outside = { a: `${world.a}.1`, b: `${world.b}.1` };
    const routers = { a: { name: natA, address: '10.1.0.1' }, b: { name: natB, address: '10.2.0.1' } };
    return Object.assign(net, { outside, routers, middle: { name: middle, address: `${world.a}.254` } });
  }

  /**
   * Three hosts on one wire, as in a home.
   * @param ipv4 without, they have nothing but the addresses that IPv6 gives by itself
   */
  static home({ ipv4 = true } = {}): Network & { readonly third: Host } {
    const net = new Network();
    const hub = net.#more(`${net.#tag}h`);
    const third = { name: net.#more(`${net.#tag}c`), address: '10.77.0.3' };
    net.#hosts();
    run('ip', '-n', hub, 'link', 'add', 'name', 'sw', 'type', 'bridge', 'mcast_snooping', '0');
    run('ip', '-n', hub, 'link', 'set', 'sw', 'up');
    for (const [at, { name, address }] of [net.a, net.b, third].entries()) {
      // An address that is still looked for by others can't be spoken from.
      run('ip', 'netns', 'exec', name, 'sysctl', '-qw', 'net.ipv6.conf.default.accept_dad=0');
      run('ip', 'link', 'add', 'w', 'netns', name, 'type', 'veth', 'peer', 'name', `p${at}`, 'netns', hub);
      run('ip', '-n', hub, 'link', 'set', `p${at}`, 'master', 'sw', 'up');
      if (ipv4) run('ip', '-n', name, 'addr', 'add', `${address}/24`, 'dev', 'w');
      run('ip', '-n', name, 'link', 'set', 'w', 'up');
    }
    return Object.assign(net, { third });
  }

  #more(name: string): string {
    run('ip', 'netns', 'add', name);
    run('ip', '-n', name, 'link', 'set', 'lo', 'up');
    this.#others.push(name);
    return name;
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

  /** Both ways at most so many bytes per second, with a queue of so many milliseconds at that rate. */
  setRate(rate: number, queueMs: number): void {
    const shape = ['tbf', 'rate', `${rate * 8}bit`, 'burst', '16kb', 'latency', `${queueMs}ms`];
    for (const { name } of [this.a, this.b]) run('tc', '-n', name, 'qdisc', 'replace', 'dev', 'w', 'root', ...shape);
  }

  /** Runs a command on a host and gives back its output. */
  run(host: Host, command: string, ...args: readonly string[]): string {
    return run('ip', 'netns', 'exec', host.name, command, ...args);
  }

  /** What stands before a command line that is to run on a host. */
  within({ name }: Host): readonly string[] {
    return ['ip', 'netns', 'exec', name];
  }

  /** The words that run a command on a host. */
  on(host: Host, command: string, ...args: readonly string[]): [string, string[]] {
    return ['ip', ['netns', 'exec', host.name, command, ...args]];
  }

  close(): void {
    standing.delete(this);
    this.#relay?.kill();
    for (const name of [this.a.name, this.b.name, ...this.#others]) {
      if (existsSync(`/var/run/netns/${name}`)) run('ip', 'netns', 'del', name);
    }
    rmSync(this.#work, { recursive: true, force: true });
  }
}

type Interface = readonly [host: string, name: string, address: string];

function joinHosts(one: Interface, other: Interface): void {
  const [host, name] = one;
  run('ip', 'link', 'add', name, 'netns', host, 'type', 'veth', 'peer', 'name', other[1], 'netns', other[0]);
  for (const [at, device, address] of [one, other]) {
    run('ip', '-n', at, 'addr', 'add', address, 'dev', device);
    run('ip', '-n', at, 'link', 'set', device, 'up');
  }
}

function natRules(host: string, random: boolean): void {
  const rule = (...words: readonly string[]): string => run('ip', 'netns', 'exec', host, 'iptables', ...words);
  rule('-t', 'nat', '-A', 'POSTROUTING', '-o', 'wan', '-j', 'MASQUERADE', ...(random ? ['--random-fully'] : []));
  rule('-A', 'FORWARD', '-i', 'wan', '-m', 'conntrack', '--ctstate', 'ESTABLISHED,RELATED', '-j', 'ACCEPT');
  rule('-A', 'FORWARD', '-i', 'wan', '-j', 'DROP');
  // An early packet from outside would leave an entry that makes the NAT choose another port.
  rule('-A', 'INPUT', '-i', 'wan', '-m', 'conntrack', '!', '--ctstate', 'ESTABLISHED,RELATED', '-j', 'DROP');
}
