import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { missingTools, Network } from '../../bench/support/network.js';
import { onHosts } from '../support/hosts.js';
import type { Said } from '../support/processes.js';

const BOOT_ID = '/proc/sys/kernel/random/boot_id';
const SIZE = 12_000_000;

const missing = missingTools('ethtool', 'unshare', 'mount');
const skip = missing.length > 0 ? `needs ${missing.join(', ')}` : !otherBoot() && `needs to mount over ${BOOT_ID}`;

/** Whether a process can be shown the id of another boot. */
function otherBoot(): boolean {
  return spawnSync('unshare', ['-m', 'mount', '--bind', '/dev/null', BOOT_ID], { stdio: 'ignore' }).status === 0;
}

const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

test('U8 both machines start anew in mid-transfer: what had not reached the disk comes again, at most 5 %', {
  skip,
}, async (t) => {
  const network = Network.wire();
  await onHosts(network, network.a, async ({ stage, anna, bert, receiving, folder, file }) => {
    const path = file('rebooted.bin', SIZE);
    const came = (): number => Number(network.run(network.b, 'cat', '/sys/class/net/w/statistics/rx_bytes'));
    const before = came();
    const sending = anna.start(['file', 'bert', path, '--rate', '6MB/s']);
    const inTheMiddle = ({ event, bytes }: Said): boolean => event === 'transfer' && Number(bytes) > 0.6 * SIZE;
    const { id } = await receiving.event(inTheMiddle);
    await Promise.all([receiving.kill('SIGKILL'), sending.kill('SIGKILL')]);
    for (const [person, host] of [[anna, network.a] as const, [bert, network.b] as const]) {
      const boot = stage.workshop.file('00000000-0000-4000-8000-000000000000\n');
      const shown = `mount --bind ${boot} ${BOOT_ID} && exec "$@"`;
      person.within = [...network.within(host), 'unshare', '-m', 'sh', '-c', shown, 'sh'];
    }
    const [atAnna, atBert] = await Promise.all([anna.listen(), bert.listen('--to', folder)]);
    const done = (said: Said): boolean => said.id === id && said.state === 'done';
    await Promise.all([atAnna.event(done), atBert.event(done)]);
    assert.equal(sha256(join(folder, 'rebooted.bin')), sha256(path));
    // Headers, and besides them handshakes, messages and the directory's answers.
    const again = (came() - before - 250_000) / (SIZE * (1_514 / 1_444)) - 1;
    t.diagnostic(`${(again * 100).toFixed(1)} % again`);
    assert.ok(again <= 0.05, `${again * 100} % again`);
  });
});
