import { readFileSync } from 'node:fs';
import { onHosts, transfer } from '../test/support/hosts.js';
import { missingTools, Network } from './support/network.js';
import { medianOf, type Report, runParts } from './support/report.js';

/**
 * Files by a relay, whole programs on hosts of their own: each person behind a NAT, the directory with its relay between them.
 * All of it shares this machine's processors. Quotas of the relay are set so high that they play no part; buffers, congestion
 * control (BBR) and encryption are the defaults, files are durable, and packets are of 1,500 bytes without offloads.
 */

const MIB = 1 << 20;
const RUNS = 3;
const BYTES = 256 * MIB;
const UNBOUNDED = ['--relay-quota', '1TiB', '--relay-day', '10TiB', '--relay-rate', '10GB/s'];

/** Every packet on every wire is at most 1,500 bytes. */
function withoutOffloads(network: ReturnType<typeof Network.nats>): void {
  const tag = network.a.name.slice(0, -1);
  const wires: readonly (readonly [string, string])[] = [
    [network.a.name, 'w'],
    [network.b.name, 'w'],
    [network.middle.name, 'ia'],
    [network.middle.name, 'ib'],
    ...['n', 'm'].flatMap((nat) => ['lan', 'wan'].map((wire) => [`${tag}${nat}`, wire] as const)),
  ];
  const off = ['tso', 'off', 'gso', 'off', 'gro', 'off', 'tx-udp-segmentation', 'off'];
  for (const [name, wire] of wires) network.run({ name, address: '' }, 'ethtool', '-K', wire, ...off);
}

/** Seconds of processor time that a process has used. */
function processorTime(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** MB/s of a file from anna to bert, and what the directory's process used for it a GiB. */
async function rateOf(random: boolean): Promise<{ rate: number; cpu: number; path: string }> {
  const network = Network.nats({ a: random, b: random });
  withoutOffloads(network);
  let [rate, cpu, path] = [0, 0, ''];
  const play: Parameters<typeof onHosts>[2] = async ({ stage, anna, file }) => {
    const name = file('large.bin', BYTES);
    const before = processorTime(stage.directory.child.pid!);
    rate = await medianOf(RUNS, async () => {
      const { events } = await anna.run(['file', 'bert', name, '--timeout', '120', '--listen', '0.0.0.0:0']);
      const done = events.at(-1)!;
      path = String(done.path);
      return Number(done.rate) / 1e6;
    });
    cpu = ((processorTime(stage.directory.child.pid!) - before) * 1024 * MIB) / (RUNS * BYTES);
  };
  await onHosts(network, network.middle, play, ...UNBOUNDED);
  return { rate, cpu, path };
}

const PARTS = {
  async first(report: Report): Promise<void> {
    const network = Network.nats({ a: true, b: true });
    const play: Parameters<typeof onHosts>[2] = async ({ anna, receiving, file }) => {
      let round = 0;
      const value = await medianOf(5, async () => {
        const name = `small-${round++}.bin`;
        const began = performance.now();
        anna.start(['file', 'bert', file(name, 1_000)]);
        await receiving.event((said) => transfer('done')(said) && JSON.stringify(said).includes(name));
        return Math.round(performance.now() - began);
      });
      const note = 'from the start of the command to the end of a file of 1 kB on the disk, two random-port NATs';
      report.add({ name: 'command to first byte by the relay', value, unit: 'ms', note });
    };
    await onHosts(network, network.middle, play);
  },

  async rate(report: Report): Promise<void> {
    const direct = await rateOf(false);
    const relay = await rateOf(true);
    const note = `median of ${RUNS} files of ${BYTES / MIB} MiB`;
    report.add({ name: `rate, path ${direct.path}`, value: direct.rate, unit: 'MB/s', note });
    report.add({ name: `rate, path ${relay.path}`, value: relay.rate, unit: 'MB/s', note });
    report.add({ name: 'relay against direct', value: relay.rate / direct.rate, unit: '×' });
    report.add({ name: 'relay, processor time', value: relay.cpu, unit: 's/GiB', note: 'the whole directory process' });
  },
};

export default async function bench(report: Report, parts: readonly string[]): Promise<void> {
  const missing = missingTools('ethtool', 'iptables');
  if (missing.length > 0) throw new Error(`needs ${missing.join(', ')}`);
  await runParts(PARTS, report, parts);
}
