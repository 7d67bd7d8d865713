import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TerminalSession } from './terminal.js';

const run = (command: string, ...words: readonly string[]): void => {
  execFileSync(command, [...words], { stdio: ['ignore', 'ignore', 'pipe'] });
};

const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const has = (command: string): boolean => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;

/** What is lacking to make such machines here; undefined where nothing is. */
export function lacking(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'it needs Linux and root';
  return ['debootstrap', 'ip', 'dpkg-deb', 'mount'].find((command) => !has(command));
}

/**
 * Machines with nothing but what debootstrap calls minimal, of the release and from the mirror that apt has here, each
 * with a network of its own between them. One root serves all; what a machine writes is its own.
 */
export class BareMachines {
  readonly folder = mkdtempSync(join(tmpdir(), 'p2pchat-bare-'));
  /** One that is there already saves the making of it, which is most of the time. */
  readonly #root = process.env.BARE_ROOT ?? join(this.folder, 'root');
  readonly #machines: BareMachine[] = [];
  /** Of the names of networks: other tests run meanwhile. */
  readonly #mark = `p2p${process.pid}`;

  constructor() {
    // In memory: dpkg forces each file to the disk.
    run('mount', '-t', 'tmpfs', '-o', 'size=3g', 'tmpfs', this.folder);
    if (process.env.BARE_ROOT === undefined) this.#make();
    run('ip', 'netns', 'add', `${this.#mark}-hub`);
    const inHub = ['netns', 'exec', `${this.#mark}-hub`, 'ip', 'link'];
    run('ip', ...inHub, 'add', 'hub', 'type', 'bridge');
    run('ip', ...inHub, 'set', 'hub', 'up');
  }

  #make(): void {
    const [, suite = 'stable'] = /^VERSION_CODENAME=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8')) ?? [];
    const words = ['indextargets', '--format', '$(SITE)', 'Created-By: Packages', `Codename: ${suite}`];
    const [mirror = ''] = execFileSync('apt-get', words, { encoding: 'utf8' }).split('\n');
    run('debootstrap', '--variant=minbase', suite, this.#root, mirror);
  }

  machine(number: number): BareMachine {
    const machine = new BareMachine(this.#root, join(this.folder, `machine-${number}`), this.#mark, number);
    this.#machines.push(machine);
    return machine;
  }

  async close(): Promise<void> {
    for (const machine of this.#machines) await machine.close();
    spawnSync('ip', ['netns', 'del', `${this.#mark}-hub`]);
    spawnSync('umount', [this.folder]);
    rmSync(this.folder, { recursive: true, force: true });
  }
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
    const layers = `lowerdir=${lower},upperdir=${join(folder, 'upper')},workdir=${join(folder, 'work')}`;
    run('mount', '-t', 'overlay', '-o', layers, 'overlay', this.root);
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
    spawnSync('umount', [join(this.root, 'proc')]);
    spawnSync('umount', [this.root]);
    spawnSync('ip', ['netns', 'del', this.#network]);
  }
}
