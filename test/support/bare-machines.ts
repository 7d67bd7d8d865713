import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TerminalSession } from './terminal.js';

const run = (command: string, ...words: readonly string[]): void => {
  execFileSync(command, [...words], { stdio: ['ignore', 'ignore', 'pipe'] });
};

const runs = (command: string, ...words: readonly string[]): boolean =>
  spawnSync(command, [...words], { stdio: 'ignore' }).status === 0;

const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Longer than a slow mirror takes, shorter than anybody waits for one that hangs. */
const MAKING_MS = 240_000;

/**
 * Machines with nothing but what debootstrap calls minimal, of the release and from the mirror that apt has here, each
 * with a network of its own between them. One root serves all; what a machine writes is its own.
 */
export class BareMachines {
  readonly #folder: string;
  /** One that is there already saves the making of it, which is most of the time. */
  readonly #root: string;
  readonly #machines: BareMachine[] = [];
  /** Of the names of networks: other tests run meanwhile. */
  readonly #mark = `p2p${process.pid}`;

  /** @returns where this machine can't have them, why: what it may not do, or that no mirror gives Debian's packages */
  static async open(): Promise<BareMachines | string> {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'it needs Linux and root';
    const missing = ['debootstrap', 'ip', 'dpkg-deb', 'mount'].find((name) => !runs('sh', '-c', `command -v ${name}`));
    if (missing !== undefined) return `${missing} is not installed`;
    const machines = new BareMachines();
    const why = machines.#prepare();
    if (why === undefined) return machines;
    await machines.close();
    return why;
  }

