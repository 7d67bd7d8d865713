import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { missingTools, Network } from '../../bench/support/network.js';
import { systemRandom } from '../../src/base/random.js';
import type { Ended, Running, Said } from '../support/processes.js';
import { errorCode, type Person, Stage } from '../support/stage.js';

/** A directory and two people, each on a host of its own, and what networks do to them. */

const missing = missingTools('ethtool', 'iptables');
const skip = missing.length > 0 && `needs ${missing.join(', ')}`;

interface Scene {
  readonly stage: Stage;
  readonly anna: Person;
  readonly bert: Person;
  /** Bert's `listen`, and where what it takes goes. */
  readonly receiving: Running;
  readonly folder: string;
  file(name: string, bytes: number): string;
}

/** @param at the host of the directory */
async function on(network: Network, at: { name: string; address: string }, play: (scene: Scene) => Promise<void>) {
  const stage = new Stage();
  stage.host = at.address;
  stage.within = network.within(at);
  try {
    await stage.open();
    const [anna, bert] = await Promise.all([
      stage.registeredOn('anna', network.within(network.a)),
      stage.registeredOn('bert', network.within(network.b)),
    ]);
    const folder = join(stage.workshop.folder, 'in');
    const receiving = await bert.listen('--accept', 'all', '--to', folder);
    const file = (name: string, bytes: number): string => {
      const path = join(stage.workshop.folder, name);
      writeFileSync(path, systemRandom.bytes(bytes));
      return path;
    };
    await play({ stage, anna, bert, receiving, folder, file });
  } finally {
    await stage.close();
    network.close();
  }
}

const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');
const transfer =
  (state: string) =>
  (said: Said): boolean =>
    said.event === 'transfer' && said.state === state;

function arrived({ status, events }: Ended, path: string, folder: string): void {
  assert.deepEqual([status, events.at(-1)?.state], [0, 'done']);
  assert.equal(sha256(join(folder, path.split('/').at(-1)!)), sha256(path));
}

test('N2 through two NATs that keep ports a hole is punched, with what the directory saw', { skip }, async () => {
  const network = Network.nats({ a: false, b: false });
  await on(network, network.middle, async ({ anna, folder, file }) => {
    const path = file('punched.bin', 2_000_000);
    const ended = await anna.run(['file', 'bert', path, '--timeout', '25', '--listen', '0.0.0.0:0']);
    arrived(ended, path, folder);
    assert.equal(ended.events.at(-1)?.path, 'direct');
  });
});

test('N2 where a NAT changes ports, it is said so, and what to do', { skip }, async () => {
  const network = Network.nats({ a: false, b: true });
  await on(network, network.middle, async ({ anna, receiving, file }) => {
    const ended = await anna.run(['file', 'bert', file('no-way.bin', 1_000), '--timeout', '9']);
    assert.deepEqual([ended.status, errorCode(ended)], [9, 'transfer-timeout']);
    const waiting = ended.events.findLast(transfer('accepted'))?.waiting as Record<string, string> | undefined;
    assert.equal(waiting?.code, 'nat-changes-ports');
    assert.match(String(waiting?.message), /at bert's side/);
    assert.match(String(waiting?.hint), /--listen/);
    const there = await receiving.event(({ waiting: why }) => (why as { code?: string })?.code === 'nat-changes-ports');
    assert.match(JSON.stringify(there), /the router here/);
  });
});

test('U7 the receiver gets another address in mid-transfer: on within 3 s', { skip }, async () => {
  const network = Network.wire();
  await on(network, network.a, async ({ anna, receiving, folder, file }) => {
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
