import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemRandom } from '../src/base/random.js';
import { missingTools, Network } from './support/network.js';
import { type Bench, medianOf, type Report } from './support/report.js';
import { type RunResult, runTransfer } from './support/transfer-run.js';

/**
 * One file between two hosts: a wire of 1,500 bytes without offloads, the same with the kernel's defaults, loopback, 1 % loss, and
 * a long line of 1 Gbit/s and 50 ms. From the start of the sending command to its end; files in memory, compared by SHA-256;
 * iperf3 (TCP cubic and bbr, plain) and scp beside it where they are installed.
 *
 *     P2PCHAT_BENCH_MIB=64 npm run bench -- transfer        for a short look
 */

const MIB = 1 << 20;
const LARGE = Number(process.env.P2PCHAT_BENCH_MIB ?? 1_024) * MIB;
const MEDIUM = Math.min(LARGE, 128 * MIB);
const RUNS = Number(process.env.P2PCHAT_BENCH_RUNS ?? 3);
const WAN = { oneWayMs: 25, rate: 125e6, queueBytes: 4 << 20 };
/** What of the WAN's rate is left for payload: 1,460 of 1,500 bytes by TCP. */
const WAN_LIMIT = 121.7;

const bench: Bench = async (report) => {
  const work = mkdtempSync('/dev/shm/p2pchat-bench-');
  try {
    await warmMemory(work);
    const large = makeFile(work, 'large', LARGE);
    const medium = makeFile(work, 'medium', MEDIUM);
    await own(report, 'loopback, 16 MiB', {
      file: makeFile(work, 'video', 16 * MIB),
      bytes: 16 * MIB,
      work,
      seconds: true,
    });
    await own(report, 'loopback', { file: large, bytes: LARGE, work });
    const missing = missingTools('ethtool', 'iptables', 'gcc');
    if (missing.length > 0) {
      console.log(`  left out for want of ${missing.join(', ')}: wire, veth, loss, WAN`);
      return;
    }
    await onWire(report, work, { file: large, bytes: LARGE }, { file: medium, bytes: MEDIUM });
    await onWan(report, work, { file: medium, bytes: MEDIUM });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
};
export default bench;

interface Sized {
  readonly file: string;
  readonly bytes: number;
}

interface Own extends Sized {
  readonly work: string;
  readonly network?: Network;
  readonly use?: 'dgram';
  readonly rate?: number;
  readonly limit?: number;
  /** Says how long it took instead of how fast it was. */
  readonly seconds?: boolean;
}

async function own(report: Report, name: string, run: Own): Promise<number> {
  let last: RunResult = { seconds: 0, cpu: 0, memory: 0 };
  const seconds = await medianOf(RUNS, async () => {
    last = await runTransfer(run);
    return last.seconds;
  });
  const speed = run.bytes / 1e6 / seconds;
  const perGib = (last.cpu * 1_024 * MIB) / run.bytes;
  const limit = run.limit === undefined ? '' : `${(speed / run.limit).toFixed(2)} of the limit, `;
  const note = `${limit}${perGib.toFixed(1)} s of CPU per GiB, ${Math.round(last.memory / 1e6)} MB`;
  if (run.seconds) report.add({ name: `p2pchat, ${name}`, value: seconds, unit: 's', note });
  else report.add({ name: `p2pchat, ${name}`, value: speed, unit: 'MB/s', note });
  return speed;
}

async function onWire(report: Report, work: string, large: Sized, medium: Sized): Promise<void> {
  for (const offloads of [false, true]) {
    const network = Network.wire({ offloads });
    const name = offloads ? 'veth' : 'wire';
    try {
      const speed = await own(report, name, { ...large, work, network });
      if (!offloads) await own(report, 'wire, dgram alone', { ...medium, work, network, use: 'dgram' });
      await besides(report, name, network, work, large, speed);
      if (offloads) continue;
      network.setLoss(0.01);
      const lossy = await own(report, 'wire, 1 % loss', { ...medium, work, network });
      await besides(report, 'wire, 1 % loss', network, work, medium, lossy);
    } finally {
      network.close();
    }
  }
}

async function onWan(report: Report, work: string, medium: Sized): Promise<void> {
  for (const loss of [0, 0.01]) {
    const network = await Network.wan({ ...WAN, loss });
    const name = loss === 0 ? 'WAN' : 'WAN, 1 % loss';
    try {
      const run = { ...medium, work, network, limit: WAN_LIMIT };
      const speed = await own(report, `${name}, adaptive`, run);
      await own(report, `${name}, rate given`, { ...run, rate: 117e6 });
      await besides(report, name, network, work, medium, speed);
    } finally {
      network.close();
    }
  }
}

/** Others on the same network, each with how many times as fast p2pchat was. */
async function besides(
  report: Report,
  name: string,
  network: Network,
  work: string,
  file: Sized,
  ours: number,
): Promise<void> {
  const others: [string, () => Promise<number | undefined>][] = [
    ['iperf3 TCP cubic', () => iperf(network, 'cubic', file.bytes)],
    ['iperf3 TCP bbr', () => iperf(network, 'bbr', file.bytes)],
    ['scp', () => scp(network, work, file, [])],
    ['scp aes128-gcm', () => scp(network, work, file, ['-c', 'aes128-gcm@openssh.com'])],
  ];
  for (const [other, measure] of others) {
    const speed = await measure();
    if (speed === undefined) continue;
    report.add({
      name: `${other}, ${name}`,
      value: speed,
      unit: 'MB/s',
      note: `p2pchat ${(ours / speed).toFixed(2)} ×`,
    });
  }
}

const has = (tool: string): boolean => spawnSync('which', [tool], { stdio: 'ignore' }).status === 0;

async function iperf(network: Network, control: string, bytes: number): Promise<number | undefined> {
  if (!has('iperf3')) return undefined;
  const server = spawn(...network.on(network.b, 'iperf3', '-s', '-1'), { stdio: 'ignore' });
  try {
    await sleep(300);
    // On a slow path a few seconds say as much as the whole file.
    const text = network.run(
      network.a,
      'iperf3',
      '-c',
      network.b.address,
      '-n',
      `${Math.min(bytes, 64 * MIB)}`,
      '-C',
      control,
      '-J',
    );
    const result = JSON.parse(text) as { end: { sum_received: { bits_per_second: number } } };
    return result.end.sum_received.bits_per_second / 8e6;
  } catch {
    return undefined;
  } finally {
    server.kill();
  }
}

async function scp(
  network: Network,
  work: string,
  { file, bytes }: Sized,
  options: readonly string[],
): Promise<number | undefined> {
  if (!['scp', 'sshd', 'ssh-keygen'].every(has)) return undefined;
  const folder = join(work, 'ssh');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { mode: 0o700 });
  for (const name of ['host', 'user'])
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)]);
  writeFileSync(join(folder, 'authorized'), spawnSync('cat', [join(folder, 'user.pub')]).stdout);
  const config = ['Port 2222', `HostKey ${join(folder, 'host')}`, `AuthorizedKeysFile ${join(folder, 'authorized')}`];
  const more = ['StrictModes no', 'PermitRootLogin yes', 'Subsystem sftp internal-sftp', 'UsePAM no'];
  writeFileSync(join(folder, 'config'), [...config, ...more, ''].join('\n'));
  mkdirSync('/run/sshd', { recursive: true });
  const sshd = spawnSync('which', ['sshd'], { encoding: 'utf8' }).stdout.trim();
  const server = spawn(...network.on(network.b, sshd, '-D', '-f', join(folder, 'config')), { stdio: 'ignore' });
  try {
    await sleep(500);
    const known = ['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR'];
    const target = `${network.b.address}:${join(work, 'scp-received')}`;
    const args = ['-q', '-P', '2222', '-i', join(folder, 'user'), ...known, ...options, file, target];
    const times: number[] = [];
    for (let run = 0; run < RUNS; run++) {
      const began = performance.now();
      network.run(network.a, 'scp', ...args);
      times.push((performance.now() - began) / 1_000);
    }
    return bytes / 1e6 / times.sort((a, b) => a - b)[Math.floor(RUNS / 2)]!;
  } catch {
    return undefined;
  } finally {
    server.kill();
    rmSync(join(work, 'scp-received'), { force: true });
  }
}

function makeFile(work: string, name: string, bytes: number): string {
  const path = join(work, name);
  const fd = openSync(path, 'w');
  const piece = systemRandom.bytes(MIB);
  for (let i = 0; i < bytes / MIB; i++) {
    piece[0] = i & 255;
    piece[1] = i >> 8;
    writeSync(fd, piece);
  }
  closeSync(fd);
  return path;
}

/** Memory which a virtual machine has never touched is far slower than a network. */
async function warmMemory(work: string): Promise<void> {
  const path = makeFile(work, 'warm', 3 * LARGE);
  rmSync(path);
}
