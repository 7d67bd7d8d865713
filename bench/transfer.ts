import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { RememberedPath } from '../src/transfer/transfer.js';
import { ChatPair } from './support/chat-latency.js';
import { makeFile, warmMemory } from './support/memory-files.js';
import { missingTools, Network } from './support/network.js';
import { besides, FILES, missingOthers, PLAIN, SLOW } from './support/others.js';
import { type Bench, medianOf, type Report } from './support/report.js';
import { type RunResult, runTransfer } from './support/transfer-run.js';

/**
 * One file between two hosts: a wire of 1,500 bytes without offloads, the same with the kernel's defaults, loopback, 1 % loss, and
 * a long line of 1 Gbit/s and 50 ms. From the start of the sending command to its end; files in memory; other programs beside
 * it where they are installed.
 *
 *     npm run bench -- transfer:wire,loss                  only these parts
 *     P2PCHAT_BENCH_MIB=64 npm run bench -- transfer       for a short look
 */

const MIB = 1 << 20;
const LARGE = Number(process.env.P2PCHAT_BENCH_MIB ?? 1_024) * MIB;
const MEDIUM = Math.min(LARGE, 128 * MIB);
const RUNS = Number(process.env.P2PCHAT_BENCH_RUNS ?? 3);
const WAN = { oneWayMs: 25, rate: 125e6, queueBytes: 4 << 20 };
/** What of the WAN's rate is left for payload: 1,460 of 1,500 bytes by TCP. */
const WAN_LIMIT = 121.7;
const WAN_RATE = 119e6;

type Part = (report: Report, work: string) => Promise<void>;

const PARTS: Readonly<Record<string, Part>> = {
  video: async (report, work) => {
    await own(report, 'loopback, 16 MiB', { ...sized(work, 16 * MIB), work, seconds: true });
  },
  lo: async (report, work) => {
    const file = sized(work, LARGE);
    const speed = await own(report, 'loopback', { ...file, work });
    await besides(report, 'loopback', { ...file, work, network: undefined }, speed, FILES, RUNS);
  },
  wire: (report, work) => onWire(report, work, 'wire', LARGE, { offloads: false }),
  veth: (report, work) => onWire(report, work, 'veth', LARGE, { offloads: true }),
  loss: (report, work) => onWire(report, work, 'wire, 1 % loss', MEDIUM, { offloads: false, loss: 0.01 }),
  dgram: async (report, work) => {
    await withNetwork(Network.wire({ offloads: false }), async (network) => {
      await own(report, 'wire, dgram alone', { ...sized(work, LARGE), work, network, use: 'dgram' });
    });
  },
  wan: (report, work) => onWan(report, work, 'WAN', 0),
  /** Long enough that the start of a program does not count. */
  'wan-long': async (report, work) => {
    await withNetwork(await Network.wan({ ...WAN, loss: 0 }), async (network) => {
      await onLine(report, work, 'WAN', network, LARGE);
    });
  },
  'wan-loss': (report, work) => onWan(report, work, 'WAN, 1 % loss', 0.01),
  growth: async (report, work) => {
    for (const mib of [1, 16, 128, 1_024, 10_240]) {
      if (mib * MIB > 10 * LARGE) continue;
      const file = sized(work, mib * MIB);
      await own(report, `loopback, ${mib} MiB`, { ...file, work, runs: mib > 1_024 ? 1 : RUNS });
      rmSync(file.file);
    }
  },
  many,
  chat,
};

const NEEDS_NETWORK = new Set(['wire', 'veth', 'loss', 'dgram', 'wan', 'wan-long', 'wan-loss']);

