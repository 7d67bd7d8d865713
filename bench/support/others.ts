import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { croc } from './croc.js';
import { warmMemory } from './memory-files.js';
import { curl, has, iperf, type PeerRun, scp } from './peers.js';
import { medianOf, type Report } from './report.js';
import { hasUdx, udx } from './udx.js';
import { uftp } from './uftp.js';
import { hasWormhole, wormhole } from './wormhole.js';

/** What p2pchat is compared with, side by side on the same network. */

type Measure = (peer: PeerRun) => Promise<number | undefined>;
export type Other = readonly [name: string, measure: Measure];

const SCP: Other = ['scp', (peer) => scp(peer, [])];
const CURL: Other = ['curl from nginx, TLS 1.3', curl];
const WORMHOLE: Other = ['magic-wormhole', wormhole];
const CROC: Other = ['croc, no compression', croc];
const UDX: Other = ['udx-native (plain)', udx];
const UFTP: Other = ['uftp, aes256-gcm, best rate', uftp];

export const FILES: readonly Other[] = [
  SCP,
  ['scp aes128-gcm', (peer) => scp(peer, ['-c', 'aes128-gcm@openssh.com'])],
  CURL,
  WORMHOLE,
  CROC,
  UDX,
  UFTP,
];
/** On lines where a run takes long. */
export const SLOW: readonly Other[] = [SCP, WORMHOLE, CROC, UDX];
export const PLAIN: readonly Other[] = [
  ['iperf3 TCP bbr', (peer) => iperf(peer, 'bbr')],
  ['iperf3 TCP cubic', (peer) => iperf(peer, 'cubic')],
];

const NEEDED: readonly (readonly [name: string, there: () => boolean])[] = [
  ['scp', () => ['scp', 'sshd', 'ssh-keygen'].every(has)],
  ['curl with nginx', () => ['curl', 'nginx', 'openssl'].every(has)],
  ['iperf3', () => has('iperf3')],
  ['magic-wormhole with its mailbox server and transit relay', hasWormhole],
  ['croc (not in Debian 12)', () => has('croc')],
  ['udx-native (npm install --no-save udx-native@1.21.3)', hasUdx],
  ['uftp', () => ['uftp', 'uftpd'].every(has)],
];

/** By name, what cannot be compared with here. */
export const missingOthers = (): string[] => NEEDED.filter(([, there]) => !there()).map(([name]) => name);

/** Others on the same network, each with how many times as fast p2pchat was. */
export async function besides(
  report: Report,
  name: string,
  peer: PeerRun,
  ours: number,
  others: readonly Other[],
  runs: number,
): Promise<void> {
  rmSync(join(peer.work, 'received'), { recursive: true, force: true });
  for (const [other, measure] of others) {
    const speed = await medianOf(runs, async () => {
      warmMemory(peer.work, peer.bytes);
      return (await measure(peer)) ?? Number.NaN;
    });
    if (Number.isNaN(speed)) {
      console.log(`  ${other}, ${name}: left out, not installed or failed`);
      continue;
    }
    const note = `p2pchat ${(ours / speed).toFixed(2)} ×`;
    report.add({ name: `${other}, ${name}`, value: speed, unit: 'MB/s', note });
  }
}
