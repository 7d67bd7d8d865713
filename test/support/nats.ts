import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** NATS servers of a test's own, on the loopback. */

/** `skip` of a test that needs them: without the program the test says how to get it. */
export const withoutNats: string | false =
  spawnSync('nats-server', ['--version']).error === undefined && spawnSync('setpriv', ['--version']).error === undefined
    ? false
    : 'nats-server, or setpriv by which it ends with the test, is not installed (Debian: apt-get install nats-server; elsewhere: https://nats.io/download)';

export interface NatsServerOptions {
  /** Lines of configuration besides. */
  readonly extra?: string;
  /** Where this one keeps its data, by index. */
  readonly folderOf?: (index: number) => string | undefined;
}

export class NatsServer {
  readonly port: number;
  readonly #config: string;
  #child: ChildProcess | undefined;

  constructor(port: number, config: string) {
    this.port = port;
    this.#config = config;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  /** Resolves when it takes connections. It ends with this process, however that ends. */
  async start(): Promise<void> {
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'nats-server', '-c', this.#config], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    const said: string[] = [];
    await new Promise<void>((resolve, reject) => {
      const lines = createInterface({ input: child.stderr! });
      lines.on('line', (line) => {
        said.push(line);
        if (line.includes('Server is ready')) resolve();
      });
      child.once('exit', () => reject(new Error(`nats-server has ended:\n${said.slice(-20).join('\n')}`)));
    });
  }

  /** As a machine that loses power: nothing is finished. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** As a machine that has no time. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }
}

export class NatsServers {
  readonly servers: readonly NatsServer[];
  readonly #folder: string;

  private constructor(servers: readonly NatsServer[], folder: string) {
    this.servers = servers;
    this.#folder = folder;
  }

  /** One server, or a cluster of three. */
  static async start(count: 1 | 3, options: NatsServerOptions = {}): Promise<NatsServers> {
    const folder = await mkdtemp(join(tmpdir(), 'p2pchat-nats-'));
    const ports = await freePorts(2 * count);
    const routes = ports.slice(count).map((port) => `nats-route://127.0.0.1:${port}`);
    const servers: NatsServer[] = [];
    for (let index = 0; index < count; index++) {
      const data = options.folderOf?.(index) ?? join(folder, `data${index}`);
      await mkdir(data, { recursive: true });
      const config = join(folder, `server${index}.conf`);
      const lines = [
        `listen: "127.0.0.1:${ports[index]}"`,
        `server_name: s${index}`,
        'max_payload: 8MB',
        `jetstream { store_dir: "${data}", max_file_store: 4GB, max_memory_store: 64MB }`,
        ...(count > 1
          ? [`cluster { name: test, listen: "127.0.0.1:${ports[count + index]}", routes: [${routes.join(', ')}] }`]
          : []),
        options.extra ?? '',
      ];
      await writeFile(config, lines.join('\n'));
      servers.push(new NatsServer(ports[index]!, config));
    }
    const all = new NatsServers(servers, folder);
    try {
      await Promise.all(servers.map((server) => server.start()));
    } catch (error) {
      await all.stop();
      throw error;
    }
    return all;
  }

  get addresses(): string[] {
    return this.servers.map(({ address }) => address);
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.kill()));
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Taken all at once, so that they differ, and given back. */
async function freePorts(count: number): Promise<number[]> {
  const taken: Server[] = [];
  for (let index = 0; index < count; index++) {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    taken.push(server);
  }
  const ports = taken.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(taken.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
