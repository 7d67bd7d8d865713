import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { hex } from '../../src/base/bytes.js';
import { systemRandom } from '../../src/base/random.js';
import { describe, type RememberedPath } from '../../src/transfer/transfer.js';
import { manifestCodec } from '../../src/wire/transfer-manifest.js';
import { sameFiles } from './memory-files.js';
import type { Host, Network } from './network.js';
import type { EndSettings } from './transfer-end.js';

/** Two programs, one at each end, and one file between them. */

/** Bundled as the program is. */
const END = fileURLToPath(new URL('../program/transfer-end.js', import.meta.url));

interface Line {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** A running end, with what it has printed. */
export class End {
  readonly lines: Line[] = [];
  readonly exited: Promise<number>;
  readonly #process: ChildProcess;
  readonly #waiting = new Set<() => void>();

  constructor(role: 'send' | 'receive', settings: EndSettings, work: string, network?: Network, host?: Host) {
    const file = join(work, `${role}-${hex(systemRandom.bytes(4))}.json`);
    writeFileSync(file, JSON.stringify(settings));
    const words = [process.execPath, END, role, file] as const;
    const [command, args] = network === undefined ? [words[0], words.slice(1)] : network.on(host!, ...words);
    this.#process = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.exited = once(this.#process, 'exit').then(([status]) => Number(status ?? 1));
    createInterface({ input: this.#process.stdout! }).on('line', (line) => {
      this.lines.push(JSON.parse(line) as Line);
      for (const wake of this.#waiting) wake();
    });
    void this.exited.then(() => {
      for (const wake of this.#waiting) wake();
    });
  }

  find(event: string, holds: (line: Line) => boolean = () => true): Line | undefined {
    return this.lines.findLast((line) => line.event === event && holds(line));
  }

  /** @throws where the program ends before */
  async until(event: string, holds: (line: Line) => boolean = () => true): Promise<Line> {
    let over = false;
    void this.exited.then(() => {
      over = true;
    });
    for (;;) {
      const found = this.find(event, holds);
      if (found !== undefined) return found;
      if (over) throw new Error(`ended without '${event}': ${JSON.stringify(this.lines.at(-2))}`);
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
        setImmediate(() => over && resolve());
      });
    }
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.#process.kill(signal);
  }
}

export interface RunSettings {
  readonly file: string;
  readonly work: string;
  readonly network?: Network;
  readonly use?: 'batch' | 'dgram';
  readonly rate?: number;
  readonly remembered?: readonly RememberedPath[];
  readonly tree?: boolean;
  /** Where the sender writes its qlog. */
  readonly trace?: string;
}

export interface RunResult {
  readonly seconds: number;
  /** Processor seconds of both sides. */
  readonly cpu: number;
  /** The larger resident set of the two, bytes. */
  readonly memory: number;
  /** What the path was found to carry. */
  readonly measured: readonly RememberedPath[];
}

/** From the start of the sending program to its end, the receiving one being there; afterwards what arrived is compared. */
export async function runTransfer(run: RunSettings): Promise<RunResult> {
  const { file, work, network, use, rate } = run;
  const folder = join(work, 'received');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const treeOption = run.tree === undefined ? {} : { tree: run.tree };
  const { manifest } = await describe([file], treeOption);
  const shared = { id: hex(systemRandom.bytes(16)), secret: hex(systemRandom.bytes(32)) };
  const [hereA, hereB] = network === undefined ? ['127.0.0.1', '127.0.0.1'] : [network.a.address, network.b.address];
  const common = { ...shared, ...(use === undefined ? {} : { use }) };
  const receiver = new End(
    'receive',
    {
      ...common,
      folder,
      manifest: hex(manifestCodec.encode(manifest)),
      listen: { host: hereB, port: 0 },
      candidates: [],
    },
    work,
    network,
    network?.b,
  );
  const ready = await receiver.until('ready');
  const began = performance.now();
  const sender = new End(
    'send',
    {
      ...common,
      ...treeOption,
      ...(rate === undefined ? {} : { rate }),
      ...(run.remembered === undefined ? {} : { remembered: run.remembered }),
      ...(run.trace === undefined ? {} : { trace: run.trace }),
      paths: [file],
      listen: { host: hereA, port: 0 },
      candidates: [ready.address as { host: string; port: number }],
    },
    work,
    network,
    network?.a,
  );
  if ((await sender.exited) !== 0) throw new Error(`the transfer failed: ${JSON.stringify(sender.find('failed'))}`);
  const seconds = (performance.now() - began) / 1_000;
  await receiver.exited;
  if (!sameFiles(file, join(folder, basename(file)))) throw new Error('what arrived is not what was sent');
  const [a, b] = [sender.find('usage')!, receiver.find('usage')!];
  const measured = sender.lines.filter((line) => line.event === 'measured').map((line) => line.path as RememberedPath);
  return {
    seconds,
    measured,
    cpu: Number(a.cpu) + Number(b.cpu),
    memory: Math.max(Number(a.memory), Number(b.memory)),
  };
}
