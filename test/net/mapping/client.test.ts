import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomBelow } from '../../../src/base/random.js';
import { MappingClient } from '../../../src/net/mapping/client.js';
import type { WantedPort } from '../../../src/net/mapping/entry.js';
import { seededRandom } from '../../support/random.js';
import { drive, type Manners, SimulatedRouter } from '../../support/simulated-router.js';

/** A client and routers of all kinds in simulated time, from a seed. */

const SEED = Number(process.env.MAPPING_SEED ?? Date.now() % 1_000_000);
const PORTS: readonly WantedPort[] = [
  { protocol: 'tcp', port: 4_000 },
  { protocol: 'udp', port: 4_000 },
];
const BOTH = ['tcp 4000', 'udp 4000'];
const HOUR = 3_600_000;

function scene(manners: Manners, seed = SEED) {
  const random = seededRandom(seed);
  const router = new SimulatedRouter(manners, random, 0);
  const client = new MappingClient({ random, client: '192.168.1.20' });
  let now = randomBelow(random, 1_000_000);
  router.restart(now - 500_000);
  return {
    ...{ client, router },
    /** Runs for so long. */
    for: (ms: number): number => {
      now = drive(client, router, random, now, now + ms);
      return now;
    },
    now: () => now,
  };
}

const outside = (client: MappingClient): string[] =>
  client.state.mapped.map(({ protocol, port, external }) => `${protocol} ${port} ${external.host}`).sort();

for (const [name, manners, speaks] of [
  ['PCP', { pcp: 'yes', natPmp: true }, 'pcp'],
  ['NAT-PMP, where the router says that it knows no other', { pcp: 'unknown version', natPmp: true }, 'nat-pmp'],
  ['NAT-PMP, where the router is silent to PCP', { pcp: 'silent', natPmp: true }, 'nat-pmp'],
] as const) {
  test(`ports are mapped by ${name}, stay so for days, and are taken down at the end`, (t) => {
    t.diagnostic(`MAPPING_SEED=${SEED}`);
    const { client, router, ...time } = scene(manners);
    client.want(PORTS, time.now());
    time.for(5_000);
    assert.equal(client.state.speaks, speaks);
    for (let hour = 0; hour < 48; hour++) {
      assert.deepEqual(router.at(time.for(HOUR)), BOTH);
      assert.deepEqual(
        outside(client),
        BOTH.map((port) => `${port} 11.22.1.2`),
      );
    }
    // Not much more is asked than twice in each life of a mapping.
    assert.ok(router.heard < 48 * 2 * 2 * 2 + 20, `${router.heard} requests`);
    client.end(time.now());
    time.for(2_000);
    assert.deepEqual([router.at(time.now()), client.idle], [[], true]);
  });
}

test('with loss both ways what is wanted is mapped all the same, and nothing is left behind', (t) => {
  t.diagnostic(`MAPPING_SEED=${SEED}`);
  for (let seed = SEED; seed < SEED + 60; seed++) {
    const pcp = (['yes', 'unknown version', 'silent'] as const)[seed % 3]!;
    const { client, router, ...time } = scene({ pcp, natPmp: true, loss: 0.3 }, seed);
    client.want(PORTS, time.now());
    time.for(HOUR);
    for (let hour = 0; hour < 5; hour++) assert.deepEqual(router.at(time.for(HOUR)), BOTH, `seed ${seed}`);
    client.want(PORTS.slice(0, 1), time.now());
    time.for(5_000);
    assert.deepEqual(outside(client).length, 1, `seed ${seed}`);
    client.end(time.now());
    time.for(60_000);
    assert.equal(client.next(), undefined, `seed ${seed}`);
  }
});

test('a router that lost its state has all of it again at the next answer that shows it', () => {
  const { client, router, ...time } = scene({ pcp: 'yes', natPmp: true });
  client.want(PORTS, time.now());
  time.for(5_000);
  router.restart(time.now());
  assert.deepEqual(router.at(time.now()), []);
  // The first of the two is asked for anew within five eighths of its life; its answer brings the other one at once.
  client.want([...PORTS, { protocol: 'udp', port: 5_000 }], time.now());
  assert.deepEqual(router.at(time.for(100)), [...BOTH, 'udp 5000']);
});

test('a mapping that its router does not confirm ends when its life does, and comes back with the router', () => {
  const { client, router, ...time } = scene({ pcp: 'yes', natPmp: true });
  client.want(PORTS, time.now());
  time.for(5_000);
  router.manners = { pcp: 'silent', natPmp: false };
  time.for(HOUR / 2);
  assert.equal(client.state.mapped.length, 2);
  time.for(HOUR);
  assert.deepEqual([client.state.mapped, client.state.trouble], [[], 'silent']);
  router.manners = { pcp: 'yes', natPmp: true };
  time.for(HOUR / 2);
  assert.equal(client.state.mapped.length, 2);
});

test('why nothing is mapped is told: refused, full, nobody there, what nobody can read', () => {
  const cases: readonly [Manners, string][] = [
    [{ pcp: 'yes', natPmp: true, result: 2 }, 'refused'],
    [{ pcp: 'yes', natPmp: true, result: 10 }, 'full'],
    [{ pcp: 'yes', natPmp: true, result: 7 }, 'failed'],
    [{ pcp: 'yes', natPmp: true, result: 200 }, 'refused'],
    [{ pcp: 'unknown version', natPmp: true, result: 4 }, 'full'],
    [{ pcp: 'silent', natPmp: false }, 'silent'],
    [{ pcp: 'yes', natPmp: true, nonsense: true }, 'nonsense'],
  ];
  for (const [manners, trouble] of cases) {
    const { client, router, ...time } = scene(manners);
    client.want(PORTS, time.now());
    time.for(10 * 60_000);
    assert.deepEqual([client.state.trouble, client.state.mapped], [trouble, []]);
    assert.ok(router.heard < 100, `${trouble}: ${router.heard} requests in ten minutes`);
  }
});

test('where nothing listens at the router it is left alone for a while', () => {
  const { client, router, ...time } = scene({ pcp: 'silent', natPmp: false });
  client.want(PORTS, time.now());
  client.tick(time.now());
  client.take();
  client.closed(time.now());
  const before = router.heard;
  time.for(10 * 60_000);
  assert.deepEqual([client.state.trouble, router.heard], ['closed', before]);
});

test('answers with another nonce, about another port, or after the end change nothing', () => {
  const { client, router, ...time } = scene({ pcp: 'yes', natPmp: true });
  client.want(PORTS, time.now());
  client.tick(time.now());
  const [asked] = client.take();
  const forged = router.answer(asked!, time.now())!;
  forged[24]! ^= 1;
  client.receive(forged, time.now());
  assert.deepEqual(client.state.mapped, []);
  forged[24]! ^= 1;
  client.receive(forged, time.now());
  assert.equal(client.state.mapped.length, 1);
  client.end(time.now());
  time.for(2_000);
  client.receive(forged, time.now());
  assert.deepEqual([client.state.mapped, client.next()], [[], undefined]);
});

test('whether a router is there is asked without mapping anything', () => {
  for (const pcp of ['yes', 'unknown version', 'silent'] as const) {
    const { client, router, ...time } = scene({ pcp, natPmp: true });
    client.probe(time.now());
    time.for(5_000);
    assert.equal(client.state.speaks, pcp === 'yes' ? 'pcp' : 'nat-pmp');
    assert.equal(router.mapped.size, 0);
  }
});
