import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingTools, Network } from '../../bench/support/network.js';
import { arrived, onHosts, transfer } from '../support/hosts.js';
import { shareLink } from '../support/shared-link.js';

/** A directory and two people, each on a host of its own, and what networks do to them. */

const missing = missingTools('ethtool', 'iptables', 'tc');
const skip = missing.length > 0 && `needs ${missing.join(', ')}`;

test('U7 the receiver gets another address in mid-transfer: on within 3 s', { skip }, async () => {
  const network = Network.wire();
  await onHosts(network, network.a, async ({ anna, receiving, folder, file }) => {
    const path = file('moved.bin', 12_000_000);
    const sending = anna.start(['file', 'bert', path, '--rate', '3MB/s']);
    const { bytes } = await receiving.event((said) => transfer('running')(said) && Number(said.bytes) > 2_000_000);
    network.run(network.b, 'ip', 'addr', 'del', '10.77.0.2/24', 'dev', 'w');
    network.run(network.b, 'ip', 'addr', 'add', '10.77.0.9/24', 'dev', 'w');
    const movedAt = performance.now();
    // More than can have been on its way when the address changed.
    await receiving.event((said) => transfer('running')(said) && Number(said.bytes) > Number(bytes) + 2_000_000);
    assert.ok(performance.now() - movedAt < 3_000, `${performance.now() - movedAt} ms`);
    arrived(await sending.ended, path, folder);
  });
});

test('U6 on a line of 10 Mbit/s a TCP flow keeps at least 30 % beside a transfer, and both get something', {
  skip,
}, async (t) => {
  const { tcp, transfer: own, chat } = await shareLink({ settleMs: 3_000, measureMs: 4_000 });
  t.diagnostic(`TCP ${Math.round(tcp / 1e3)} kB/s, transfer ${Math.round(own / 1e3)} kB/s, ${chat.length} messages`);
  assert.ok(tcp >= 0.3 * (tcp + own), `${tcp} of ${tcp + own}`);
  assert.ok(own > 0 && chat.length > 0);
});
