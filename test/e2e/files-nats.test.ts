import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingTools, Network } from '../../bench/support/network.js';
import { arrived, onHosts } from '../support/hosts.js';
import type { Said } from '../support/processes.js';

/** A directory and two people, each on a host of its own, and the NATs between them. */

const missing = missingTools('iptables');
const skip = missing.length > 0 && `needs ${missing.join(', ')}`;

interface Waiting {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** That a transfer waits, for this reason. */
const waitingFor =
  (code: string) =>
  ({ waiting }: Said): boolean =>
    (waiting as Waiting | undefined)?.code === code;

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
    const sending = anna.start(['file', 'bert', file('much.bin', 2_000_000)]);
    const { waiting } = await sending.event(waitingFor('relay-quota'));
    assert.match((waiting as Waiting).message, /in a day/);
    assert.match((waiting as Waiting).hint, /tomorrow/);
    await sending.kill();
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
    const sending = anna.start(['file', 'bert', file('no-way.bin', 1_000)]);
    const { waiting } = await sending.event(waitingFor('nat-changes-ports'));
    assert.match((waiting as Waiting).message, /at bert's side/);
    assert.match((waiting as Waiting).hint, /--listen/);
    const there = await receiving.event(waitingFor('nat-changes-ports'));
    assert.match(JSON.stringify(there), /the router here/);
    await sending.kill();
  };
  await onHosts(network, network.middle, play, '--relay', 'off');
});
