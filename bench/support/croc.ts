import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { addressOf, has, type PeerRun, run, serve, timed } from './peers.js';

/** croc 10 without compression, by a relay of its own beside the receiver. It is not in Debian 12. */

const CODE = '1234-bench-mark-croc';

export async function croc(peer: PeerRun): Promise<number | undefined> {
  if (!has('croc')) return undefined;
  const folder = join(peer.work, 'croc');
  mkdirSync(folder, { recursive: true });
  const home = (side: string): [string, string, string] => [
    'env',
    `CROC_CONFIG_DIR=${join(folder, side)}`,
    `CROC_SECRET=${CODE}`,
  ];
  const relay = ['--relay', `${addressOf(peer)}:9009`, '--no-compress', '--yes', '--internal-dns'] as const;
  const servers = [serve(peer, ...home('relay'), 'croc', 'relay', '--ports', '9009,9010,9011,9012,9013')];
  try {
    await sleep(1_000);
    return timed(peer.bytes, () => {
      // The receiver looks for the sender again and again; the sender waits for it.
      const waits = ['sh', '-c', 'sleep 0.5; exec "$@"', 'sh'] as const;
      const here = [...home('receive'), 'croc', ...relay, '--out', folder] as const;
      servers.push(serve(peer, ...waits, ...here));
      run(peer, ...home('send'), 'croc', ...relay, 'send', '--no-local', peer.file);
    });
  } catch {
    return undefined;
  } finally {
    for (const server of servers) server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}
