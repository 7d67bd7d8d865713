import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { missingTools, Network } from '../../bench/support/network.js';
import type { EndSettings } from '../../bench/support/transfer-end.js';
import { End } from '../../bench/support/transfer-run.js';
import { hex } from '../../src/base/bytes.js';
import { systemRandom } from '../../src/base/random.js';
import { describe } from '../../src/transfer/transfer.js';
import { manifestCodec } from '../../src/wire/transfer-manifest.js';

/** Whole programs on hosts of their own: network namespaces, made and removed by each test. */

const missing = missingTools('ethtool', 'iptables');
const skip = missing.length > 0 ? `needs ${missing.join(', ')}` : false;
const work = mkdtempSync(join(tmpdir(), 'p2pchat-network-'));
after(() => rmSync(work, { recursive: true, force: true }));

interface Sides {
  readonly network: Network;
  readonly path: string;
  sender: End;
  receiver: End;
  readonly folder: string;
  /** Starts a side again, as it was. */
  startReceiver(): Promise<void>;
  startSender(): void;
}

const ends = new Set<End>();

/** The receiver listens on a fixed port of its own host, so that it is found again after a new start. */
async function sides(network: Network, name: string, bytes: number, rate?: number): Promise<Sides> {
  const path = join(work, name);
  writeFileSync(path, systemRandom.bytes(bytes));
  const { manifest } = await describe([path]);
  const shared = { id: hex(systemRandom.bytes(16)), secret: hex(systemRandom.bytes(32)) };
  const folder = join(work, `${name}-in`);
  const listen = { host: '0.0.0.0', port: 4_444 };
  const at = (host: { address: string }) => [{ host: host.address, port: 4_444 }];
  const encoded = hex(manifestCodec.encode(manifest));
  const receiving: EndSettings = { ...shared, listen, candidates: at(network.a), folder, manifest: encoded };
  const sending: EndSettings = {
    ...shared,
    listen,
    candidates: at(network.b),
    paths: [path],
    ...(rate ? { rate } : {}),
  };
  const start = (role: 'send' | 'receive', settings: EndSettings): End => {
    const end = new End(role, settings, work, network, role === 'send' ? network.a : network.b);
    ends.add(end);
    return end;
  };
  const receiver = start('receive', receiving);
  await receiver.until('ready');
  const both: Sides = {
    network,
    path,
    folder,
    receiver,
    sender: start('send', sending),
    async startReceiver() {
      both.receiver = start('receive', receiving);
      await both.receiver.until('ready');
    },
    startSender() {
      both.sender = start('send', sending);
    },
  };
  return both;
}

const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

async function arrives(both: Sides): Promise<void> {
  const done = await both.receiver.until('done');
  const [file] = done.files as { path: string; sha256: string }[];
  assert.equal(file!.sha256, sha256(both.path));
  assert.equal(sha256(file!.path), file!.sha256);
  assert.equal(await both.sender.exited, 0);
  await both.receiver.exited;
}

async function on(network: Network, use: () => Promise<void>): Promise<void> {
  try {
    await use();
  } finally {
    for (const end of ends) {
      end.kill();
      await end.exited;
    }
    ends.clear();
    network.close();
  }
}

const running = (bytes: number) => (line: { readonly [field: string]: unknown }) =>
  (line.progress as { bytes: number }).bytes >= bytes;

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