const bench: Bench = async (report, parts = []) => {
  const absent = missingOthers();
  if (absent.length > 0) console.log(`  left out, not installed: ${absent.join('; ')}`);
  const wrong = parts.filter((part) => PARTS[part] === undefined);
  if (wrong.length > 0) throw new Error(`no part '${wrong[0]}'; there are ${Object.keys(PARTS).join(', ')}`);
  const missing = missingTools('ethtool', 'iptables', 'gcc');
  for (const part of parts.length > 0 ? parts : Object.keys(PARTS)) {
    if (missing.length > 0 && NEEDS_NETWORK.has(part)) {
      console.log(`  ${part}: left out for want of ${missing.join(', ')}`);
      continue;
    }
    const work = mkdtempSync('/dev/shm/p2pchat-bench-');
    try {
      await PARTS[part]!(report, work);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
};
export default bench;

interface Sized {
  readonly file: string;
  readonly bytes: number;
}

const sized = (work: string, bytes: number): Sized => ({ file: makeFile(work, `${bytes / MIB}-mib`, bytes), bytes });

interface Own extends Sized {
  readonly work: string;
  readonly network?: Network;
  readonly use?: 'dgram';
  readonly rate?: number;
  /** What the path carried in an earlier run; and where to note what it carries in this. */
  readonly remembered?: readonly RememberedPath[];
  readonly measured?: RememberedPath[];
  readonly limit?: number;
  readonly runs?: number;
  /** Says how long it took instead of how fast it was. */
  readonly seconds?: boolean;
}

async function own(report: Report, name: string, run: Own): Promise<number> {
  const results: RunResult[] = [];
  const seconds = await medianOf(run.runs ?? RUNS, async () => {
    rmSync(join(run.work, 'received'), { recursive: true, force: true });
    warmMemory(run.work, run.bytes);
    results.push(await runTransfer(run));
    run.measured?.push(...results.at(-1)!.measured);
    return results.at(-1)!.seconds;
  });
  const { cpu, memory } = results.find((result) => result.seconds === seconds)!;
  const speed = run.bytes / 1e6 / seconds;
  const perGib = (cpu * 1_024 * MIB) / run.bytes;
  const limit = run.limit === undefined ? '' : `${(speed / run.limit).toFixed(2)} of the limit, `;
  const note = `${limit}${perGib.toFixed(1)} s of CPU per GiB, ${Math.round(memory / 1e6)} MB`;
  if (run.seconds) report.add({ name: `p2pchat, ${name}`, value: seconds, unit: 's', note });
  else report.add({ name: `p2pchat, ${name}`, value: speed, unit: 'MB/s', note });
  return speed;
}

async function withNetwork(network: Network, use: (network: Network) => Promise<void>): Promise<void> {
  try {
    await use(network);
  } finally {
    network.close();
  }
}

interface WireSettings {
  readonly offloads: boolean;
  readonly loss?: number;
}

async function onWire(
  report: Report,
  work: string,
  name: string,
  bytes: number,
  settings: WireSettings,
): Promise<void> {
  await withNetwork(Network.wire(settings), async (network) => {
    if (settings.loss !== undefined) network.setLoss(settings.loss);
    const file = sized(work, bytes);
    const speed = await own(report, name, { ...file, work, network });
    await besides(report, name, { ...file, work, network }, speed, [...FILES, ...PLAIN], RUNS);
  });
}

async function onWan(report: Report, work: string, name: string, loss: number): Promise<void> {
  await withNetwork(await Network.wan({ ...WAN, loss }), async (network) => {
    const speed = await onLine(report, work, name, network, MEDIUM);
    const file = sized(work, MEDIUM);
    await besides(report, name, { ...file, work, network }, speed, [...SLOW, ...PLAIN], 1);
  });
}

/** @returns how fast it was without a rate given */
async function onLine(report: Report, work: string, name: string, network: Network, bytes: number): Promise<number> {
  const run = { ...sized(work, bytes), work, network, limit: WAN_LIMIT };
  const long = bytes === MEDIUM ? name : `${name}, ${bytes / MIB} MiB`;
  const measured: RememberedPath[] = [];
  const speed = await own(report, `${long}, adaptive`, { ...run, measured });
  await own(report, `${long}, adaptive, again`, { ...run, remembered: measured.slice(-1) });
  await own(report, `${long}, rate given`, { ...run, rate: WAN_RATE });
  return speed;
}

/** Several transfers at once between processes of their own, on loopback. */
async function many(report: Report, work: string): Promise<void> {
  for (const count of [1, 4, 16]) {
    const file = sized(work, MEDIUM / 2);
    warmMemory(work, count * file.bytes);
    const began = performance.now();
    const folders = Array.from({ length: count }, () => mkdtempSync(join(work, 'many-')));
    const results = await Promise.all(folders.map((folder) => runTransfer({ file: file.file, work: folder })));
    const seconds = (performance.now() - began) / 1_000;
    const memory = Math.max(...results.map((result) => result.memory));
    const note = `${Math.round(memory / 1e6)} MB at most on a side, slowest ${Math.max(...results.map((r) => r.seconds)).toFixed(1)} s`;
    report.add({
      name: `p2pchat, ${count} at once, all`,
      value: (count * file.bytes) / 1e6 / seconds,
      unit: 'MB/s',
      note,
    });
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  }
}

/** Messages while the same loopback is full. */
async function chat(report: Report, work: string): Promise<void> {
  const pair = await ChatPair.open(work);
  try {
    for (let i = 0; i < 50; i++) await pair.message();
    const idle: number[] = [];
    for (let i = 0; i < 300; i++) idle.push(await pair.message());
    const file = sized(work, 2 * LARGE);
    let running = true;
    const transfer = runTransfer({ file: file.file, work }).finally(() => {
      running = false;
    });
    const busy: number[] = [];
    while (running) busy.push(await pair.message());
    await transfer;
    for (const [name, times] of [
      ['idle', idle],
      ['during a transfer', busy],
    ] as const) {
      const sorted = times.sort((a, b) => a - b);
      const note = `p50 ${sorted[Math.floor(sorted.length / 2)]!.toFixed(1)} ms, ${sorted.length} messages`;
      report.add({ name: `message, ${name}, p99`, value: sorted[Math.floor(sorted.length * 0.99)]!, unit: 'ms', note });
    }
  } finally {
    await pair.close();
  }
}
