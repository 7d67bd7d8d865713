import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { addressOf, has, type PeerRun, run, serve, timed } from './peers.js';

/** uftp to one receiver, AES-256-GCM. It has to be told a rate: the best of those tried. */

/** kbit/s */
const RATES = [800_000, 1_400_000, 2_400_000];

export async function uftp(peer: PeerRun): Promise<number | undefined> {
  if (!['uftp', 'uftpd'].every(has)) return undefined;
  const speeds: number[] = [];
  for (const rate of RATES) speeds.push((await once(peer, rate)) ?? 0);
  const best = Math.max(...speeds);
  return best === 0 ? undefined : best;
}

async function once(peer: PeerRun, rate: number): Promise<number | undefined> {
  const folder = join(peer.work, 'uftp');
  mkdirSync(folder, { recursive: true });
  const device = ['-I', peer.network === undefined ? 'lo' : 'w'] as const;
  const server = serve(peer, 'uftpd', '-d', '-D', folder, ...device);
  try {
    await sleep(500);
    const sealed = ['-Y', 'aes256-gcm', '-h', 'sha256'] as const;
    const sent = ['-R', `${rate}`, '-b', '1400', '-M', addressOf(peer), '-P', addressOf(peer)] as const;
    return timed(peer.bytes, () => run(peer, 'uftp', ...device, ...sealed, ...sent, peer.file));
  } catch {
    return undefined;
  } finally {
    server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}
