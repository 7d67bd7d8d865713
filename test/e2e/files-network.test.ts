import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingTools, Network } from '../../bench/support/network.js';
import { arrived, onHosts, transfer } from '../support/hosts.js';
import { shareLink } from '../support/shared-link.js';
import { errorCode } from '../support/stage.js';

/** A directory and two people, each on a host of its own, and what networks do to them. */

const missing = missingTools('ethtool', 'iptables', 'tc');
const skip = missing.length > 0 && `needs ${missing.join(', ')}`;

test('through two NATs that keep ports a hole is punched, with what the directory saw', { skip }, async () => {
  const network = Network.nats({ a: false, b: false });
  await onHosts(network, network.middle, async ({ anna, folder, file }) => {
    const path = file('punched.bin', 2_000_000);
    const ended = await anna.run([
      'file',
      'bert',
      path,
      '--timeout',
      '60',
      '--rate',
      '300kB/s',
      '--listen',
      '0.0.0.0:0',
    ]);
    arrived(ended, path, folder);
    assert.equal(ended.events.at(-1)?.path, 'direct');
  });
});

test('behind two NATs that choose random ports a file arrives each way, by the relay', { skip }, async () => {
  const network = Network.nats({ a: true, b: true });
  await onHosts(network, network.middle, async ({ anna, bert, receiving, folder, file }) => {
    const there = file('there.bin', 8 << 20);
    const ended = await anna.run(['file', 'bert', there, '--timeout', '60']);
    arrived(ended, there, folder);
    assert.equal(ended.events.at(-1)?.path, 'relay');
    await receiving.kill();
    await anna.listen('--accept', 'all', '--to', folder);
    const back = file('back.bin', 8 << 20);
    const returned = await bert.run(['file', 'anna', back, '--timeout', '60']);
    arrived(returned, back, folder);
    assert.equal(returned.events.at(-1)?.path, 'relay');
  });
});

test('by a relay that is a process of its own a file arrives, once the directory was told of it', {
  skip,
}, async () => {
  const network = Network.nats({ a: true, b: true });
  const play: Parameters<typeof onHosts>[2] = async ({ stage, anna, folder, file }) => {
    const { workshop, host, link, data } = stage;
    const place = { home: workshop.folder, within: stage.within };
    const words = ['relay', 'start', '--listen', `${host}:0`, '--directory', link, '--json'];
    const relay = workshop.start(words, place);
    const { relay: line } = await relay.event(({ event }) => event === 'ready');
    const add = await workshop.run(['directory', 'relay', 'add', String(line), '--data', data, '--json'], place);
    assert.equal(add.status, 0, add.stderr);
    const path = file('by-another.bin', 2_000_000);
    const ended = await anna.run(['file', 'bert', path, '--timeout', '60']);
    arrived(ended, path, folder);
    assert.equal(ended.events.at(-1)?.path, 'relay');
    assert.equal((await relay.kill()).status, 0);
  };
  await onHosts(network, network.middle, play, '--relay', 'off');
});

test('a relay that has sent on its bytes of the day is told as what it is, and a direct path is taken in its place', {
  skip,
}, async () => {
  const quota = ['--relay-quota', '200kB'];
  const behind = Network.nats({ a: true, b: true });
  const stuck: Parameters<typeof onHosts>[2] = async ({ anna, file }) => {
    const ended = await anna.run(['file', 'bert', file('much.bin', 2_000_000), '--timeout', '40']);
    assert.deepEqual([ended.status, errorCode(ended)], [9, 'transfer-timeout']);
    const waiting = ended.events.findLast(transfer('accepted'))?.waiting as Record<string, string> | undefined;
    assert.equal(waiting?.code, 'relay-quota', JSON.stringify(ended.events.at(-2)));
    assert.match(String(waiting?.message), /in a day/);
    assert.match(String(waiting?.hint), /tomorrow/);
  };
  await onHosts(behind, behind.middle, stuck, ...quota);
  const wire = Network.wire();
  const play: Parameters<typeof onHosts>[2] = async ({ anna, folder, file }) => {
    const path = file('direct.bin', 2_000_000);
    const ended = await anna.run(['file', 'bert', path, '--timeout', '40', '--listen', '0.0.0.0:0']);
    arrived(ended, path, folder);
    assert.equal(ended.events.at(-1)?.path, 'lan');
  };
  await onHosts(wire, wire.a, play, ...quota);
});

test('where a NAT changes ports and there is no relay, it is said so, and what to do', { skip }, async () => {
  const network = Network.nats({ a: false, b: true });
  const play: Parameters<typeof onHosts>[2] = async ({ anna, receiving, file }) => {
    const ended = await anna.run(['file', 'bert', file('no-way.bin', 1_000), '--timeout', '30']);
    assert.deepEqual([ended.status, errorCode(ended)], [9, 'transfer-timeout']);
    const waiting = ended.events.findLast(transfer('accepted'))?.waiting as Record<string, string> | undefined;
    assert.equal(waiting?.code, 'nat-changes-ports');
    assert.match(String(waiting?.message), /at bert's side/);
    assert.match(String(waiting?.hint), /--listen/);
    const there = await receiving.event(({ waiting: why }) => (why as { code?: string })?.code === 'nat-changes-ports');
    assert.match(JSON.stringify(there), /the router here/);
  };
  await onHosts(network, network.middle, play, '--relay', 'off');
});

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
