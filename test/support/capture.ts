import { type ChildProcess, spawn } from 'node:child_process';

/** Everything that goes over this machine's loopback interface by TCP, whole, where tcpdump is there and allowed. */
export class Capture {
  readonly #process: ChildProcess;
  readonly #chunks: Buffer[] = [];
  readonly #ended: Promise<unknown>;

  private constructor(process: ChildProcess) {
    this.#process = process;
    process.stdout!.on('data', (chunk: Buffer) => this.#chunks.push(chunk));
    this.#ended = new Promise((resolve) => {
      process.on('close', resolve);
    });
  }

  /** Resolves when it listens; undefined where it can't. */
  static start(): Promise<Capture | undefined> {
    if (process.platform !== 'linux') return Promise.resolve(undefined);
    const child = spawn('tcpdump', ['-i', 'lo', '-s', '0', '-U', '-w', '-', 'tcp'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const capture = new Capture(child);
    return new Promise((resolve) => {
      child.on('error', () => resolve(undefined));
      child.on('close', () => resolve(undefined));
      child.stderr!.setEncoding('utf8').on('data', (text: string) => {
        if (text.includes('listening on')) resolve(capture);
      });
    });
  }

  /** What was captured, in the form of a pcap file. Idempotent. */
  async stop(): Promise<Buffer> {
    this.#process.kill('SIGINT');
    await this.#ended;
    return Buffer.concat(this.#chunks);
  }
}
