import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingTools, Network } from '../../bench/support/network.js';
import { onHosts } from '../support/hosts.js';
import type { Ended } from '../support/processes.js';

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
    assert.match(says, /sees 198\.51\.100\.1, a router's address/);
  });
  const wire = Network.wire();
  await onHosts(wire, wire.a, async ({ bert }) => {
    const says = check(await bert.through(['doctor']), 'reached from outside');
    assert.match(says, /sees 10\.77\.0\.2, an address of this machine/);
  });
});
