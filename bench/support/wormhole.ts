import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { addressOf, has, type PeerRun, run, serve, timed } from './peers.js';

/** magic-wormhole, with a mailbox server and a transit relay of its own beside the receiver; the two meet directly. */

const CODE = '1-bench-mark';

/** Whether twist knows the servers, which are packages of their own. */
function hasServers(): boolean {
  const { stdout } = spawnSync('twist3', ['--help'], { encoding: 'utf8' });
  return ['wormhole-mailbox', 'transitrelay'].every((server) => stdout.includes(server));
}

export const hasWormhole = (): boolean => ['wormhole', 'twist3'].every(has) && hasServers();

export async function wormhole(peer: PeerRun): Promise<number | undefined> {
  if (!hasWormhole()) return undefined;
  const folder = join(peer.work, 'wormhole');
  mkdirSync(folder, { recursive: true });
  const store = `--channel-db=${join(folder, 'mailbox.sqlite')}`;
  const meeting = [
    '--relay-url',
    `ws://${addressOf(peer)}:4000/v1`,
    '--transit-helper',
    `tcp:${addressOf(peer)}:4001`,
  ] as const;
  const servers = [
    serve(peer, 'twist3', 'wormhole-mailbox', '--port=tcp:4000', store),
    serve(peer, 'twist3', 'transitrelay', '--port=tcp:4001'),
  ];
  try {
    await sleep(2_500);
    servers.push(serve(peer, 'wormhole', ...meeting, 'receive', '--accept-file', '-o', join(folder, 'came'), CODE));
    await sleep(1_500);
    return timed(peer.bytes, () =>
      run(peer, 'wormhole', ...meeting, 'send', '--hide-progress', '--code', CODE, peer.file),
    );
  } catch {
    return undefined;
  } finally {
    for (const server of servers) server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}