  private constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), 'p2pchat-bare-'));
    this.#root = process.env.BARE_ROOT ?? join(this.#folder, 'root');
  }

  #prepare(): string | undefined {
    // In memory: dpkg forces each file to the disk.
    if (!runs('mount', '-t', 'tmpfs', '-o', 'size=3g', 'tmpfs', this.#folder)) return 'mounting is not permitted here';
    for (const name of ['lower', 'upper', 'work', 'tried']) mkdirSync(join(this.#folder, name));
    const tried = join(this.#folder, 'tried');
    if (!runs('mount', '-t', 'overlay', '-o', layers(this.#folder, join(this.#folder, 'lower')), 'overlay', tried)) {
      return 'overlays are not permitted here';
    }
    const hub = `${this.#mark}-hub`;
    if (!runs('ip', 'netns', 'add', hub) || !runs('ip', '-n', hub, 'link', 'add', 'hub', 'type', 'bridge')) {
      return 'networks of their own are not permitted here';
    }
    run('ip', '-n', hub, 'link', 'set', 'hub', 'up');
    return process.env.BARE_ROOT === undefined ? this.#make() : undefined;
  }

  #make(): string | undefined {
    const mirrors = mirrorsOfApt();
    let said = '';
    for (const { suite, site } of mirrors) {
      const made = spawnSync('debootstrap', ['--variant=minbase', suite, this.#root, site], {
        encoding: 'utf8',
        timeout: MAKING_MS,
        env: { ...process.env, ...proxyOfApt() },
      });
      if (made.status === 0) return undefined;
      said = `${made.stdout ?? ''}${made.stderr ?? ''}`.trim().split('\n').slice(-2).join(' / ');
      spawnSync('rm', ['-rf', this.#root]);
    }
    if (mirrors.length === 0) return 'apt is set up with no http(s) mirror of the release that runs here';
    return `debootstrap could make no root from ${mirrors.map(({ site }) => site).join(', ')}: ${said}`;
  }

  machine(number: number): BareMachine {
    const machine = new BareMachine(this.#root, join(this.#folder, `machine-${number}`), this.#mark, number);
    this.#machines.push(machine);
    return machine;
  }

  async close(): Promise<void> {
    for (const machine of this.#machines) await machine.close();
    runs('ip', 'netns', 'del', `${this.#mark}-hub`);
    // What is mounted inside goes with it, also where something still holds it.
    runs('umount', '-l', '-R', this.#folder);
    rmdirSync(this.#folder);
  }
}

const layers = (folder: string, lower: string): string =>
  `lowerdir=${lower},upperdir=${join(folder, 'upper')},workdir=${join(folder, 'work')}`;

interface Mirror {
  readonly suite: string;
  readonly site: string;
}

/** By apt's own word, which takes neither its lists nor the network. Not everyone that has this release has all of it. */
function mirrorsOfApt(): readonly Mirror[] {
  const [, release] = /^VERSION_CODENAME=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8')) ?? [];
  const { stdout } = spawnSync('apt-get', ['update', '--print-uris'], { encoding: 'utf8' });
  const found = (stdout ?? '').matchAll(/^'(https?:\S+)\/dists\/([^/']+)\/main\/binary-(?!all)/gm);
  const sites = [...found].filter(([, , suite]) => suite === release).map(([, site]) => site!);
  return [...new Set(sites)].slice(0, 3).map((site) => ({ suite: release!, site }));
}

/** debootstrap asks by wget, which doesn't know what apt has been told. */
function proxyOfApt(): Readonly<Record<string, string>> {
  const { stdout } = spawnSync('apt-config', ['shell', 'proxy', 'Acquire::http::Proxy'], { encoding: 'utf8' });
  const [, proxy] = /^proxy='(http.*)'$/m.exec(stdout ?? '') ?? [];
  return proxy === undefined ? {} : { http_proxy: proxy };
}

export class BareMachine {
  readonly root: string;
  readonly address: string;
  readonly #network: string;
  readonly #terminals: TerminalSession[] = [];

  constructor(lower: string, folder: string, mark: string, number: number) {
    this.root = join(folder, 'root');
    this.address = `10.88.0.${number}`;
    this.#network = `${mark}-${number}`;
    for (const name of ['upper', 'work', 'root']) mkdirSync(join(folder, name), { recursive: true });
    run('mount', '-t', 'overlay', '-o', layers(folder, lower), 'overlay', this.root);
    run('mount', '-t', 'proc', 'proc', join(this.root, 'proc'));
    const [inside, outside] = ['eth0', `port${number}`];
    run('ip', 'netns', 'add', this.#network);
    run('ip', '-n', this.#network, 'link', 'add', inside, 'type', 'veth', 'peer', 'name', outside);
    run('ip', '-n', this.#network, 'link', 'set', outside, 'netns', `${mark}-hub`);
    run('ip', '-n', `${mark}-hub`, 'link', 'set', outside, 'master', 'hub', 'up');
    run('ip', '-n', this.#network, 'addr', 'add', `${this.address}/24`, 'dev', inside);
    for (const device of ['lo', inside]) run('ip', '-n', this.#network, 'link', 'set', device, 'up');
  }

  bring(...files: readonly string[]): void {
    for (const file of files) cpSync(file, join(this.root, 'root', file.slice(file.lastIndexOf('/') + 1)));
  }

  /** What a person has before them: a shell of root. */
  shell(columns = 160): TerminalSession {
    const words = ['netns', 'exec', this.#network, 'chroot', this.root];
    const env = ['env', '-i', 'HOME=/root', 'TERM=xterm-256color', 'LANG=C.UTF-8', 'P2PCHAT_LAN=off', 'PS1=# '];
    const terminal = new TerminalSession('ip', [...words, ...env, PATH, 'bash', '--norc', '-i'], { columns, rows: 40 });
    this.#terminals.push(terminal);
    return terminal;
  }

  /** Runs one command there. */
  run(script: string): { readonly status: number | null; readonly text: string } {
    const words = ['netns', 'exec', this.#network, 'chroot', this.root, 'env', '-i', 'HOME=/root', PATH];
    const { status, stdout, stderr } = spawnSync('ip', [...words, 'sh', '-c', `cd /root && ${script}`], {
      encoding: 'utf8',
    });
    return { status, text: stdout + stderr };
  }

  async close(): Promise<void> {
    for (const terminal of this.#terminals) await terminal.close();
    const { stdout } = spawnSync('ip', ['netns', 'pids', this.#network], { encoding: 'utf8' });
    for (const pid of stdout.split('\n').filter(Boolean)) runs('kill', '-9', pid);
    runs('ip', 'netns', 'del', this.#network);
  }
}
