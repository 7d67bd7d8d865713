import { spawnSync } from 'node:child_process';

/** A network of its own for some processes: loopback, and what a test does to it. Needs Linux, root, ip and nft. */
export class Namespace {
  readonly name: string;

  /** @returns undefined where that can't be had */
  static open(name: string): Namespace | undefined {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
    if (!runs('ip', '-V') || !runs('nft', '--version') || !runs('ip', 'netns', 'add', name)) return undefined;
    const namespace = new Namespace(name);
    if (namespace.run('ip', 'link', 'set', 'lo', 'up')) return namespace;
    namespace.close();
    return undefined;
  }

  private constructor(name: string) {
    this.name = name;
  }

  /** For the beginning of a command line. */
  get prefix(): readonly string[] {
    return ['ip', 'netns', 'exec', this.name];
  }

  run(...words: readonly string[]): boolean {
    const [command = '', ...args] = [...this.prefix, ...words];
    return runs(command, ...args);
  }

  /** No datagram gets through any more. */
  blockUdp(): void {
    this.run('nft', 'add', 'table', 'inet', 'test');
    this.run('nft', 'add', 'chain', 'inet', 'test', 'in', '{ type filter hook input priority 0; }');
    this.run('nft', 'add', 'rule', 'inet', 'test', 'in', 'meta', 'l4proto', 'udp', 'drop');
  }

  close(): void {
    runs('ip', 'netns', 'del', this.name);
  }
}

const runs = (command: string, ...args: readonly string[]): boolean =>
  spawnSync(command, args, { stdio: 'ignore' }).status === 0;
