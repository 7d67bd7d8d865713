import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { addressOf, type PeerRun, run, serve, timed } from './peers.js';

/** udx-native, plain: one stream. Not a dependency: `npm install --no-save udx-native@1.21.3`. */

const END = join(dirname(fileURLToPath(import.meta.url)), 'udx-end.js');

export function hasUdx(): boolean {
  try {
    createRequire(import.meta.url).resolve('udx-native');
    return true;
  } catch {
    return false;
  }
}

export async function udx(peer: PeerRun): Promise<number | undefined> {
  if (!hasUdx()) return undefined;
  const came = join(peer.work, 'udx-came');
  const [from, to] = [peer.network?.a.address ?? '127.0.0.1', addressOf(peer)];
  const server = serve(peer, process.execPath, END, 'receive', from, to, came);
  try {
    await sleep(500);
    const speed = timed(peer.bytes, () => run(peer, process.execPath, END, 'send', from, to, peer.file));
    return existsSync(came) && readFileSync(came).length === peer.bytes ? speed : undefined;
  } catch {
    return undefined;
  } finally {
    server.kill();
    rmSync(came, { force: true });
  }
}
