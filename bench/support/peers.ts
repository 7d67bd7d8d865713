import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host, Network } from './network.js';

/** Other programs that carry a file, on the same network and to the same memory; each gives MB/s, or undefined where it is not installed. */

const MIB = 1 << 20;

export interface PeerRun {
  /** Without one: loopback. */
  readonly network: Network | undefined;
  readonly work: string;
  readonly file: string;
  readonly bytes: number;
}

export const has = (tool: string): boolean => spawnSync('which', [tool], { stdio: 'ignore' }).status === 0;

const words = (network: Network | undefined, host: Host | undefined, ...all: [string, ...string[]]) =>
  network === undefined ? ([all[0], all.slice(1)] as const) : network.on(host!, ...all);

/** At the sender's host, to its end: what it prints. */
export function run(peer: PeerRun, ...all: [string, ...string[]]): string {
  const [command, args] = words(peer.network, peer.network?.a, ...all);
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 64 * MIB });
  if (status !== 0) throw new Error(`${all[0]} failed`);
  return stdout;
}

/** At the receiver's host. */
export function serve(peer: PeerRun, ...all: [string, ...string[]]) {
  const [command, args] = words(peer.network, peer.network?.b, ...all);
  return spawn(command, args, { stdio: 'ignore' });
}

/** The receiver's. */
export const addressOf = ({ network }: PeerRun): string => network?.b.address ?? '127.0.0.1';

/** MB/s */
export function timed(bytes: number, once: () => void): number {
  const began = performance.now();
  once();
  return bytes / 1e3 / (performance.now() - began);
}

/** Plain TCP. On a slow path a few seconds say as much as the whole file. */
export async function iperf(peer: PeerRun, control: string): Promise<number | undefined> {
  if (!has('iperf3')) return undefined;
  const server = serve(peer, 'iperf3', '-s', '-1');
  try {
    await sleep(300);
    const most = `${Math.min(peer.bytes, 64 * MIB)}`;
    const text = run(peer, 'iperf3', '-c', addressOf(peer), '-n', most, '-C', control, '-J');
    const result = JSON.parse(text) as { end: { sum_received: { bits_per_second: number } } };
    return result.end.sum_received.bits_per_second / 8e6;
  } catch {
    return undefined;
  } finally {
    server.kill();
  }
}

export async function scp(peer: PeerRun, options: readonly string[]): Promise<number | undefined> {
  if (!['scp', 'sshd', 'ssh-keygen'].every(has)) return undefined;
  const folder = join(peer.work, 'ssh');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { mode: 0o700 });
  for (const name of ['host', 'user']) {
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)]);
  }
  const config = ['Port 2222', `HostKey ${join(folder, 'host')}`, `AuthorizedKeysFile ${join(folder, 'user.pub')}`];
  const more = ['StrictModes no', 'PermitRootLogin yes', 'Subsystem sftp internal-sftp', 'UsePAM no'];
  writeFileSync(join(folder, 'config'), [...config, ...more, ''].join('\n'));
  mkdirSync('/run/sshd', { recursive: true });
  const sshd = spawnSync('which', ['sshd'], { encoding: 'utf8' }).stdout.trim();
  const server = serve(peer, sshd, '-D', '-f', join(folder, 'config'));
  const received = join(peer.work, 'scp-received');
  try {
    await sleep(500);
    const known = ['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR'];
    const args = ['-q', '-P', '2222', '-i', join(folder, 'user'), ...known, ...options];
    return timed(peer.bytes, () => run(peer, 'scp', ...args, peer.file, `${addressOf(peer)}:${received}`));
  } catch {
    return undefined;
  } finally {
    server.kill();
    rmSync(received, { force: true });
  }
}

/** curl from nginx by TLS 1.3; the file goes from b to a. */
export async function curl(peer: PeerRun): Promise<number | undefined> {
  if (!['curl', 'nginx', 'openssl'].every(has)) return undefined;
  const folder = join(peer.work, 'nginx');
  mkdirSync(folder, { recursive: true });
  const [key, certificate, config] = ['key.pem', 'cert.pem', 'nginx.conf'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const subject = ['-subj', '/CN=bench', '-days', '2', '-keyout', key, '-out', certificate];
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', ...subject];
  spawnSync('openssl', made, { stdio: 'ignore' });
  const server = `server { listen 8443 ssl; ssl_certificate ${certificate}; ssl_certificate_key ${key}; ssl_protocols TLSv1.3; root ${peer.work}; }`;
  const http = `http { access_log off; sendfile on; ${server} }`;
  writeFileSync(
    config,
    `user root; worker_processes 1; daemon off; pid ${folder}/pid; error_log ${folder}/log; events {}\n${http}\n`,
  );
  const nginx = serve(peer, 'nginx', '-c', config);
  const received = join(peer.work, 'curl-received');
  try {
    for (let i = 0; i < 50 && !existsSync(join(folder, 'pid')); i++) await sleep(50);
    const url = `https://${addressOf(peer)}:8443/${peer.file.slice(peer.work.length + 1)}`;
    return timed(peer.bytes, () => run(peer, 'curl', '-skf', '--tlsv1.3', '-o', received, url));
  } catch {
    return undefined;
  } finally {
    nginx.kill();
    rmSync(received, { force: true });
  }
}
