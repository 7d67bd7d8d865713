import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Host, missingTools, Network } from '../../bench/support/network.js';
import { onHosts } from '../support/hosts.js';
import type { Ended, Said } from '../support/processes.js';
import { isMessage, Stage } from '../support/stage.js';

/** What the program says of the way to others, with hosts in namespaces. */

const missing = missingTools('ethtool', 'iptables', 'tc');
const skip = missing.length > 0 && `needs ${missing.join(', ')}`;

const check = ({ events }: Ended, name: string): string =>
  String(events.find((said) => said.event === 'check' && said.name === name)?.says);

test('doctor behind a router says that the address seen is the router’s, and on a wire that it is its own', {
  skip,
}, async () => {
  const routers = Network.nats({ a: false, b: false });
  await onHosts(routers, routers.middle, async ({ anna }) => {
    const says = check(await anna.run(['doctor']), 'reached from outside');
    assert.match(says, /sees 198\.51\.100\.1, a router's address: it keeps ports/);
  });
  const random = Network.nats({ a: true, b: false });
  await onHosts(random, random.middle, async ({ anna }) => {
    const says = check(await anna.run(['doctor']), 'reached from outside');
    assert.match(says, /it chooses ports of its own \(UDP comes from \d+\)/);
  });
  const wire = Network.wire();
  await onHosts(wire, wire.a, async ({ bert }) => {
    const says = check(await bert.through(['doctor']), 'reached from outside');
    assert.match(says, /sees 10\.77\.0\.2, an address of this machine/);
  });
});

test('whoever gets another address is linked again from there, and the directory tells the others where', {
  skip,
}, async () => {
  const network = Network.home();
  await onHosts(network, network.third, async ({ anna, receiving }) => {
    const atAnna = await anna.listen();
    assert.equal((await anna.through(['send', 'bert', 'before'])).status, 0);
    await receiving.event(isMessage('before'));
    const linked = ({ event, state, user }: Said): boolean => event === 'link' && state === 'up' && user === 'anna';
    await receiving.event(linked);
    network.run(network.b, 'ip', 'addr', 'del', '10.77.0.2/24', 'dev', 'w');
    network.run(network.b, 'ip', 'addr', 'add', '10.77.0.9/24', 'dev', 'w');
    // Nobody there has anything to say: the link comes back all the same.
    const lost = ({ event, state, user }: Said): boolean => event === 'link' && state === 'down' && user === 'anna';
    await receiving.event(lost);
    const { events } = receiving;
    await receiving.several(events.slice(0, events.findIndex(lost)).filter(linked).length + 1, linked);
    assert.equal((await anna.through(['send', 'bert', 'after'])).status, 0);
    assert.equal((await receiving.event(isMessage('after'))).via, 'lan');
    const [report] = (await anna.through(['path', 'bert'])).events;
    assert.match(String(report?.address), /10\.77\.0\.9/);
    await atAnna.kill();
  });
});

/** Names as one host's programs see them, which `ip netns exec` puts in the place of the machine's own. */
function names({ name }: Host, text: string): () => void {
  const folder = join('/etc/netns', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'hosts'), text);
  return () => rmSync(folder, { recursive: true, force: true });
}

test('a directory that moved to another address is found by its name, whichever of two addresses it has', {
  skip,
}, async () => {
  const network = Network.home();
  const forget = names(network.b, '10.77.0.3 chat.test\n');
  const stage = new Stage();
  stage.host = '0.0.0.0';
  stage.within = network.within(network.third);
  try {
    await stage.open();
    const bert = stage.newcomer('bert');
    bert.within = network.within(network.b);
    stage.link = stage.link.replace(/\/\/[^:]+:/, '//chat.test:');
    assert.equal((await stage.register(bert)).status, 0);
    const listening = await bert.listen();
    const state = (wanted: string) => (said: Said) => said.event === 'directory' && said.state === wanted;
    // Nobody is at the first of the two.
    writeFileSync(join('/etc/netns', network.b.name, 'hosts'), '10.77.0.99 chat.test\n10.77.0.33 chat.test\n');
    network.run(network.third, 'ip', 'addr', 'del', '10.77.0.3/24', 'dev', 'w');
    network.run(network.third, 'ip', 'addr', 'add', '10.77.0.33/24', 'dev', 'w');
    await listening.event(state('offline'));
    await listening.event(state('online'));
    assert.equal((await bert.through(['users'])).status, 0);
  } finally {
    await stage.close();
    network.close();
    forget();
  }
});
