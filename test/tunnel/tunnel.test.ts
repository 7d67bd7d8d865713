import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat } from '../../src/base/bytes.js';
import { randomBelow } from '../../src/base/random.js';
import { seededRandom } from '../support/random.js';
import { CLEAR, TunnelWorld } from './world.js';

/** The protocol of tunnels, without a socket and in simulated time. */

test('bytes go by the relay at once, and by a direct path once it has carried a whole datagram', () => {
  const world = new TunnelWorld(seededRandom('begin'));
  const [a, b] = world.ends;
  world.direct('direct', { most: 600 });
  world.relay();
  a.tunnel.write(new Uint8Array(5_000), world.now);
  assert.ok(
    world.run(100, () => b.bytes === 5_000),
    'by the relay',
  );
  assert.equal(a.tunnel.path?.key, 'relay 1');
  world.run(20_000);
  assert.equal(a.tunnel.path?.key, 'relay 1', 'a path that carries small datagrams only is none');
  world.of('direct').most = 1_500;
  assert.ok(world.run(11_000, () => [a, b].every(({ tunnel }) => tunnel.path?.key === 'direct')));
});

test('a path that dies delays what is said by less than two seconds, and a better one is taken again', () => {
  for (const rtt of [2, 100, 300]) {
    const world = new TunnelWorld(seededRandom(`death ${rtt}`));
    const [a, b] = world.ends;
    world.relay();
    world.direct('direct', { delay: rtt / 2 });
    world.of('relay 1').delay = rtt / 2;
    world.run(3_000);
    assert.equal(a.tunnel.path?.key, 'direct');
    world.of('direct').up = false;
    world.run(10_000);
    const said = world.now;
    a.tunnel.write(new Uint8Array(40_000), world.now);
    assert.ok(
      world.run(2_000, () => b.bytes === 40_000),
      `round trip ${rtt}: not within two seconds`,
    );
    assert.ok(world.run(2_000, () => a.tunnel.path?.key === 'relay 1'));
    b.tunnel.write(new Uint8Array(40_000), world.now);
    assert.ok(
      world.run(2_000, () => a.bytes === 40_000),
      `round trip ${rtt}: nor back`,
    );
    world.of('direct').up = true;
    assert.ok(
      world.run(15_000, () => a.tunnel.path?.key === 'direct'),
      `since ${said}`,
    );
    assert.deepEqual([a.closedAt, b.closedAt], [undefined, undefined]);
  }
});

test('where no path is left, whoever asks finds out within two seconds; who is never answered, within eight', () => {
  const world = new TunnelWorld(seededRandom('silence'));
  const [a, b] = world.ends;
  world.relay();
  world.direct('direct');
  world.run(60_000);
  assert.deepEqual([a.closedAt, b.closedAt], [undefined, undefined]);
  for (const weather of world.weather.values()) weather.up = false;
  a.tunnel.write(new Uint8Array(10), world.now);
  const asked = world.now;
  assert.ok(
    world.run(2_000, () => a.closedAt !== undefined),
    `asked at ${asked}`,
  );
  const alone = new TunnelWorld(seededRandom('alone'));
  assert.ok(alone.run(8_000, () => alone.ends.every(({ closedAt }) => closedAt !== undefined)));
});

test('the end of what is written comes behind it, and a closed tunnel is closed at both ends', () => {
  const world = new TunnelWorld(seededRandom('end'));
  const [a, b] = world.ends;
  world.relay();
  world.of('relay 1').loss = 300;
  a.tunnel.write(new Uint8Array(100_000), world.now);
  a.tunnel.end(world.now);
  assert.ok(world.run(60_000, () => b.ended));
  assert.equal(b.bytes, 100_000);
  world.of('relay 1').loss = 0;
  b.tunnel.close();
  assert.ok(world.run(100, () => a.closedAt !== undefined));
});

/** Paths die and come back, and a hostile relay does what it likes: one path at least is whole at any time. */
function live(seed: string): void {
  const world = new TunnelWorld(seededRandom(seed));
  const below = (limit: number): number => randomBelow(world.random, limit);
  const [a, b] = world.ends;
  world.direct('direct 1', { delay: 1 + below(80) });
  world.relay();
  world.direct('direct 2', { delay: 1 + below(80), most: below(2) === 0 ? 700 : 1_500 });
  const said: [Uint8Array[], Uint8Array[]] = [[], []];
  const keys = [...world.weather.keys()];
  for (let step = 0; step < 60; step++) {
    const whole = ['direct 1', 'relay 1'][below(2)]!;
    for (const key of keys) {
      Object.assign(world.of(key), CLEAR, { delay: 1 + below(80), jitter: below(100), most: world.of(key).most });
      if (key === whole) continue;
      const relay = key.startsWith('relay');
      Object.assign(world.of(key), {
        ...{ up: below(3) > 0, loss: below(300), replay: relay ? below(500) : 0, corrupt: relay ? below(500) : 0 },
      });
    }
    for (const [at, end] of world.ends.entries()) {
      for (let more = below(4); more > 0; more--) {
        const bytes = world.random.bytes(1 + below(20_000));
        said[at]!.push(bytes);
        end.tunnel.write(bytes, world.now);
      }
    }
    world.run(below(3_000));
  }
  const [fromA, fromB] = said.map((parts) => concat(...parts));
  const all = (): boolean => b.bytes === fromA!.length && a.bytes === fromB!.length;
  world.run(60_000, all);
  const why = `seed ${seed}: ${b.bytes} of ${fromA!.length}, ${a.bytes} of ${fromB!.length}`;
  assert.deepEqual([a.closedAt, b.closedAt], [undefined, undefined], why);
  assert.ok(all(), why);
  assert.deepEqual([b.text, a.text], [fromA, fromB], seed);
}

test('whatever becomes of the paths, all bytes come once and in order, as long as one path carries', () => {
  const seeds = Number(process.env.TUNNEL_SEEDS ?? 4);
  const from = process.env.TUNNEL_SEED;
  for (let seed = 0; seed < (from === undefined ? seeds : 1); seed++) live(from ?? `live ${seed}`);
});
