import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingTools, Network } from '../../bench/support/network.js';
import { onHosts } from '../support/hosts.js';
import type { Ended, Said } from '../support/processes.js';
import { isMessage } from '../support/stage.js';

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
