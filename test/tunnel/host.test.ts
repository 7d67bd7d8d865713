import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Failure } from '../../src/base/errors.js';
import type { Runner } from '../../src/transfer/driver/host.js';
import { TunnelHost } from '../../src/tunnel/tunnel-host.js';
import { tunnelHeader } from '../../src/wire/datagrams/tunnel.js';
import { seededRandom } from '../support/random.js';
import { SimulatedEndpoint } from '../town/datagrams.js';
import { Machine } from '../town/machine.js';
import { VirtualTime } from '../town/time.js';

test('a fault in one tunnel ends that one, and the others go on', () => {
  const machine = new Machine('192.0.2.1', new VirtualTime(), 'fault');
  const endpoint = new SimulatedEndpoint(machine, { host: '192.0.2.1', port: 4_000 }, () => {});
  const host = new TunnelHost({ clock: machine, random: seededRandom('fault'), endpoints: [endpoint] });
  const heard: string[] = [];
  const runner = (name: string, work: () => void): Runner => ({
    receive: () => {
      heard.push(name);
      work();
    },
    work: () => false,
    nextTimeout: () => Number.POSITIVE_INFINITY,
    crash: (failure: Failure) => heard.push(`${name} ${failure.code}`),
    close: async () => {},
  });
  const ids = [1, 2].map((low) => ({ high: 0, low: low << 12 }));
  const broken = runner('broken', () => {
    throw new TypeError('a fault');
  });
  for (const [at, one] of [broken, runner('whole', () => {})].entries()) {
    host.register(ids[at]!, one);
    host.add(one);
  }
  for (const id of [...ids, ...ids]) {
    const head = tunnelHeader(id, 0, 0);
    const datagram = new Uint8Array(head.length + 16);
    datagram.set(head);
    endpoint.arrive('198.51.100.1 4000', datagram);
  }
  assert.deepEqual(heard, ['broken', 'broken internal', 'whole', 'whole']);
});
