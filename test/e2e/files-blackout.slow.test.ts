import { test } from 'node:test';
import { missingTools, Network } from '../../bench/support/network.js';
import { arrived, onHosts, transfer } from '../support/hosts.js';

const missing = missingTools('ethtool');

test('U8 thirty seconds without network in mid-transfer are waited out by whole programs, at most 5 % sent again', {
  skip: missing.length > 0 && `needs ${missing.join(', ')}`,
}, async (t) => {
  const network = Network.wire();
  await onHosts(network, network.a, async ({ anna, receiving, folder, file }) => {
    const size = 24_000_000;
    const path = file('blackout.bin', size);
    const sending = anna.start(['file', 'bert', path, '--rate', '6MB/s']);
    await receiving.event((said) => transfer('running')(said) && Number(said.bytes) > size / 3);
    network.setDown(true);
    await new Promise((resolve) => setTimeout(resolve, 30_000));
    network.setDown(false);
    arrived(await sending.ended, path, folder);
    const came = Number(network.run(network.b, 'cat', '/sys/class/net/w/statistics/rx_bytes'));
    t.diagnostic(`${came} bytes came for ${size}`);
    if (came > size * (1_514 / 1_444) * 1.05 + 500_000) throw new Error(`${came} bytes came for ${size}`);
  });
});
