import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Network } from '../../bench/support/network.js';
import { arrives, on, running, sides, skip } from '../support/sides.js';

/** Whole programs on hosts of their own: network namespaces, made and removed by each test. */

for (const loss of [0.01, 0.1, 0.3]) {
  test(`U4 ${loss * 100} % loss on a real network leaves the content whole`, { skip }, async () => {
    const network = Network.wire();
    await on(network, async () => {
      network.setLoss(loss);
      await arrives(await sides(network, `loss-${loss}`, 4_000_000));
    });
  });
}

test('U8 the receiver is killed and started anew: it goes on, with at most 5 % sent again', { skip }, async () => {
  const network = Network.wire();
  await on(network, async () => {
    const size = 24_000_000;
    const both = await sides(network, 'killed-receiver', size, 12e6);
    await both.receiver.until('progress', running(size / 2));
    const before = received(network);
    both.receiver.kill('SIGKILL');
    await both.receiver.exited;
    await both.startReceiver();
    await arrives(both);
    assert.ok(before > size / 2);
    const overhead = 1_514 / 1_444;
    assert.ok(received(network) < size * overhead * 1.05 + 200_000, `${received(network)} bytes came`);
  });
});

/** Bytes that host b has taken in. */
function received(network: Network): number {
  const text = network.run(network.b, 'cat', '/sys/class/net/w/statistics/rx_bytes');
  return Number(text.trim());
}

test('U8 the sender is killed and started anew: it goes on', { skip }, async () => {
  const network = Network.wire();
  await on(network, async () => {
    const both = await sides(network, 'killed-sender', 12_000_000, 8e6);
    await both.receiver.until('progress', running(4_000_000));
    both.sender.kill('SIGKILL');
    await both.sender.exited;
    both.startSender();
    await arrives(both);
  });
});

test('U8 some seconds without network are waited out', { skip }, async () => {
  const network = Network.wire();
  await on(network, async () => {
    const both = await sides(network, 'blackout', 12_000_000, 8e6);
    await both.receiver.until('progress', running(3_000_000));
    network.setDown(true);
    // Long enough for both sides to give the session up and to look for each other again.
    await both.sender.until('state', (line) => line.state === 'connecting' && line !== both.sender.lines[1]);
    network.setDown(false);
    await arrives(both);
  });
});

test('U7 the receiver gets another address in mid-transfer: on within 3 s', { skip }, async () => {
  const network = Network.wire();
  await on(network, async () => {
    const both = await sides(network, 'moved', 16_000_000, 6e6);
    await both.receiver.until('progress', running(3_000_000));
    network.run(network.b, 'ip', 'addr', 'del', '10.77.0.2/24', 'dev', 'w');
    network.run(network.b, 'ip', 'addr', 'add', '10.77.0.9/24', 'dev', 'w');
    const movedAt = performance.now();
    await both.sender.until('progress', (line) => (line.progress as { path: string }).path.startsWith('10.77.0.9'));
    assert.ok(performance.now() - movedAt < 3_000);
    await arrives(both);
  });
});

test('through two NATs that keep ports a hole is punched', { skip }, async () => {
  const network = Network.nats({ a: false, b: false });
  await on(network, async () => {
    await arrives(await sides(network, 'punched', 1_000_000, undefined, network.outside));
  });
});

test('two NATs that choose ports at random are said to block it', { skip }, async () => {
  const network = Network.nats({ a: true, b: true });
  await on(network, async () => {
    const both = await sides(network, 'unpunched', 1_000, undefined, network.outside, 3_000);
    await both.sender.until('blocked');
    const failed = await both.sender.until('failed');
    assert.match(JSON.stringify(failed), /could not be reached|failed/);
  });
});
