import { type Random, randomBelow } from '../../src/base/random.js';
import type { Tamper } from '../support/relay.js';
import type { Attack } from './attack.js';
import { oneIn } from './chance.js';
import type { Scene } from './scene.js';

/** What the network between people and their directory can do to what passes. */

const tampering = (name: string, ids: readonly string[], what: string, tamper: (random: Random) => Tamper): Attack => ({
  ...{ name, ids, what },
  async run(scene: Scene, random) {
    scene.network.tamper(tamper(random));
    scene.bustle(random);
    await scene.settle();
    scene.network.cut();
    scene.network.tamper(tamper(random));
    await scene.settle();
    scene.network.cut();
    await scene.recover();
  },
});

export const FROM_THE_NETWORK: readonly Attack[] = [
  tampering('net-flips', ['P1'], 'bits turned over in what passes', (random) => (chunk) => {
    const other = Buffer.from(chunk);
    if (oneIn(random, 3)) other[randomBelow(random, other.length)]! ^= 1 << randomBelow(random, 8);
    return [other];
  }),
  tampering('net-cuts', ['P7'], 'connections cut inside a frame', (random) => (chunk, end) => {
    if (!oneIn(random, 4)) return [chunk];
    setImmediate(end);
    return [chunk.subarray(0, randomBelow(random, chunk.length))];
  }),
  tampering(
    'net-drops',
    ['P7'],
    'chunks lost without a word',
    (random) => (chunk) => (oneIn(random, 4) ? [] : [chunk]),
  ),
  tampering(
    'net-repeats',
    ['P1', 'M6'],
    'chunks repeated',
    (random) => (chunk) => (oneIn(random, 3) ? [chunk, chunk] : [chunk]),
  ),
  tampering(
    'net-injects',
    ['P1', 'P5'],
    'bytes put in between',
    (random) => (chunk) => (oneIn(random, 3) ? [random.bytes(1 + randomBelow(random, 100)), chunk] : [chunk]),
  ),
  tampering('net-crumbs', ['P5'], 'everything in crumbs', (random) => (chunk) => {
    const crumbs: Uint8Array[] = [];
    for (let at = 0; at < chunk.length; ) {
      const length = 1 + randomBelow(random, 7);
      crumbs.push(chunk.subarray(at, at + length));
      at += length;
    }
    return crumbs;
  }),
];
